"""Serves MiniStack by uvicorn, whose HTTP/1.1 is parsed in C: with MiniStack's own hypercorn, HTTP took two
fifths of a request. HTTP/2, which the clients of Kinesis speak, is left to hypercorn.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import sys
from collections.abc import Awaitable, Callable

import uvicorn
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config as HypercornConfig
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server import http2

HTTP2_PREFACE = b"PRI * HTTP/2.0"  # RFC 9113, section 3.4
KEEP_ALIVE_SECONDS = 75
LAST_REQUESTS_SECONDS = 3


class Http1(HttpToolsProtocol):
    """An HTTP/1.1 connection; it becomes one of HTTP/2 where the client starts that way."""

    def data_received(self, data: bytes) -> None:
        before_any_request = self.scope is None
        if before_any_request and data.startswith(HTTP2_PREFACE):
            self.connections.discard(self)
            successor = Http2(self)
            self.transport.set_protocol(successor)
            successor.connection_made(self.transport)
            successor.data_received(data)
        else:
            super().data_received(data)


class Http2(asyncio.StreamReaderProtocol):
    """An HTTP/2 connection, in hypercorn's hands; uvicorn ends it with its own."""

    context = WorkerContext(None)
    settings = HypercornConfig()

    def __init__(self, opened: HttpToolsProtocol) -> None:
        super().__init__(asyncio.StreamReader(loop=opened.loop), self.serve, opened.loop)
        self.application = ASGIWrapper(opened.app)
        self.connections: set[object] = opened.connections  # type: ignore[assignment]
        self.connections.add(self)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await TCPServer(
            self.application, asyncio.get_running_loop(), self.settings, self.context, {}, reader, writer
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self.connections.discard(self)
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Called by uvicorn when the server ends."""
        self._stream_writer.close()  # type: ignore[attr-defined]


def serve(app: Callable[..., Awaitable[None]], host: str, port: int) -> None:
    """Serves ``app`` until SIGTERM or SIGINT."""
    http2.install()
    allow_many_connections()
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Http1,
        ws="none",
        loop="uvloop",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # a client's X-Forwarded-For is no address of its own
        # MiniStack writes these two itself, as AWS does.
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=LAST_REQUESTS_SECONDS,
    )
    # uvicorn raises the signal again when all is done: without a handler the process would end there.
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: sys.exit(0))
    uvicorn.Server(config).run()


def allow_many_connections() -> None:
    """As many open files as the system lets this process have: systems start with few, 256 on macOS."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

"""HTTP/1.1 connections: requests in, responses out in the order of the requests.

uvicorn has the sockets, the signals and the graceful end; httptools (llhttp, as in Node.js) takes requests
apart. What lies between is here in the place of uvicorn's own protocol, because ASGI's task, event and four
messages a request, and a system call for the head of the response and another for its body, cost as much
processor time as a prediction.
"""

import asyncio
import functools
import http
from collections import deque
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import httptools
import msgspec
import uvicorn
from uvicorn.server import ServerState

MOST_HEAD_BYTES = 64 * 1024
# Longer than clients keep idle connections, so that it is not the server that closes one as a request comes.
IDLE_SECONDS = 75

Headers = tuple[tuple[str, str], ...]


class Request(msgspec.Struct):
    """A whole request; names of headers are in lower case."""

    method: str
    path: str
    headers: dict[bytes, bytes]
    body: bytes


class Response(msgspec.Struct):
    """A response; length and persistence are told when it is sent."""

    body: bytes
    kind: str
    status: int = 200
    headers: Headers = ()


class Service(Protocol):
    """What answers."""

    @property
    def most_bytes(self) -> int:
        """The longest body that is taken."""

    def answer(self, request: Request, /) -> Response | asyncio.Future[Response]:
        """The response to `request`, now or later; does not fail."""

    def refuse(self, status: int, message: str, /) -> Response:
        """The response to what is no request, or none that is read to its end."""


class Connection(asyncio.Protocol):
    """One client; uvicorn makes it, with the `Service` as `config.app`."""

    def __init__(self, config: uvicorn.Config, server_state: ServerState, **_others: Any) -> None:
        self._service: Service = config.app  # type: ignore[assignment]
        self._connections: set[Any] = server_state.connections
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport = None  # type: ignore[assignment]
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        self._timer = self._loop.call_later(IDLE_SECONDS, self._check_idle)
        # Requests that wait for the answer to an earlier one; a response that is known already.
        self._waiting: deque[Request | Response] = deque()
        self._answering: Request | None = None
        self._is_full = False
        self._ending = self._receiving = False
        self._start_request()

    def _start_request(self) -> None:
        self._in_head = True
        self._refused = False
        self._head_bytes = self._body_bytes = 0
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._pieces: list[bytes] = []

    # Of asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._transport = transport  # type: ignore[assignment]
        self._connections.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        """It has gone."""
        self._connections.discard(self)
        self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request, or of several."""
        self._heard = self._loop.time()
        rest, before = data, self._headers
        while rest and (self._receiving or not self._ending):
            try:
                self._parser.feed_data(rest)
                rest = b""
            except httptools.HttpParserUpgrade as upgrade:
                rest = self._without_upgrade() + rest[upgrade.args[0] :]
            except httptools.HttpParserError as error:
                self._refuse(400, f"this is no HTTP request: {error}")
        # What comes with the end of an earlier request is not counted.
        if self._receiving and self._in_head and self._headers is before:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(431, f"the request's head is longer than {MOST_HEAD_BYTES} bytes")

    def _without_upgrade(self) -> bytes:
        """The head of a request that asks for another protocol, as if it did not: that is not granted."""
        method = self._parser.get_method()
        if method == b"CONNECT":
            self._refuse(405, "CONNECT is not supported")
            return b""
        self._parser = httptools.HttpRequestParser(self)
        headers = [b"%b: %b\r\n" % header for header in self._headers.items() if header[0] != b"upgrade"]
        return b"%b %b HTTP/1.1\r\n%b\r\n" % (method, self._url, b"".join(headers))

    def eof_received(self) -> bool:
        """The client sends no more; it may still read."""
        self._ending, self._receiving = True, False
        return bool(self._answering or self._waiting)

    def pause_writing(self) -> None:
        """The client is slower to read than to ask: let it wait."""
        self._is_full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._is_full = False
        self._go_on()

    def shutdown(self) -> None:
        """Close the connection when what has begun is answered (called by uvicorn)."""
        self._ending = True
        if not (self._receiving or self._waiting or self._answering):
            self._transport.close()

    def _check_idle(self) -> None:
        left = self._heard + IDLE_SECONDS - self._loop.time()
        if left <= 0 and self._answering is None:
            self._transport.abort()
        else:
            self._timer = self._loop.call_later(max(left, 1), self._check_idle)

    # Of the parser

    def on_message_begin(self) -> None:
        """A request begins."""
        self._receiving = True
        self._start_request()

    def on_url(self, piece: bytes) -> None:
        """A piece of what is asked for."""
        self._url += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; of several of one name the last counts, of those after the body none."""
        if self._in_head:
            self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """The body comes next, if it may."""
        if self._parser.should_upgrade():
            return
        self._in_head = False
        headers = self._headers
        expects = headers.get(b"expect", b"").lower() == b"100-continue"
        if int(headers.get(b"content-length", b"0")) > self._service.most_bytes:
            if expects:
                # It may send the body all the same, or not: there is no telling what comes next.
                self._ending, self._receiving = True, False
            self._refuse_body()
        elif expects and not (self._waiting or self._answering):
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, piece: bytes) -> None:
        """A piece of the body; of one that is too long the rest is thrown away."""
        self._body_bytes += len(piece)
        if self._body_bytes > self._service.most_bytes:
            self._refuse_body()
        else:
            self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """A request ends."""
        if self._parser.should_upgrade():
            return
        self._receiving = False
        if not self._parser.should_keep_alive():
            self._ending = True
        if not self._refused:
            method = self._parser.get_method().decode("ascii")
            body = b"".join(self._pieces)
            self._take(Request(method, _path(self._url), self._headers, body))
        elif self._ending and not self._waiting and self._answering is None:
            self._transport.close()

    # Answers

    def _refuse_body(self) -> None:
        if not self._refused:
            self._refused = True
            self._pieces.clear()
            most = f"{self._service.most_bytes / 2**20:g} MiB"
            self._take(
                self._service.refuse(413, f"the body is larger than {most}: send fewer records at a time")
            )

    def _refuse(self, status: int, message: str) -> None:
        """Refuse what cannot be read; whatever follows it cannot be read either."""
        if not self._ending or self._receiving:
            self._ending, self._receiving = True, False
            self._take(self._service.refuse(status, message))

    def _take(self, item: Request | Response) -> None:
        self._waiting.append(item)
        self._answer_waiting()

    def _answer_waiting(self) -> None:
        while self._waiting and not (self._answering or self._is_full or self._transport.is_closing()):
            item = self._waiting.popleft()
            if isinstance(item, Response):
                self._send(item)
                continue
            answer = self._service.answer(item)
            if isinstance(answer, Response):
                self._send(answer, item.method)
                continue
            self._answering = item
            self._transport.pause_reading()
            answer.add_done_callback(self._answer_done)

    def _answer_done(self, answer: asyncio.Future[Response]) -> None:
        request, self._answering = self._answering, None
        if request is not None and not self._transport.is_closing():
            self._send(answer.result(), request.method)
            self._go_on()

    def _go_on(self) -> None:
        self._answer_waiting()
        if not (self._answering or self._is_full or self._transport.is_closing()):
            self._transport.resume_reading()

    def _send(self, response: Response, method: str = "") -> None:
        last = self._ending and not self._receiving and not self._waiting
        head = _head(response.status, response.kind, response.headers, last)
        body = b"" if method == "HEAD" else response.body
        # One piece: one system call, and one packet.
        self._transport.write(b"%b%d\r\n\r\n%b" % (head, len(response.body), body))
        if last:
            self._transport.close()


@functools.lru_cache(maxsize=64)
def _head(status: int, kind: str, headers: Headers, last: bool) -> bytes:
    """The head of a response up to the value of its last header, the length."""
    persistence = "close" if last else "keep-alive"
    lines = [
        f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}",
        f"content-type: {kind}",
        *(f"{name}: {value}" for name, value in headers),
        f"connection: {persistence}",
        "content-length: ",
    ]
    return "\r\n".join(lines).encode("ascii")


@functools.lru_cache(maxsize=64)
def _path(url: bytes) -> str:
    """The path in `url`, which is a path with or without a query, or a whole URL."""
    try:
        return unquote(urlsplit(url.decode("latin-1")).path)
    except ValueError:
        return ""

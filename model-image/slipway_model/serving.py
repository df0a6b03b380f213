"""Serving: SageMaker's HTTP contract, as a bare ASGI application on uvicorn.

GET /ping                   200: the model is loaded (nothing listens before it is)
POST /invocations           predictions; types of request and answer are those of `payloads.KINDS`
GET /execution-parameters   what batch transform may send
"""

import asyncio
import functools
import gc
import os
import signal
import socket
import sys
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import msgspec
import uvicorn

from slipway_model import artifact, machine, payloads
from slipway_model.failure import Failure
from slipway_model.layout import Layout
from slipway_model.payloads import Refusal
from slipway_model.predictor import Predictor

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

METHODS = {"/ping": "GET", "/invocations": "POST", "/execution-parameters": "GET"}
MIB = 1024 * 1024
# A longer body takes milliseconds: it goes to a thread, so that pings and short requests do not wait for it.
INLINE_BYTES = 64 * 1024
# SageMaker sends SIGKILL 30 s after SIGTERM.
GRACE_SECONDS = 25
# Longer than clients keep idle connections, so that it is not the server that closes one as a request comes.
KEEP_ALIVE_SECONDS = 75


@dataclass(frozen=True)
class Settings:
    """What the environment says."""

    host: str
    port: int
    workers: int
    max_payload_mib: int
    release: str

    @classmethod
    def from_environment(cls) -> "Settings":
        """From the variables that README.md lists; Failure names a value that cannot be used."""
        release = os.environ.get("RELEASE_ID", "")
        if not (release.isascii() and release.isprintable() and len(release) <= 256):
            raise Failure(f"RELEASE_ID must be 256 printable ASCII characters at most, not {release[:99]!r}")
        return cls(
            host=os.environ.get("BIND_HOST") or "0.0.0.0",
            port=_whole_number("SAGEMAKER_BIND_TO_PORT", 8080, 0, 65535),
            workers=_whole_number("MODEL_SERVER_WORKERS", machine.cores(), 1, 256),
            max_payload_mib=_whole_number("SAGEMAKER_MAX_PAYLOAD_IN_MB", 6, 1, 100),
            release=release,
        )


def _whole_number(name: str, default: int, low: int, high: int) -> int:
    text = os.environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
        raise Failure(f"{name} must be a whole number from {low} to {high}, not {text!r}")
    return int(text)


def serve(layout: Layout) -> None:
    """Load the model below `layout` and answer requests until SIGTERM; those accepted are answered."""
    for number in machine.STOPS:
        signal.signal(number, _leave)
    settings = Settings.from_environment()
    application = Application(Predictor(artifact.load(layout.model)), settings)
    listener = _listen(settings.host, settings.port)
    host, port = listener.getsockname()[:2]
    print(f"serving on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    # The collector would write to the pages that forked workers share.
    gc.freeze()
    # As long as any process holds the listener, the kernel accepts connections that nobody will answer.
    machine.run_workers(settings.workers, lambda: _run(application, listener), listener.close)


def _leave(_signum: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise Failure(
            f"cannot listen on {host}:{port} ({error.strerror}): set BIND_HOST to an address of this machine "
            "and SAGEMAKER_BIND_TO_PORT to a free port"
        ) from None


def _run(application: "Application", listener: socket.socket) -> None:
    config = uvicorn.Config(
        application,
        http="httptools",
        loop="uvloop",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[listener])


@dataclass(frozen=True)
class Response:
    """An HTTP response; the content length is added when it is sent."""

    body: bytes
    kind: str = payloads.JSON
    status: int = 200
    headers: Headers = field(default_factory=list)


class Application:
    """The ASGI application around one loaded model."""

    def __init__(self, predictor: Predictor, settings: Settings) -> None:
        self._predictor = predictor
        # One thread: several would only take the interpreter from each other.
        self._long = ThreadPoolExecutor(max_workers=1)
        self._limit = settings.max_payload_mib * MIB
        self._limit_text = f"{settings.max_payload_mib} MiB"
        release = f"release={settings.release}".encode()
        self._attributes: Headers = (
            [(b"x-amzn-sagemaker-custom-attributes", release)] if settings.release else []
        )
        self._parameters = msgspec.json.encode(
            {
                "MaxConcurrentTransforms": settings.workers,
                "BatchStrategy": "MULTI_RECORD",
                "MaxPayloadInMB": settings.max_payload_mib,
            }
        )

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request; nothing to a client that has hung up."""
        try:
            response = await self._respond(scope, receive)
        except Refusal as refusal:
            response = Response(refusal.body(), status=refusal.status, headers=self._allow(scope, refusal))
        except Exception:
            traceback.print_exc()
            response = Response(b'{"message":"the model server failed; its log says why"}', status=500)
        if response is None:
            return
        headers = [
            (b"content-type", response.kind.encode()),
            (b"content-length", str(len(response.body)).encode()),
            *response.headers,
        ]
        if scope["path"] == "/invocations":
            headers += self._attributes
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})

    @staticmethod
    def _allow(scope: Message, refusal: Refusal) -> Headers:
        return [(b"allow", METHODS[scope["path"]].encode())] if refusal.status == 405 else []

    async def _respond(self, scope: Message, receive: Receive) -> Response | None:
        path = scope["path"]
        method = METHODS.get(path)
        if method is None:
            raise Refusal(404, f"there is nothing at this path: use one of {', '.join(METHODS)}")
        if method != scope["method"]:
            raise Refusal(405, f"{path} takes {method} only")
        if path == "/ping":
            return Response(b"", kind="text/plain")
        if path == "/execution-parameters":
            return Response(self._parameters)
        return await self._invoke(dict(scope["headers"]), receive)

    async def _invoke(self, headers: dict[bytes, bytes], receive: Receive) -> Response | None:
        kind, csv_header = _content_type(
            headers.get(b"content-type", b""), headers.get(b"content-encoding", b"identity")
        )
        accept = headers.get(b"accept", b"").decode("latin-1")
        answer_kind = payloads.answer_kind(accept)
        if answer_kind is None:
            raise Refusal(406, f"Accept asks for {accept[:100]!r}: answers are {', '.join(payloads.KINDS)}")
        # Lines for lines, as batch transform sends them: one bad line must not cost a whole job.
        partial = _asks_for_partial(headers) or payloads.JSON not in (kind, answer_kind)
        body = await self._body(headers, receive)
        if body is None:
            return None
        if len(body) <= INLINE_BYTES:
            return self._answer(kind, csv_header, body, answer_kind, partial)
        arguments = (kind, csv_header, body, answer_kind, partial)
        return await asyncio.get_running_loop().run_in_executor(self._long, self._answer, *arguments)

    def _answer(
        self, kind: str, csv_header: bool | None, body: bytes, answer_kind: str, partial: bool
    ) -> Response:
        entries = payloads.read(kind, body, csv_header, partial)
        if partial:
            predicted = iter(self._predict([e for e in entries if not isinstance(e, payloads.Bad)]))
            rows = [e if isinstance(e, payloads.Bad) else next(predicted) for e in entries]
        else:
            rows = self._predict(entries)
        return Response(payloads.write(answer_kind, rows), kind=answer_kind)

    def _predict(self, records: list[Any]) -> list[Any]:
        if len(records) == 1:
            return [self._predictor.predict_record(records[0])]
        return self._predictor.predict_records(records).tolist() if records else []

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes | None:
        """The body of the request; None when the client has hung up."""
        announced = headers.get(b"content-length", b"0")
        pieces: list[bytes] = []
        size = int(announced) if announced.isdigit() and len(announced) < 19 else 0
        received = 0
        while size <= self._limit:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            piece = message.get("body", b"")
            pieces.append(piece)
            if not message.get("more_body", False):
                return b"".join(pieces)
            received += len(piece)
            size = max(size, received)
        raise Refusal(413, f"the body is larger than {self._limit_text}: send fewer records at a time")


def _asks_for_partial(headers: dict[bytes, bytes]) -> bool:
    """Whether CustomAttributes hold `partial=true`; the attributes of other programs are let be."""
    attributes = headers.get(b"x-amzn-sagemaker-custom-attributes")
    if attributes is None:
        return False
    text = attributes.decode("latin-1").lower()
    return "partial=true" in (piece.strip() for piece in text.replace(";", ",").split(","))


@functools.lru_cache(maxsize=64)
def _content_type(content_type: bytes, encoding: bytes) -> tuple[str, bool | None]:
    """(type of the body, whether CSV has a header, None when not said); Refusal 415 for other types."""
    text = content_type.decode("latin-1")
    name, *parameters = (piece.strip().lower() for piece in text.split(";"))
    if name not in payloads.KINDS:
        given = f"is {name[:100]!r}" if name else "is missing"
        raise Refusal(415, f"Content-Type {given}: use one of {', '.join(payloads.KINDS)}")
    values = dict(parameter.partition("=")[::2] for parameter in parameters)
    if values.get("charset", "utf-8").strip('"') not in ("utf-8", "utf8", "us-ascii"):
        raise Refusal(415, f"the charset {values['charset'][:100]!r} is not supported: send UTF-8")
    if encoding != b"identity":
        raise Refusal(415, "a Content-Encoding is not supported: send the body as it is")
    return name, {"present": True, "absent": False}.get(values.get("header", ""))

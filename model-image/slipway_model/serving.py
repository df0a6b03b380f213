"""Serving: SageMaker's HTTP contract.

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
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import FrameType
from typing import Any

import msgspec
import uvicorn

from slipway_model import artifact, machine, payloads, workers
from slipway_model.connection import Connection, Request, Response
from slipway_model.failure import Failure
from slipway_model.layout import Layout
from slipway_model.payloads import Refusal
from slipway_model.predictor import Predictor

METHODS = {"/ping": "GET", "/invocations": "POST", "/execution-parameters": "GET"}
MIB = 1024 * 1024
# A longer body takes milliseconds: it goes to a thread, so that pings and short requests do not wait for it.
INLINE_BYTES = 64 * 1024
# SageMaker sends SIGKILL 30 s after SIGTERM.
GRACE_SECONDS = 25
ATTRIBUTES = b"x-amzn-sagemaker-custom-attributes"


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
    workers.serve(_config(application), listener, settings.workers)


def _leave(_signum: int, _frame: FrameType | None) -> None:
    # Until uvicorn listens to signals nothing is to be answered. Not sys.exit: what a signal raises while an
    # object is being destroyed is lost, and the process would live on.
    os._exit(0)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise Failure(
            f"cannot listen on {host}:{port} ({error.strerror}): set BIND_HOST to an address of this machine "
            "and SAGEMAKER_BIND_TO_PORT to a free port"
        ) from None


def _config(application: "Application") -> uvicorn.Config:
    return uvicorn.Config(
        application,  # type: ignore[arg-type]  # no ASGI application: `Connection` calls it
        http=Connection,
        loop="uvloop",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


class Application:
    """What answers, around one loaded model."""

    def __init__(self, predictor: Predictor, settings: Settings) -> None:
        self.most_bytes = settings.max_payload_mib * MIB
        self._predictor = predictor
        # One thread: several would only take the interpreter from each other.
        self._long = ThreadPoolExecutor(max_workers=1)
        release = f"release={settings.release}"
        self._attributes = ((ATTRIBUTES.decode(), release),) if settings.release else ()
        self._parameters = msgspec.json.encode(
            {
                "MaxConcurrentTransforms": settings.workers,
                "BatchStrategy": "MULTI_RECORD",
                "MaxPayloadInMB": settings.max_payload_mib,
            }
        )

    def answer(self, request: Request) -> Response | asyncio.Future[Response]:
        """The response to `request`: at once, or from the thread for what takes long."""
        if len(request.body) <= INLINE_BYTES:
            return self._answer(request)
        return asyncio.get_running_loop().run_in_executor(self._long, self._answer, request)

    def refuse(self, status: int, message: str) -> Response:
        """The response to what is no request, or none that is read to its end."""
        return Response(Refusal(status, message).body(), payloads.JSON, status, self._attributes)

    def _answer(self, request: Request) -> Response:
        try:
            return self._respond(request)
        except Refusal as refusal:
            allow = (("allow", METHODS[request.path]),) if refusal.status == 405 else ()
            return Response(refusal.body(), payloads.JSON, refusal.status, self._attributes + allow)
        except Exception:
            traceback.print_exc()
            return self.refuse(500, "the model server failed; its log says why")

    def _respond(self, request: Request) -> Response:
        path = request.path
        method = METHODS.get(path)
        if method is None:
            raise Refusal(404, f"there is nothing at this path: use one of {', '.join(METHODS)}")
        if method != request.method:
            raise Refusal(405, f"{path} takes {method} only")
        if path == "/ping":
            return Response(b"", "text/plain")
        if path == "/execution-parameters":
            return Response(self._parameters, payloads.JSON)
        return self._invoke(request.headers, request.body)

    def _invoke(self, headers: dict[bytes, bytes], body: bytes) -> Response:
        kind, csv_header = _content_type(
            headers.get(b"content-type", b""), headers.get(b"content-encoding", b"identity")
        )
        accept = headers.get(b"accept", b"").decode("latin-1")
        answer_kind = payloads.answer_kind(accept)
        if answer_kind is None:
            raise Refusal(406, f"Accept asks for {accept[:100]!r}: answers are {', '.join(payloads.KINDS)}")
        # Lines for lines, as batch transform sends them: one bad line must not cost a whole job.
        partial = _asks_for_partial(headers) or payloads.JSON not in (kind, answer_kind)
        entries = payloads.read(kind, body, csv_header, partial)
        if partial:
            predicted = iter(self._predict([e for e in entries if not isinstance(e, payloads.Bad)]))
            rows = [e if isinstance(e, payloads.Bad) else next(predicted) for e in entries]
        else:
            rows = self._predict(entries)
        return Response(payloads.write(answer_kind, rows), answer_kind, 200, self._attributes)

    def _predict(self, records: list[Any]) -> list[Any]:
        if len(records) == 1:
            return [self._predictor.predict_record(records[0])]
        return self._predictor.predict_records(records).tolist() if records else []


def _asks_for_partial(headers: dict[bytes, bytes]) -> bool:
    """Whether CustomAttributes hold `partial=true`; the attributes of other programs are let be."""
    attributes = headers.get(ATTRIBUTES)
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

"""A container with a fault: stands before the real server and spoils what it says, as the environment of its image asks.

FAULT   crash     the server ends when it is started
        wrong     predictions are off by 10, but not in batch transform jobs: what was evaluated was right
        slow      each prediction takes 1.5 s, but not in batch transform jobs
        errors    one of 20 predictions ends in status 500, but not in batch transform jobs
        fail      training fails
        hang      training never ends
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

FAULT = "FAULT"  # the test writes one of the above here
PORT = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
HIDDEN_PORT = PORT + 20_000 if PORT < 40_000 else PORT - 20_000
REQUESTS = count(1)


def spoil(status: int, body: bytes) -> tuple[int, bytes]:
    """An answer of /invocations with the fault in it."""
    if FAULT == "slow":
        time.sleep(1.5)
    if FAULT == "errors" and next(REQUESTS) % 20 == 0:
        return 500, b'{"message": "planted"}'
    if FAULT == "wrong" and status == 200:
        document = json.loads(body)
        for prediction in document["predictions"]:
            prediction["value"] += 10
        return status, json.dumps(document).encode()
    return status, body


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def forward(self) -> None:
        """Ask the real server, and hand its answer on."""
        length = int(self.headers.get("content-length", 0))
        hidden = http.client.HTTPConnection("127.0.0.1", HIDDEN_PORT, timeout=60)
        try:
            hidden.request(self.command, self.path, self.rfile.read(length), dict(self.headers))
            answer = hidden.getresponse()
            status, body = answer.status, answer.read()
        except OSError:
            self.send_error(503)
            return
        finally:
            hidden.close()
        if self.path.startswith("/invocations"):
            status, body = spoil(status, body)
        self.send_response(status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = forward

    def log_message(self, format: str, *args: object) -> None:
        """No access log."""


def serve() -> int:
    environment = {**os.environ, "SAGEMAKER_BIND_TO_PORT": str(HIDDEN_PORT), "BIND_HOST": "127.0.0.1"}
    real = subprocess.Popen([sys.executable, "-m", "slipway_model", "serve"], env=environment)
    server = ThreadingHTTPServer((os.environ.get("BIND_HOST", "0.0.0.0"), PORT), Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    real.terminate()
    return real.wait()


def main() -> int:
    what = sys.argv[1]
    if what == "serve" and FAULT == "crash":
        print("planted: cannot start", file=sys.stderr)
        return 1
    if what == "train" and FAULT == "fail":
        print("planted: cannot train", file=sys.stderr)
        return 1
    if what == "train" and FAULT == "hang":
        time.sleep(3600)
    if what == "serve" and FAULT in ("wrong", "slow", "errors") and "SAGEMAKER_BATCH" not in os.environ:
        return serve()
    os.execv(sys.executable, [sys.executable, "-m", "slipway_model", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())

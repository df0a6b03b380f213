"""A container of SageMaker's that keeps all rules but the one that FAULT names."""

import os
import pathlib
import signal
import socketserver
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

FAULT = os.environ.get("FAULT")
ML = pathlib.Path("/opt/ml")


def train():
    if FAULT == "ignores-sigterm-train":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    if not (ML / "input/data/train/data.csv").read_bytes().startswith(b"a,b"):
        if FAULT == "accepts-bad-data":
            return 0
        if FAULT != "no-failure-file":
            (ML / "output/failure").write_text("data.csv has no columns a and b")
        return 1
    time.sleep(3 if FAULT == "ignores-sigterm-train" else 1)
    (ML / "model/model.txt").write_text("42")
    return 3 if FAULT == "train-fails" else 0


active = 0


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_GET(self):
        if FAULT == "slow-ping":
            time.sleep(0.3)
        self.answer(503 if FAULT == "never-healthy" else 200)

    def do_POST(self):
        global active
        active += 1
        if FAULT == "crashes-on-load" and active > 10:
            os._exit(9)
        body = self.rfile.read(int(self.headers["content-length"]))
        if FAULT == "crashes-on-rubbish" and body == b"{":
            os._exit(9)
        time.sleep(0.02)
        active -= 1
        if FAULT == "big-body" and len(body) > 1e6:
            self.answer(500)
        elif FAULT == "refuses" or not body.startswith(b"1,2"):
            self.answer(400)
        else:
            self.answer(200)


class Server(ThreadingHTTPServer):
    request_queue_size = 256


class SlowToAccept(HTTPServer):
    """Takes one connection after the other, with time for something else between them, and lets one wait."""

    request_queue_size = 1

    def get_request(self):
        time.sleep(0.02)
        return super().get_request()


def serve():
    if FAULT == "writes-outside":
        pathlib.Path("/var/cache/mine").write_text("x")
    if FAULT == "writes-model":
        (ML / "model/cache").write_text("x")
    (ML / "model/model.txt").read_text()
    if FAULT != "ignores-sigterm":
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    kind: type[socketserver.TCPServer] = SlowToAccept if FAULT == "slow-to-accept" else Server
    kind(("0.0.0.0", 8081 if FAULT == "wrong-port" else 8080), Handler).serve_forever()


sys.exit({"train": train, "serve": serve}[sys.argv[1]]())

"""A container small enough to read: `process`, `train` and `serve` that do what the tests ask, with nothing to install."""

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ML = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))


def process() -> int:
    """Doubles the numbers of its input; says which job it is."""
    config = json.loads((ML / "config" / "processingjobconfig.json").read_text())
    for file in (ML / "processing" / "input" / "raw").rglob("*.txt"):
        numbers = [2 * int(line) for line in file.read_text().split()]
        (ML / "processing" / "output" / "train" / file.name).write_text("\n".join(map(str, numbers)))
    (ML / "output" / "message").write_text(
        f"done by {config['ProcessingJobName']} with {' '.join(sys.argv[2:])}"
    )
    return 0


def train() -> int:
    """Sums the numbers of the channel `train`; the hyperparameter `mode` asks for something else."""
    parameters = json.loads((ML / "input" / "config" / "hyperparameters.json").read_text())
    mode = parameters.get("mode", "sum")
    if mode == "fail":
        print("about to fail", file=sys.stderr)
        (ML / "output" / "failure").write_text("the numbers do not add up")
        return 3
    if mode == "silent":
        print("last line of the log")
        return 5
    if mode == "hang":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(save({"stopped": True})))
        print("hanging", flush=True)
        time.sleep(600)
    files = sorted((ML / "input" / "data" / "train").rglob("*.txt"))
    total = sum(int(line) for file in files for line in file.read_text().split())
    print(f"metric sum={total - 1}\nmetric sum={total}", flush=True)
    (ML / "output" / "data").mkdir(parents=True, exist_ok=True)
    (ML / "output" / "data" / "files.json").write_text(json.dumps([file.name for file in files]))
    seen = {name: os.environ.get(name) for name in ("TRAINING_JOB_NAME", "COLOUR", "AWS_ACCESS_KEY_ID")}
    return save({"sum": total, "parameters": parameters, "seen": seen})


def save(model: object) -> int:
    (ML / "model" / "model.json").write_text(json.dumps(model))
    return 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.answer(200, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if body == b"crash":
            os._exit(9)
        if body == b"bad":
            return self.answer(400, {"message": "bad input"})
        if body == b"slow":
            time.sleep(1)
        model = json.loads((ML / "model" / "model.json").read_text())
        self.answer(
            200,
            {
                "model": model,
                "body": body.decode(),
                "type": self.headers["content-type"],
                "accept": self.headers["accept"],
                "asked": self.headers["X-Amzn-SageMaker-Custom-Attributes"],
                "release": os.environ.get("RELEASE_ID"),
                "pid": os.getpid(),
            },
        )

    def answer(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Amzn-SageMaker-Custom-Attributes", f"release={os.environ.get('RELEASE_ID')}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        if self.command == "POST":
            print(f"served {self.path}", flush=True)


def serve() -> int:
    if os.environ.get("MODE") == "broken":
        print("the model cannot be loaded: wrong shape", file=sys.stderr)
        return 4
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    host, port = os.environ.get("BIND_HOST", "0.0.0.0"), int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    ThreadingHTTPServer((host, port), Handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit({"process": process, "train": train, "serve": serve}[sys.argv[1]]())

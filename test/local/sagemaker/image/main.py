"""A container small enough to read: `process`, `train` and `serve` that do what the tests ask, with nothing to install."""

import json
import os
import signal
import socket
import sys
import threading
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
    host = json.loads((ML / "config" / "resourceconfig.json").read_text())
    print(f"{host['current_host']} of {len(host['hosts'])}", flush=True)
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
    if mode == "reach":
        return save({"reached": reaches(parameters["host"], int(parameters["port"]))})
    if mode == "hosts":
        return train_on_hosts(parameters.get("broken"))
    files = sorted((ML / "input" / "data" / "train").rglob("*.txt"))
    total = sum(int(line) for file in files for line in file.read_text().split())
    print(f"metric sum={total - 1}\nmetric sum={total}", flush=True)
    (ML / "output" / "data").mkdir(parents=True, exist_ok=True)
    (ML / "output" / "data" / "files.json").write_text(json.dumps([file.name for file in files]))
    seen = {name: os.environ.get(name) for name in ("TRAINING_JOB_NAME", "COLOUR", "AWS_ACCESS_KEY_ID")}
    return save({"sum": total, "parameters": parameters, "seen": seen})


def reaches(host: str, port: int) -> bool:
    """Whether a web server answers there."""
    try:
        with socket.create_connection((host, port), timeout=5) as link:
            link.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return link.recv(4) == b"HTTP"
    except OSError:
        return False


def train_on_hosts(broken: str | None) -> int:
    """All hosts tell the first what files they have; `broken` names one that fails while the others go on."""
    config = json.loads((ML / "input" / "config" / "resourceconfig.json").read_text())
    me, hosts = config["current_host"], config["hosts"]
    files = sorted(file.name for file in (ML / "input" / "data" / "train").rglob("*.txt"))
    print(f"{me} has {files}", flush=True)
    if broken == me:
        (ML / "output" / "failure").write_text(f"{me} is out of numbers")
        return 6
    if broken:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        time.sleep(600)
    # Where they share this machine's network, it says who is where; on a network of their own they have names.
    given = dict(entry.split("=") for entry in os.environ.get("HOST_ADDRESSES", "").split(",") if entry)
    where, port = given.get(hosts[0], f"{hosts[0]}:9000").split(":")
    (ML / "output" / "data").mkdir(parents=True, exist_ok=True)
    (ML / "output" / "data" / f"{me}.json").write_text(json.dumps(config))
    if me != hosts[0]:
        (ML / "model" / f"{me}.json").write_text("{}")
        while True:
            try:
                with socket.create_connection((where, int(port))) as link:
                    link.sendall(json.dumps({me: files}).encode())
                return 0
            except (ConnectionRefusedError, socket.gaierror):
                time.sleep(0.05)
    found = {me: files}
    with socket.create_server((where, int(port))) as server:
        for _ in hosts[1:]:
            link, _ = server.accept()
            with link, link.makefile() as told:
                found.update(json.load(told))
    return save(found)


def save(model: object) -> int:
    (ML / "model" / "model.json").write_text(json.dumps(model))
    return 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    at_once = most_at_once = asked = 0
    lock = threading.Lock()

    def do_GET(self) -> None:
        wanted = os.environ.get("EXECUTION_PARAMETERS", "{}")
        self.answer(200, json.loads(wanted) if self.path == "/execution-parameters" else {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers["content-type"] == "text/numbers":
            return self.double(body.decode().splitlines())
        if body == b"crash":
            os._exit(9)
        if body == b"bad":
            return self.answer(400, {"message": "bad input"})
        if body == b"slow":
            time.sleep(1)
        time.sleep(float(os.environ.get("PAUSE", "0")))
        if self.fails():
            return self.answer(500, {"message": "the model is confused"})
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

    def fails(self) -> bool:
        """Whether it is this request's turn: one in ONE_FAILS_IN, if that is set."""
        every = int(os.environ.get("ONE_FAILS_IN", "0"))
        with self.lock:
            Handler.asked += 1
            return every > 0 and Handler.asked % every == 0

    def double(self, lines: list[str]) -> None:
        """Twice each number; Accept text/sizes: how many there are, and how many requests came at once."""
        with self.lock:
            Handler.at_once += 1
            Handler.most_at_once = max(Handler.at_once, Handler.most_at_once)
        if "slow" in lines:
            time.sleep(600)
        time.sleep(float(os.environ.get("PAUSE", "0")))
        with self.lock:
            Handler.at_once -= 1
        if "crash" in lines:
            os._exit(9)
        if "bad" in lines:
            return self.answer(400, {"message": "bad is no number"})
        if self.headers["accept"] == "text/sizes":
            return self.answer_text(f"{len(lines)} of {self.most_at_once}")
        self.answer_text("\n".join(str(2 * int(line)) for line in lines))

    def answer(self, status: int, value: object) -> None:
        self.answer_text(json.dumps(value), status)

    def answer_text(self, text: str, status: int = 200) -> None:
        body = text.encode()
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

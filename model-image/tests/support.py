"""What the tests share: the real rows, the program as a process, and a server that they can talk to."""

import csv
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from slipway_model.layout import Layout

PACKAGE = Path(__file__).resolve().parent.parent
TAXIS = PACKAGE.parent / "data" / "taxis.csv"

RECORD: dict[str, Any] = {
    "pickup": "2019-03-23 20:21:09",
    "passengers": 1,
    "distance": 1.6,
    "color": "yellow",
    "pickup_zone": "Lenox Hill West",
    "dropoff_zone": "UN/Turtle Bay South",
    "pickup_borough": "Manhattan",
    "dropoff_borough": "Manhattan",
}


def taxi_rows(count: int) -> list[dict[str, str]]:
    """The first `count` trips, cells as they are in the file."""
    with TAXIS.open(encoding="utf-8", newline="") as file:
        return [row for row, _ in zip(csv.DictReader(file), range(count), strict=False)]


def write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    """`rows` as a CSV file with a header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def environment(base: Path, **variables: str) -> dict[str, str]:
    """The environment of the program, as the Dockerfile sets it, with `base` in place of /opt/ml."""
    program = {"PYTHONUNBUFFERED": "1", "SAGEMAKER_BASE_DIR": str(base), "BIND_HOST": "127.0.0.1"}
    return {**os.environ, **program, **variables}


def command(name: str) -> list[str]:
    """The program's command line."""
    return [sys.executable, "-m", "slipway_model", name]


def run(base: Path, name: str, package: Path = PACKAGE, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `process`, `train` or a `serve` that is expected to fail, to its end; of `package`, the folder."""
    return subprocess.run(
        command(name),
        cwd=package,
        env=environment(base, **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def use_as_channels(layout: Layout) -> None:
    """Hand what processing has written to training, as the pipeline does."""
    for name in ("train", "validation", "test"):
        shutil.copytree(layout.processed(name), layout.channel(name))


class Reply(NamedTuple):
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """`serve` in a process of its own on a free port; ended with SIGTERM when the block is left."""

    def __init__(self, base: Path, package: Path = PACKAGE, **variables: str) -> None:
        self.process = subprocess.Popen(
            command("serve"),
            cwd=package,
            env=environment(base, SAGEMAKER_BIND_TO_PORT="0", **variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("serving on http://127.0.0.1:"), line + self.process.stdout.read()
        self.port = int(line.rsplit(":", 1)[1])

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_error: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=30)

    def connect(self) -> http.client.HTTPConnection:
        """A new connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
        """One request on a connection of its own; underscores in header names become hyphens."""
        connection = self.connect()
        try:
            connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def invoke(self, body: bytes | str, kind: str = "application/json", **headers: str) -> Reply:
        """POST /invocations."""
        data = body.encode() if isinstance(body, str) else body
        return self.request("POST", "/invocations", data, content_type=kind, **headers)

    def ask(self, *records: object) -> Reply:
        """POST `records` as JSON instances."""
        return self.invoke(json.dumps({"instances": records}))

    def is_well(self) -> bool:
        """Whether it answers pings and predicts."""
        return self.request("GET", "/ping").status == 200 and self.ask(RECORD).status == 200


def wait_until(what: str, condition: Any) -> None:
    """Wait until `condition()` is true; fails after 20 s."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.02)

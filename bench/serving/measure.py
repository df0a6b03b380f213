"""Starts the servers, checks that they answer the same, and loads them with wrk, one at a time."""

import csv
import http.client
import json
import math
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from slipway_model.payloads import COLUMNS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PEERS, TOOLS = os.environ["PEERS"], Path(os.environ["TOOLS"])
SIZES = (1, 100, 1000)
CONNECTIONS = 8
ROUNDS = 3
# Ratios aimed at: requests a second, p99.
AIMS = {
    ("AWS sample", 1): (">= 15", "<= 0.25"),
    ("AWS sample", 1000): (">= 5", ""),
    ("BentoML", 1): (">= 12", ""),
    ("constant", 1): (">= 0.5", ""),
}
Commands = list[list[str]]


class Figures(NamedTuple):
    """Of one server under one payload: requests a second, milliseconds, processor microseconds a request."""

    rate: float
    p50: float
    p99: float
    cpu: float


Measured = dict[tuple[str, int], Figures]


def container(port: int, _home: Path) -> Commands:
    """This container's server."""
    os.environ.update(BIND_HOST="127.0.0.1", SAGEMAKER_BIND_TO_PORT=str(port))
    return [[sys.executable, "-m", "slipway_model", "serve"]]


def sample(port: int, home: Path) -> Commands:
    """gunicorn as AWS's sample starts it; nginx in front where Debian's could be had."""
    nginx = TOOLS / "usr/sbin/nginx"
    bind = f"unix:{home}/gunicorn.sock" if nginx.exists() else f"127.0.0.1:{port}"
    gunicorn = [PEERS, "-m", "gunicorn", "--no-control-socket", "--timeout", "60", "-k", "sync", "-b", bind]
    commands = [[*gunicorn, "-w", "2", "--chdir", str(HERE), "sample:app"]]
    if nginx.exists():
        text = (HERE / "nginx.conf").read_text().replace("HOME", str(home)).replace("PORT", str(port))
        (home / "nginx.conf").write_text(text)
        commands.append([str(nginx), "-p", str(home), "-e", f"{home}/nginx.log", "-c", f"{home}/nginx.conf"])
    return commands


def bento(port: int, home: Path) -> Commands:
    """BentoML."""
    os.environ.update(BENTOML_DO_NOT_TRACK="True", BENTOML_HOME=str(home))
    serve = [PEERS, "-m", "bentoml", "serve", "bento:Fare", "--working-dir", str(HERE)]
    return [[*serve, "--host", "127.0.0.1", "--port", str(port)]]


def constant(port: int, _home: Path) -> Commands:
    """A bare ASGI application that always answers the same."""
    os.environ["PORT"] = str(port)
    return [[sys.executable, str(HERE / "constant.py"), "asgi"]]


def own_constant(port: int, _home: Path) -> Commands:
    """This container's HTTP connections with nothing behind them."""
    return [[*constant(port, _home)[0][:2], "own"]]


SERVERS: dict[str, tuple[Callable[[int, Path], Commands], str]] = {
    "this container": (container, "/ping"),
    "AWS sample": (sample, "/ping"),
    "BentoML": (bento, "/readyz"),
    "constant": (constant, "/ping"),
    "own constant": (own_constant, "/ping"),
}


class Server:
    """One of the servers, started and healthy."""

    def __init__(self, name: str, home: Path) -> None:
        commands, ping = SERVERS[name]
        self.name = name
        self.port = _free_port()
        log = home / f"{name}.log"
        began = time.perf_counter()
        with log.open("w") as output:
            self._started = [
                subprocess.Popen(
                    command, stdout=output, stderr=subprocess.STDOUT, cwd=home, start_new_session=True
                )
                for command in commands(self.port, home)
            ]
        while not _is_healthy(self.port, ping):
            if time.perf_counter() - began > 60:
                self.stop()
                raise SystemExit(f"{name} is not healthy after 60 s:\n{log.read_text()[-2000:]}")
            time.sleep(0.02)
        self.healthy = time.perf_counter() - began

    def memory(self) -> float:
        """Megabytes; what processes share counts once (PSS)."""
        return sum(_memory(pid) for process in self._started for pid in _tree(process.pid))

    def load(self, body: Path, seconds: int) -> Figures:
        """What wrk finds, and the processor time of all processes."""
        before = self._processor_seconds()
        told = _wrk(self.port, body, seconds)
        spent = self._processor_seconds() - before
        rate = told["requests"] / told["microseconds"] * 1e6
        return Figures(rate, told["p50"] / 1e3, told["p99"] / 1e3, spent / told["requests"] * 1e6)

    def _processor_seconds(self) -> float:
        return sum(_processor_seconds(pid) for process in self._started for pid in _tree(process.pid))

    def stop(self) -> None:
        """End it as SageMaker does."""
        for process in reversed(self._started):
            process.send_signal(signal.SIGTERM)
        for process in self._started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def main() -> None:
    """Measure all servers and print figures and ratios."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    front = "nginx" if (TOOLS / "usr/sbin/nginx").exists() else "no nginx: it could not be had"
    print(
        f"wrk, {CONNECTIONS} connections; {ROUNDS} rounds of {seconds} s, medians; AWS sample with {front};"
    )
    print(
        f"load average {os.getloadavg()[0]:.1f}; cpu: processor time of all the server's processes, a request"
    )
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o755)  # nginx's workers give up root's rights, and must reach the socket
        bodies = {size: _body(size, home) for size in SIZES}
        servers: list[Server] = []
        try:
            for name in SERVERS:
                servers.append(Server(name, home))
            measured = _measure(servers, bodies, seconds)
            _print_figures(servers, measured)
        finally:
            for server in servers:
                server.stop()
    _print_ratios(measured)


def _measure(servers: list[Server], bodies: dict[int, Path], seconds: int) -> Measured:
    """Each server in turn, in several rounds: what else the machine does meets all of them."""
    found: dict[tuple[str, int], list[Figures]] = {(s.name, size): [] for s in servers for size in bodies}
    for path in bodies.values():
        wanted: list[dict[str, float]] = []
        for server in servers:
            _check(server.name, _ask(server.port, path), wanted)
            server.load(path, 1)
    for _ in range(ROUNDS):
        for size, path in bodies.items():
            for server in servers:
                found[server.name, size].append(server.load(path, seconds))
    return {
        key: Figures(*(statistics.median(values) for values in zip(*rounds, strict=True)))
        for key, rounds in found.items()
    }


def _print_figures(servers: list[Server], measured: Measured) -> None:
    print("\nserver           rows  requests/s   p50 ms   p99 ms   cpu us     MB  healthy s")
    for server in servers:
        memory = server.memory()
        for size in SIZES:
            f = measured[server.name, size]
            print(
                f"{server.name:<15} {size:>5} {f.rate:>11,.0f} {f.p50:>8.2f} {f.p99:>8.2f} {f.cpu:>8,.0f} "
                f"{memory:>6.0f} {server.healthy:>10.1f}"
            )


def _print_ratios(measured: Measured) -> None:
    """This container to each other server; what is aimed at beside it."""
    print("\nthis container to     rows  requests/s       aim     p99       aim")
    for name in list(SERVERS)[1:]:
        for size in SIZES:
            own, other = measured["this container", size], measured[name, size]
            rate, p99 = AIMS.get((name, size), ("", ""))
            print(
                f"{name:<19} {size:>6} {own.rate / other.rate:>11.2f} {rate:>9} "
                f"{own.p99 / other.p99:>7.2f} {p99:>9}"
            )


def _body(size: int, home: Path) -> Path:
    """A request of the first `size` rows of the sample data."""
    records: list[dict[str, Any]] = []
    with (ROOT / "data" / "taxis.csv").open(encoding="utf-8", newline="") as file:
        for row, _ in zip(csv.DictReader(file), range(size), strict=False):
            numbers = {"passengers": int(row["passengers"]), "distance": float(row["distance"])}
            records.append({**{name: row[name] or None for name in COLUMNS}, **numbers})
    path = home / f"body-{size}.json"
    path.write_text(json.dumps({"instances": records}))
    return path


def _ask(port: int, body: Path) -> list[dict[str, float]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/invocations", body.read_bytes(), {"content-type": "application/json"})
    response = connection.getresponse()
    text = response.read()
    connection.close()
    if response.status != 200:
        raise SystemExit(f"{response.status}: {text[:500]!r}")
    predictions: list[dict[str, float]] = json.loads(text)["predictions"]
    return predictions


def _check(name: str, got: list[dict[str, float]], wanted: list[dict[str, float]]) -> None:
    """All servers but the constant ones must predict what the first one does: it is the same model."""
    if "constant" in name:
        return
    wanted.extend(got if not wanted else [])
    for one, other in zip(got, wanted, strict=True):
        if not all(math.isclose(one[key], other[key], rel_tol=1e-9) for key in ("value", "lower", "upper")):
            raise SystemExit(f"{name} predicts {one}, not {other}")


def _wrk(port: int, body: Path, seconds: int) -> dict[str, float]:
    done = subprocess.run(
        [str(TOOLS / "usr/bin/wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s",
         "-s", str(HERE / "post.lua"), f"http://127.0.0.1:{port}/invocations"],
        env={**os.environ, "BODY": str(body)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    if told["failed"]:
        raise SystemExit(f"{told['failed']} of {told['requests']} requests failed")
    return told


def _tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [pid, *(below for child in found.stdout.split() for below in _tree(int(child)))]


def _processor_seconds(pid: int) -> float:
    """Of a process, its own and the kernel's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) / 1000 for line in lines if line.startswith("Pss:"))


def _is_healthy(port: int, path: str) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
    except (OSError, http.client.HTTPException):
        return False
    return status == 200


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


if __name__ == "__main__":
    main()

"""The life of a server process: start, workers, SIGTERM, and what it does not start with."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from slipway_model import serving
from slipway_model.failure import Failure
from slipway_model.layout import Layout
from tests import support
from tests.support import RECORD, Server, wait_until

PING = b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n"


def test_sigterm_answers_what_was_accepted(trained: Layout) -> None:
    with Server(trained.base) as server:
        body = json.dumps({"instances": [RECORD]}).encode()
        connection = server.connect()
        connection.putrequest("POST", "/invocations")
        connection.putheader("content-type", "application/json")
        connection.putheader("content-length", str(len(body)))
        connection.endheaders(body[:10])
        assert server.is_well()  # by then the half request has been read
        server.process.send_signal(signal.SIGTERM)
        wait_until("no new connections", lambda: not accepts(server.port))
        assert server.process.poll() is None
        connection.send(body[10:])
        response = connection.getresponse()
        assert response.status == 200
        assert len(json.loads(response.read())["predictions"]) == 1
        connection.close()
        assert server.process.wait(20) == 0


def test_workers_share_the_port_and_are_replaced(trained: Layout) -> None:
    with Server(trained.base, MODEL_SERVER_WORKERS="2") as server:
        wait_until("two workers", lambda: len(children(server.process.pid)) == 2)
        first, second = children(server.process.pid)
        os.kill(first, signal.SIGKILL)
        wait_until("the first one's end", lambda: not alive(first))
        assert server.is_well()
        wait_until("another", lambda: len(set(children(server.process.pid)) - {first}) == 2)
        assert server.ask(RECORD, RECORD).status == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
        assert not accepts(server.port)
        assert not alive(second)


def test_workers_take_connections_in_turn(trained: Layout) -> None:
    with Server(trained.base, MODEL_SERVER_WORKERS="2") as server:
        wait_until("two workers", lambda: len(children(server.process.pid)) == 2)
        workers = children(server.process.pid)
        with contextlib.ExitStack() as stack:
            for _ in range(16):
                client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 20))
                client.sendall(PING)
                assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
            open_ = [sockets(worker) for worker in workers]
        wait_until("their end", lambda: sum(map(sockets, workers)) == sum(open_) - 16)
        taken = [before - sockets(worker) for before, worker in zip(open_, workers, strict=True)]
        # Even, but for turns that a worker missed because others had the processor; it has the next ones.
        assert min(taken) >= 5


def test_what_waits_is_answered_when_a_worker_dies_and_when_all_must_end(trained: Layout) -> None:
    with Server(trained.base, MODEL_SERVER_WORKERS="2") as server, contextlib.ExitStack() as stack:
        wait_until("two workers", lambda: len(children(server.process.pid)) == 2)
        assert server.is_well()

        def ask_while_stopped() -> list[socket.socket]:
            for worker in children(server.process.pid):
                os.kill(worker, signal.SIGSTOP)
            address = ("127.0.0.1", server.port)
            clients = [stack.enter_context(socket.create_connection(address, 20)) for _ in range(20)]
            for client in clients:
                client.sendall(PING)
            return clients

        clients = ask_while_stopped()
        first, second = children(server.process.pid)
        os.kill(first, signal.SIGKILL)
        os.kill(second, signal.SIGCONT)
        assert all(client.recv(1000).startswith(b"HTTP/1.1 200 ") for client in clients)

        wait_until("another", lambda: len(set(children(server.process.pid)) - {first}) == 2)
        clients = ask_while_stopped()
        server.process.send_signal(signal.SIGTERM)
        for worker in children(server.process.pid):
            os.kill(worker, signal.SIGCONT)
        assert all(client.recv(1000).startswith(b"HTTP/1.1 200 ") for client in clients)
        assert server.process.wait(20) == 0


def test_workers_do_not_outlive_their_parent(trained: Layout) -> None:
    with Server(trained.base, MODEL_SERVER_WORKERS="2") as server:
        wait_until("two workers", lambda: len(children(server.process.pid)) == 2)
        workers = children(server.process.pid)
        server.process.kill()
        wait_until("no workers", lambda: not any(alive(worker) for worker in workers))


def test_does_not_start_without_a_model(tmp_path: Path) -> None:
    refused(tmp_path, f"the model file metadata.json cannot be read from {tmp_path}/model: No such file or")


def test_does_not_start_with_a_damaged_model(trained: Layout, tmp_path: Path) -> None:
    file = Path(shutil.copytree(trained.model, tmp_path / "model")) / "point.txt"
    file.write_bytes(file.read_bytes()[:-100])
    refused(tmp_path, "the model file point.txt is damaged: its checksum is not the one in metadata.json")


def test_does_not_start_on_a_port_in_use(trained: Layout, server: Server) -> None:
    refused(trained.base, f"cannot listen on 127.0.0.1:{server.port}", str(server.port))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SAGEMAKER_BIND_TO_PORT", "http"),
        ("SAGEMAKER_BIND_TO_PORT", "70000"),
        ("MODEL_SERVER_WORKERS", "0"),
        ("SAGEMAKER_MAX_PAYLOAD_IN_MB", "-6"),
        ("RELEASE_ID", "a\nb: c"),
    ],
)
def test_refuses_settings(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Failure, match=f"{name} must be "):
        serving.Settings.from_environment()


def test_refuses_an_address_of_another_machine() -> None:
    with pytest.raises(Failure, match="set BIND_HOST to an address of this machine"):
        serving._listen("192.0.2.1", 0)


def refused(base: Path, words: str, port: str = "0") -> None:
    """`serve` ends with exit code 1 and one line that holds `words`."""
    done = support.run(base, "serve", SAGEMAKER_BIND_TO_PORT=port)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {words}")
    assert done.stderr.count("\n") == 1, done.stderr


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def children(pid: int) -> list[int]:
    done = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in done.stdout.split()]


def sockets(pid: int) -> int:
    """How many sockets the process has open."""
    found = 0
    for file in Path(f"/proc/{pid}/fd").iterdir():
        # It may have been closed since.
        with contextlib.suppress(FileNotFoundError):
            found += str(file.readlink()).startswith("socket:")
    return found


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie that nobody has waited for yet does not."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip() != "" and not done.stdout.startswith("Z")

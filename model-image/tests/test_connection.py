"""HTTP as clients of all kinds speak it, over raw sockets to a real server."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from slipway_model import connection
from slipway_model.connection import Connection, Request, Response
from slipway_model.layout import Layout
from tests.support import RECORD, Server, wait_until

BODY = json.dumps({"instances": [RECORD]}).encode()
LONG = json.dumps({"instances": [RECORD] * 1000}).encode()  # goes to the thread
PING = b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n"


def post(body: bytes, *headers: bytes, version: bytes = b"1.1") -> bytes:
    lines = [
        b"POST /invocations HTTP/" + version,
        b"host: x",
        b"content-type: application/json",
        b"content-length: %d" % len(body),
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


class Client:
    """A socket, and the responses that come out of it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._file = sock.makefile("rb")

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def read(self, has_body: bool = True) -> tuple[int, dict[str, str], bytes]:
        """The next response: status, headers, body."""
        status = int(self._file.readline().split()[1])
        headers = {}
        while (line := self._file.readline().decode().strip()) != "":
            name, _, value = line.partition(": ")
            headers[name] = value
        length = int(headers.get("content-length", "0")) if has_body else 0
        return status, headers, self._file.read(length)

    def is_closed(self) -> bool:
        """Whether the server has closed the connection, and sent nothing before."""
        try:
            return self._file.read(1) == b""
        except ConnectionResetError:
            return True


@contextmanager
def client(server: Server) -> Iterator[Client]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        yield Client(sock)


def test_a_request_in_pieces_of_one_byte(server: Server) -> None:
    with client(server) as c:
        for byte in post(BODY):
            c.send(bytes([byte]))
        assert c.read()[0] == 200


def test_chunks(server: Server) -> None:
    head = (
        b"POST /invocations HTTP/1.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    pieces = [BODY[:10], BODY[10:11], BODY[11:]]
    with client(server) as c:
        c.send(
            head
            + b"".join(b"%x;a=b\r\n%b\r\n" % (len(p), p) for p in pieces)
            + b"0\r\ncontent-type: x/y\r\n\r\n"
        )
        status, _, body = c.read()
        assert (status, len(json.loads(body)["predictions"])) == (200, 1)
        c.send(PING)
        assert c.read()[0] == 200


def test_pipelined_requests_are_answered_in_their_order(server: Server) -> None:
    """The long one takes another way through the server than the short ones."""
    with client(server) as c:
        c.send(post(BODY) + post(LONG) + post(b"{}") + PING + post(LONG) + post(BODY))
        counts = []
        for _ in range(6):
            status, headers, body = c.read()
            assert headers["connection"] == "keep-alive"
            counts.append((status, body.count(b'"value"')))
        assert counts == [(200, 1), (200, 1000), (400, 0), (200, 0), (200, 1000), (200, 1)]


def test_close_is_the_last_request_of_a_connection(server: Server) -> None:
    for body in (BODY, LONG):
        with client(server) as c:
            c.send(post(body, b"connection: close") + PING)
            status, headers, _ = c.read()
            assert (status, headers["connection"]) == (200, "close")
            assert c.is_closed()


def test_http_1_0_closes_unless_asked_not_to(server: Server) -> None:
    with client(server) as c:
        c.send(post(BODY, b"connection: keep-alive", version=b"1.0"))
        status, headers, _ = c.read()
        assert (status, headers["connection"]) == (200, "keep-alive")
        c.send(post(BODY, version=b"1.0"))
        status, headers, _ = c.read()
        assert (status, headers["connection"]) == (200, "close")
        assert c.is_closed()


def test_a_client_that_waits_for_leave_to_send_its_body(server: Server) -> None:
    with client(server) as c:
        head, _, body = post(BODY, b"Expect: 100-Continue").partition(b"\r\n\r\n")
        c.send(head + b"\r\n\r\n")
        assert c.read() == (100, {}, b"")
        c.send(body)
        assert c.read()[0] == 200
        c.send(post(b"", b"expect: 100-continue").replace(b"length: 0", b"length: 7000000"))
        status, headers, _ = c.read()
        assert (status, headers["connection"]) == (413, "close")
        assert c.is_closed()


@pytest.mark.parametrize("more", [[], [b"connection: close"]])
def test_of_a_body_that_is_too_long_the_rest_is_read_and_thrown_away(
    server: Server, more: list[bytes]
) -> None:
    with client(server) as c:
        c.send(post(b" " * 7_000_000, *more))
        assert c.read()[0] == 413
        if more:
            assert c.is_closed()
        else:
            c.send(post(BODY))
            assert c.read()[0] == 200


def test_another_protocol_is_not_spoken(server: Server) -> None:
    """Java's client asks each server whether it speaks HTTP/2."""
    upgrade = (b"connection: Upgrade, HTTP2-Settings", b"upgrade: h2c", b"http2-settings: AAMAAABkAAQAAP__")
    with client(server) as c:
        c.send(post(BODY, *upgrade) + post(BODY, *upgrade))
        assert [c.read()[0], c.read()[0]] == [200, 200]
        c.send(PING.replace(b"host", b"connection: upgrade\r\nupgrade: websocket\r\nhost"))
        assert c.read()[0] == 200
        c.send(b"CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n")
        status, headers, _ = c.read()
        assert (status, headers["connection"]) == (405, "close")
        assert c.is_closed()


def test_head_gets_no_body(server: Server) -> None:
    with client(server) as c:
        c.send(b"HEAD /ping HTTP/1.1\r\nhost: x\r\n\r\n" + PING)
        status, headers, _ = c.read(has_body=False)
        assert (status, headers["allow"]) == (405, "GET")
        assert int(headers["content-length"]) > 0
        assert c.read()[0] == 200


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"/ping?a=/invocations", 200),
        (b"http://127.0.0.1:8080/ping", 200),
        (b"/p%69ng", 200),
        (b"//ping", 404),
        (b"http://[/ping", 404),
        (b"*", 404),
    ],
)
def test_what_is_asked_for(server: Server, target: bytes, status: int) -> None:
    with client(server) as c:
        c.send(b"GET " + target + b" HTTP/1.1\r\nhost: x\r\n\r\n")
        assert c.read()[0] == status


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /ping HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\ncontent-length: 99999999999999999999999\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http_is_refused_after_what_is(server: Server, nonsense: bytes) -> None:
    with client(server) as c:
        c.send(post(LONG) + PING + nonsense)
        assert [c.read()[0], c.read()[0]] == [200, 200]
        status, headers, body = c.read()
        assert (status, headers["connection"]) == (400, "close")
        assert json.loads(body)["message"].startswith("this is no HTTP request: ")
        assert c.is_closed()


def test_a_head_without_end_is_refused(server: Server) -> None:
    with client(server) as c:
        c.send(post(BODY) + b"GET /ping HTTP/1.1\r\n")
        assert c.read()[0] == 200
        c.send(b"x: " + b"y" * connection.MOST_HEAD_BYTES)
        assert c.read()[0] == 431
    assert server.is_well()


def test_a_client_that_has_said_all_still_gets_its_answer(server: Server) -> None:
    with client(server) as c:
        c.send(post(LONG) + post(LONG) + PING[:9])
        c.sock.shutdown(socket.SHUT_WR)
        assert [c.read()[2].count(b'"value"'), c.read()[2].count(b'"value"')] == [1000, 1000]
        assert c.is_closed()


def test_a_client_that_does_not_read_is_not_read_from_either(server: Server) -> None:
    with client(server) as c:
        c.sock.settimeout(1)
        request = post(LONG)
        with pytest.raises(TimeoutError):
            c.send(request * 1000)
        assert server.is_well()


def test_idle_connections_are_closed_by_sigterm(trained: Layout) -> None:
    with (
        Server(trained.base, MODEL_SERVER_WORKERS="1") as server,
        client(server) as idle,
        client(server) as half,
    ):
        idle.send(PING)
        assert idle.read()[0] == 200
        half.send(PING[:20])
        assert server.is_well()
        server.process.terminate()
        assert idle.is_closed()
        half.send(PING[20:])
        status, headers, _ = half.read()
        assert (status, headers["connection"]) == (200, "close")
        assert half.is_closed()
        wait_until("the end", lambda: server.process.poll() == 0)


class Slow:
    """A service that answers after a while."""

    most_bytes = 10

    def answer(self, _request: Request) -> asyncio.Future[Response]:
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.5, answer.set_result, Response(b"late", "text/plain"))
        return answer

    def refuse(self, status: int, message: str) -> Response:
        return Response(message.encode(), "text/plain", status)


def test_who_says_nothing_for_long_is_hung_up_on_but_not_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.1)

    async def said_to(*pieces: bytes) -> bytes:
        state = SimpleNamespace(connections=set())
        config = SimpleNamespace(app=Slow())
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Connection(config, state),  # type: ignore[arg-type]
            "127.0.0.1",
            0,
        )
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for piece in pieces:
            writer.write(piece)
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        server.close()
        assert state.connections == set()
        return answer

    assert asyncio.run(said_to()) == b""
    assert asyncio.run(said_to(PING[:9])) == b""
    assert asyncio.run(said_to(PING)).endswith(b"\r\n\r\nlate")

"""Training on several hosts: who they are, how they reach each other, what they agree on.

SageMaker names a job's hosts in resourceconfig.json; on AWS these names resolve. A host has two ports: PORT
for what the hosts tell each other here, and the next for LightGBM's own network. Where hosts share a machine,
HOST_ADDRESSES says where each is and which the first of its two ports is:

    HOST_ADDRESSES=algo-1=127.0.0.1:40000,algo-2=127.0.0.1:40002

Each host trains on its own rows. The first host leads: it alone reads the validation and test rows, decides
when to stop, and writes the model.
"""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np

from slipway_model.failure import Failure
from slipway_model.gbm import LIB, lightgbm
from slipway_model.layout import Layout
from slipway_model.metrics import Vector

PORT = 12400
PATIENCE_SECONDS = 240.0
"""Hosts do not start at the same moment."""
LENGTH_BYTES = 8

Address = tuple[str, int]


class Group:
    """The hosts of this job and the connections between the first, which leads, and each of the others."""

    def __init__(self, names: list[str], current: str) -> None:
        self.names = names
        self.rank = names.index(current)
        self.addresses: list[Address] = []
        self.links: dict[str, socket.socket] = {}

    @property
    def size(self) -> int:
        return len(self.names)

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def share(self, records: list[Any]) -> list[Any]:
        """This host's part of rows that all hosts have: every n-th, so that each has rows of all times."""
        return records[self.rank :: self.size]

    def gather(self, value: Any) -> list[Any]:
        """On the leader the values of all hosts, by rank; on the others their own only."""
        if self.leads:
            return [value, *(_receive(self.links[name], name) for name in self.names[1:])]
        _send(self.links[self.names[0]], value)
        return [value]

    def column(self, own: Vector) -> Vector:
        """On the leader the column of all hosts' rows; on the others that of their own."""
        return np.concatenate([np.frombuffer(part, dtype=np.float64) for part in self.gather(own.tobytes())])

    def leaders(self, value: Any) -> Any:
        """The leader's `value`, on every host. A tuple arrives as a list."""
        if not self.leads:
            return _receive(self.links[self.names[0]], self.names[0])
        for link in self.links.values():
            _send(link, value)
        return value

    @contextmanager
    def learning(self) -> Iterator[dict[str, Any]]:
        """LightGBM's own network, for as long as the block runs; gives the parameters that make it used.

        Made once for all models: a port that LightGBM has left cannot be bound again at once.
        """
        if self.size == 1:
            yield {}
            return
        machines = ",".join(f"{ip}:{port + 1}" for ip, port in self.addresses)
        own_port = self.addresses[self.rank][1] + 1
        minutes = max(1, round(PATIENCE_SECONDS / 60))
        if LIB.LGBM_NetworkInit(machines.encode(), own_port, minutes, self.size) != 0:
            error = LIB.LGBM_GetLastError().decode()
            raise Failure(f"{self.names[self.rank]} cannot join LightGBM's network ({machines}): {error}")
        try:
            yield {"tree_learner": "data", "num_machines": self.size, "pre_partition": True}
        finally:
            LIB.LGBM_NetworkFree()

    def early_stopping(self, rounds: int) -> Callable[[lightgbm.callback.CallbackEnv], None]:
        """LightGBM's early stopping, decided by the leader: the hosts must stop at the same tree.

        Each could judge for itself, but sums over threads differ in the last bit from host to host.
        """
        alone = lightgbm.early_stopping(rounds, verbose=False)
        if self.size == 1:
            return alone

        def together(env: lightgbm.callback.CallbackEnv) -> None:
            stop: lightgbm.callback.EarlyStopException | None = None
            if self.leads:
                try:
                    alone(env)
                except lightgbm.callback.EarlyStopException as decided:
                    stop = decided
            if self.leaders(stop is not None):
                raise stop or lightgbm.callback.EarlyStopException(env.iteration, [])

        return together


def join(layout: Layout) -> Group:
    """The group of this job's hosts, connected; Failure when one cannot be found in PATIENCE_SECONDS."""
    config = json.loads(layout.resources.read_text(encoding="utf-8")) if layout.resources.exists() else {}
    names = sorted(config.get("hosts", []), key=lambda name: (len(name), name)) or ["algo-1"]
    group = Group(names, config.get("current_host", names[0]))
    if group.size == 1:
        return group
    _end_on_sigterm()
    deadline = time.monotonic() + PATIENCE_SECONDS
    given = _given_addresses(names)
    group.addresses = [given.get(name) or (_resolve(name, deadline), PORT) for name in names]
    if group.leads:
        group.links = _accept(group, deadline)
    else:
        group.links = {names[0]: _connect(group, deadline)}
    return group


def is_sharded(layout: Layout, channel: str) -> bool:
    """Whether each host has other files of `channel` (ShardedByS3Key), not all of them (FullyReplicated)."""
    path = layout.hyperparameters.with_name("inputdataconfig.json")
    config = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return bool(config.get(channel, {}).get("S3DistributionType") == "ShardedByS3Key")


def _end_on_sigterm() -> None:
    """End on SIGTERM even while LightGBM waits for another host: Python's own handler would wait with it.

    The interpreter's C handler, in whichever thread the kernel chooses, writes to the pipe at once.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.signal(signal.SIGTERM, lambda _signum, _frame: None)
    signal.set_wakeup_fd(writer)

    def wait() -> None:
        while signal.SIGTERM not in os.read(reader, 1):
            pass
        print("stopped by SIGTERM", flush=True)
        os._exit(128 + signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def _given_addresses(names: list[str]) -> dict[str, Address]:
    given: dict[str, Address] = {}
    text = os.environ.get("HOST_ADDRESSES") or ""
    for entry in filter(None, text.split(",")):
        name, _, address = entry.partition("=")
        ip, _, port = address.rpartition(":")
        if name not in names or not ip or not port.isdigit():
            raise Failure(
                f"HOST_ADDRESSES has the entry {entry!r}: it must be <host>=<IP address>:<port>, with a "
                f"host of {', '.join(names)}"
            )
        given[name] = (ip, int(port))
    return given


def _resolve(name: str, deadline: float) -> str:
    """The IPv4 address of `name`: LightGBM takes no other."""
    while True:
        try:
            return socket.gethostbyname(name)
        except OSError as error:
            if time.monotonic() > deadline:
                raise Failure(
                    f"the host {name} of resourceconfig.json cannot be resolved ({error}): run this job "
                    "where host names resolve, or set HOST_ADDRESSES"
                ) from None
        time.sleep(1)


def _accept(group: Group, deadline: float) -> dict[str, socket.socket]:
    """The leader's connections, by host."""
    links: dict[str, socket.socket] = {}
    with socket.create_server(group.addresses[0], backlog=group.size) as server:
        while missing := [name for name in group.names[1:] if name not in links]:
            server.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                link, _ = server.accept()
            except TimeoutError:
                raise Failure(
                    f"{', '.join(missing)} did not join within {PATIENCE_SECONDS:.0f} s: see their logs"
                ) from None
            name = _greeting(link)
            if name in missing:
                _prepare(link)
                links[name] = link
            else:
                link.close()
    return links


def _greeting(link: socket.socket) -> object:
    """What a new connection says first: a host its name; None for anything else that comes by."""
    link.settimeout(5)
    try:
        return _receive(link, "a new host")
    except (Failure, msgspec.DecodeError):
        return None


def _connect(group: Group, deadline: float) -> socket.socket:
    """A host's connection to the leader."""
    while True:
        try:
            link = socket.create_connection(group.addresses[0], timeout=5)
        except OSError as error:
            if time.monotonic() > deadline:
                leader = f"{group.names[0]} ({':'.join(map(str, group.addresses[0]))})"
                raise Failure(f"{leader} cannot be reached: {error}; see its log") from None
            time.sleep(0.1)
            continue
        _prepare(link)
        _send(link, group.names[group.rank])
        return link


def _prepare(link: socket.socket) -> None:
    # No timeout: the other host may take long over its rows, and when it dies the connection ends.
    link.settimeout(None)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def _send(link: socket.socket, value: Any) -> None:
    data = msgspec.msgpack.encode(value)
    try:
        link.sendall(len(data).to_bytes(LENGTH_BYTES, "big") + data)
    except OSError:
        raise _gone("another host") from None


def _receive(link: socket.socket, name: str) -> Any:
    length = int.from_bytes(_read(link, LENGTH_BYTES, name), "big")
    return msgspec.msgpack.decode(_read(link, length, name))


def _read(link: socket.socket, length: int, name: str) -> bytes:
    data = bytearray()
    while len(data) < length:
        try:
            piece = link.recv(min(length - len(data), 1 << 20))
        except OSError:
            piece = b""
        if not piece:
            raise _gone(name)
        data += piece
    return bytes(data)


def _gone(name: str) -> Failure:
    time.sleep(1)  # so that what ended the other host is seen first: it is the job's reason
    return Failure(f"{name} has ended before this host was done: its log says why")

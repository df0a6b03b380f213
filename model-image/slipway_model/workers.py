"""Workers that share a listener: the one with the fewest connections takes the next.

Left to themselves, the first to wake takes all that wait: a client's connections, which live long, end at
one worker while the others do nothing. With a listener each (SO_REUSEPORT) the kernel deals connections out
by a hash of their addresses: of two, one worker gets both every other time, and what waits at a worker that
dies is lost.
"""

import asyncio
import mmap
import socket
from typing import Any

import uvicorn

from slipway_model import machine

# So long a worker lets those with fewer connections go first; they may be busy, or not there any more.
PATIENCE_SECONDS = 0.005
# What was sent before the listener was closed is read within this time.
LAST_REQUESTS_SECONDS = 0.05


def serve(config: uvicorn.Config, listener: socket.socket, workers: int) -> None:
    """Serve `listener` with so many processes until SIGTERM; what was asked by then is answered."""
    listener.setblocking(False)
    counts = memoryview(mmap.mmap(-1, 4 * workers)).cast("i")

    def work(number: int) -> None:
        _Server(config, listener, _Connections(counts, number)).run()

    # As long as any process holds the listener, the kernel accepts connections that nobody will answer.
    machine.run_workers(workers, work, listener.close)


class _Connections(set[Any]):
    """uvicorn's set of a worker's connections, which also tells all workers how many each has."""

    def __init__(self, counts: "memoryview[int]", worker: int) -> None:
        super().__init__()
        self._counts, self._worker = counts, worker
        counts[worker] = 0

    def add(self, connection: Any, /) -> None:
        """A connection is made."""
        super().add(connection)
        self._counts[self._worker] = len(self)

    def discard(self, connection: Any, /) -> None:
        """A connection is lost."""
        super().discard(connection)
        self._counts[self._worker] = len(self)

    def are_fewest(self) -> bool:
        """Whether no worker has fewer."""
        return len(self) <= min(self._counts)


class _Server(uvicorn.Server):
    """uvicorn's server of one process, but for how it comes by its connections."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, connections: _Connections) -> None:
        super().__init__(config)
        self._listener = listener
        self._connections = self.server_state.connections = connections

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take connections."""
        await super().startup([])
        self._taking = asyncio.create_task(self._take_in_turn())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take what connections wait, listen no more, and close each when it is answered."""
        self._taking.cancel()
        while await self._take():
            pass
        self._listener.close()
        await asyncio.sleep(LAST_REQUESTS_SECONDS)
        await super().shutdown([])

    async def _take_in_turn(self) -> None:
        while True:
            await _readable(self._listener)
            if not self._connections.are_fewest():
                await asyncio.sleep(PATIENCE_SECONDS)
            await self._take()

    async def _take(self) -> bool:
        """Accept one connection; False when none waits (another worker was quicker) or none can be had."""
        try:
            client, _ = self._listener.accept()
            # Who stops taking has still taken this one.
            await asyncio.shield(asyncio.get_running_loop().connect_accepted_socket(self._protocol, client))
        except BlockingIOError:
            return False
        except OSError:
            # Too many files are open, say: that does not change at once.
            await asyncio.sleep(PATIENCE_SECONDS)
            return False
        return True

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state={}
        )


async def _readable(listener: socket.socket) -> None:
    """Wait until a connection waits."""
    loop = asyncio.get_running_loop()
    heard = asyncio.Event()
    loop.add_reader(listener, heard.set)
    try:
        await heard.wait()
    finally:
        loop.remove_reader(listener)

"""The machine: how many cores it has, and worker processes on them."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

STOPS = (signal.SIGTERM, signal.SIGINT)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_for(rows: int) -> int:
    """Threads that training on so many rows is worth.

    Threads wait for each other after each short step of a tree, and spin while they wait: on 4,500 rows and
    two cores, two took 1.5 times as long as one, and 10 times as long when another program used the cores.
    """
    return min(cores(), 1 + rows // 20_000)


def run_workers(count: int, work: Callable[[int], None], stopped: Callable[[], None]) -> None:
    """Run `work` in `count` forked processes until SIGTERM or SIGINT, which each of them gets too.

    `work` is given the worker's number, from 0 on; one that takes another's place has the same number.
    `stopped` is called in this process when it gets one of the two.

    What is in memory already, a model say, they share. One that dies is replaced after a second; when this
    process dies, in whatever way, they get SIGTERM. With a count of 1, `work` runs in this process.
    """
    if count == 1:
        work(0)
        return
    children: dict[int, int] = {}
    stopping = False

    def stop(_signum: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        stopped()
        for child in children:
            os.kill(child, signal.SIGTERM)

    before = [signal.signal(number, stop) for number in STOPS]
    alive, held = os.pipe()
    while not stopping or children:
        # A signal between the fork and what follows it would find half the truth.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        while not stopping and len(children) < count:
            number = min(set(range(count)) - set(children.values()))
            child = os.fork()
            if child == 0:
                os.close(held)
                for signum, handler in zip(STOPS, before, strict=True):
                    signal.signal(signum, handler)
                threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
                signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
                work(number)
                sys.exit(0)
            children[child] = number
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
        child, status = os.wait()
        children.pop(child, None)
        if not stopping:
            code = os.waitstatus_to_exitcode(status)
            print(f"worker {child} ended with {code}: starting another", file=sys.stderr, flush=True)
            time.sleep(1)


def _end_with_parent(alive: int) -> None:
    """Wait for the pipe that the parent holds open to break."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)

"""Runs a command that never outlives its starter: ``leash.py [--grace SECONDS] -- command argument ...``

The command and everything that it starts are ended (SIGTERM, after the grace time SIGKILL) when

* standard input, if a pipe or a socket, reaches its end: the starter closed it, or died in whatever way,
* this process gets SIGTERM, SIGINT or SIGHUP,
* its parent dies (Linux only; it needs no pipe),
* this process itself is killed, even with SIGKILL.

When the command ends by itself, whatever it left running is killed, as in a container. The exit code is the
command's (128 + signal when a signal ended it). Standard output and error are handed through; data on
standard input is discarded.

Two processes do this: the *holder*, which the starter sees, and a *keeper* below it that starts the command
and adopts its orphans. They are joined by a pipe: when the holder is gone or lets go, the keeper ends the
command.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import stat
import sys
import time
from pathlib import Path

DEFAULT_GRACE_SECONDS = 10.0
STDIN = 0
USAGE = "usage: leash.py [--grace SECONDS] -- command [argument ...]"

# <linux/prctl.h>
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def prctl(option: int, value: int) -> None:
    """Calls Linux' prctl; elsewhere does nothing (the pipe alone is the leash there)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def wake_on(*signals: signal.Signals) -> int:
    """Makes these signals readable, one byte each, from the returned file descriptor."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in signals:
        signal.signal(number, lambda _number, _frame: None)
    return reader


def wait_for(*descriptors: int, timeout: float | None = None) -> dict[int, bytes]:
    """Waits until something is readable and reads it: descriptor to bytes (none of them: end of file)."""
    ready, _, _ = select.select(descriptors, [], [], timeout)
    answer = {}
    for descriptor in ready:
        try:
            answer[descriptor] = os.read(descriptor, 65536)
        except OSError:  # a peer that has gone
            answer[descriptor] = b""
    return answer


def is_pipe(descriptor: int) -> bool:
    """Whether its end of file says something: /dev/null and files are at their end from the beginning."""
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:  # closed
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def exit_code(status: int) -> int:
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def hold(keeper: int, lifeline: int) -> int:
    """Waits for the keeper, and lets go of the lifeline once the command is to end. Returns the exit code."""
    signals = wake_on(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
    parent = os.getppid()
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    holding = os.getppid() == parent
    if not holding:
        os.close(lifeline)
    watched = [STDIN] if is_pipe(STDIN) else []
    while True:
        pid, status = os.waitpid(keeper, os.WNOHANG)
        if pid:
            return exit_code(status)
        events = wait_for(signals, *(watched if holding else []))
        ended = events.get(STDIN) == b""
        asked = any(number != signal.SIGCHLD for number in events.get(signals, b""))
        if holding and (ended or asked):
            os.close(lifeline)
            holding = False


def keep(command: list[str], lifeline: int, grace_seconds: float) -> int:
    """Starts the command in a session of its own and sees it out. Returns its exit code."""
    os.setsid()
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    signals = wake_on(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
    child = start(command, lifeline)
    deadline: float | None = None
    while True:
        status = reap(child)
        if status is not None:
            kill_group(child, signal.SIGKILL)
            kill_adopted()
            return exit_code(status)
        timeout = None if deadline is None else max(0.05, deadline - time.monotonic())
        events = wait_for(signals, *([lifeline] if deadline is None else []), timeout=timeout)
        asked = any(number != signal.SIGCHLD for number in events.get(signals, b""))
        if deadline is None and (lifeline in events or asked):
            kill_group(child, signal.SIGTERM)
            deadline = time.monotonic() + grace_seconds
        elif deadline is not None and time.monotonic() >= deadline:
            kill_group(child, signal.SIGKILL)


def start(command: list[str], lifeline: int) -> int:
    """Starts the command in a session of its own. Returns its process id once it can be signalled as such."""
    reader, writer = os.pipe()  # both ends close when the child becomes the command
    child = os.fork()
    if child:
        os.close(writer)
        os.read(reader, 1)
        os.close(reader)
        return child
    os.setsid()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.close(lifeline)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"leash: {command[0]} cannot be started: {error.strerror}", file=sys.stderr, flush=True)
    os._exit(127)


def reap(child: int) -> int | None:
    """Buries every child that has ended. Returns the wait status of ``child`` when it is among them."""
    answer = None
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            answer = ended[1] if ended[0] == child else answer
    except ChildProcessError:
        pass
    return answer


def kill_group(leader: int, number: signal.Signals) -> None:
    # macOS says PermissionError of a group of zombies
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def kill_adopted() -> None:
    """Kills the descendants that had left the command's group and now are children of this process."""
    while pids := children():
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)


def children() -> list[int]:
    """The ids of this process' children (Linux; elsewhere none, as nothing is adopted)."""
    answer = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:  # gone meanwhile
            continue
        if int(fields[1]) == os.getpid():
            answer.append(int(entry.parent.name))
    return answer


def parse(arguments: list[str]) -> tuple[float, list[str]]:
    """Splits the command line into the grace time and the command."""
    grace_seconds = DEFAULT_GRACE_SECONDS
    if arguments[:1] == ["--grace"] and len(arguments) > 1:
        grace_seconds = float(arguments[1])
        arguments = arguments[2:]
    if arguments[:1] != ["--"] or len(arguments) < 2:
        raise ValueError("no command")
    return grace_seconds, arguments[1:]


def main() -> int:
    try:
        grace_seconds, command = parse(sys.argv[1:])
    except ValueError:
        print(USAGE, file=sys.stderr)
        return 2
    reader, writer = os.pipe()
    keeper = os.fork()
    if keeper == 0:
        os.close(writer)
        os.dup2(os.open(os.devnull, os.O_RDONLY), STDIN)
        os._exit(keep(command, reader, grace_seconds))
    os.close(reader)
    return hold(keeper, writer)


if __name__ == "__main__":
    sys.exit(main())

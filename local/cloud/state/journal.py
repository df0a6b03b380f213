"""Changes that outlive a crash, of services that change too often for their state to be saved each time.

A journal is a folder of segments, files of one JSON list of entries a line. A line is with the operating
system before its change is acknowledged: it survives the death of this process, not that of the machine. A
saved state says which segment begins after it; a start applies that one and the later ones to it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

Entry = list[Any]
Apply = Callable[[Iterator[Entry]], None]


class Journal:
    """What has changed since a state was saved. Who changes something writes it while holding ``lock``."""

    def __init__(self, folder: Path, apply: Apply) -> None:
        self.lock = threading.RLock()
        self._folder = folder
        self._apply = apply
        self._file: BinaryIO | None = None
        self._together: list[Entry] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        # Never a segment of an earlier process: its last line may be cut off.
        self._segment = 1 + max((number_of(path) for path in folder.glob("*.jsonl")), default=0)

    def write(self, *entry: object) -> None:
        """Adds an entry, which survives once this returns (or ``together`` ends)."""
        with self.lock:
            if self._together is None:
                self._write([list(entry)])
            else:
                self._together.append(list(entry))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Writes what is written meanwhile as one line: a crash keeps all of it, or nothing."""
        with self.lock:
            entries = self._together = []
            try:
                yield
            finally:
                self._together = None
                if entries:
                    self._write(entries)

    def _write(self, entries: list[Entry]) -> None:
        if self._file is None:
            self._file = (self._folder / f"{self._segment}.jsonl").open("ab", buffering=0)
        line = json.dumps(entries, separators=(",", ":")).encode() + b"\n"
        written = self._file.write(line)
        if written != len(line):
            self.begin_segment()
            raise OSError(
                f"Only {written} of {len(line)} bytes could be written to {self._folder}: is the disk full?"
            )

    def begin_segment(self) -> int:
        """The number of the segment for all that is written from now on."""
        with self.lock:
            if self._file is not None:
                self._file.close()
                self._file = None
                self._segment += 1
            return self._segment

    def apply_since(self, segment: int) -> None:
        """Does again what is written in this segment and the later ones."""
        self._segment = max(self._segment, segment)
        self._apply(self._read_since(segment))

    def _read_since(self, segment: int) -> Iterator[Entry]:
        for path in sorted(self._folder.glob("*.jsonl"), key=number_of):
            if number_of(path) < segment:
                continue
            for line in path.read_bytes().splitlines():
                try:
                    entries = json.loads(line)
                except ValueError:
                    break  # cut off when the process died, so nobody was told that it is safe
                yield from entries

    def drop_before(self, segment: int) -> None:
        """Forgets what came before this segment: it is in the saved state."""
        for path in self._folder.glob("*.jsonl"):
            if number_of(path) < segment:
                path.unlink()


def number_of(path: Path) -> int:
    return int(path.stem)

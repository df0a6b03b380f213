"""Records that outlive a crash: written to a file before they are acknowledged, read again at the next start.

A log is a folder of segments, files of one JSON array a line. Lines are handed to the operating system, not
forced to the disk: they survive the death of this process, not that of the machine.
"""

from __future__ import annotations

import json
import shutil
import threading
from bisect import bisect_right
from pathlib import Path
from typing import Any, BinaryIO

SEGMENT_BYTES = 64 * 1024 * 1024
READ_AT_MOST = 10_000

# As MiniStack keeps Kinesis records: SequenceNumber, ApproximateArrivalTimestamp (seconds), Data (base64),
# PartitionKey.
Record = dict[str, Any]


def sequence_of(record: Record) -> str:
    sequence: str = record["SequenceNumber"]
    return sequence


def size_of(record: Record) -> int:
    """Bytes of the record's data, which is base64."""
    return len(record["Data"]) * 3 // 4


class RecordLog:
    """Records in the order of their sequence numbers; of each, its place too (a shard, to who puts it)."""

    def __init__(self, folder: Path) -> None:
        self.records: list[Record] = []
        self.places: list[str] = []
        self._folder = folder
        self._segments: list[tuple[Path, str]] = []  # with its last sequence number, oldest first
        self._file: BinaryIO | None = None
        self._lock = threading.RLock()
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.glob("*.jsonl")):
            self._read(path)

    def _read(self, path: Path) -> None:
        for line in path.read_bytes().splitlines():
            try:
                place, sequence, arrival, key, data = json.loads(line)
            except ValueError:
                break  # cut off when the process died, so nobody was told that it is safe
            self.records.append(
                {
                    "SequenceNumber": sequence,
                    "ApproximateArrivalTimestamp": arrival,
                    "Data": data,
                    "PartitionKey": key,
                }
            )
            self.places.append(place)
        self._segments.append((path, sequence_of(self.records[-1]) if self.records else ""))

    def append(self, record: Record, place: str = "") -> None:
        """Adds a record, which is safe after the next ``flush``."""
        line = [
            place,
            record["SequenceNumber"],
            record["ApproximateArrivalTimestamp"],
            record["PartitionKey"],
            record["Data"],
        ]
        content = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            # Never into a segment of an earlier process: its last line may be cut off.
            if self._file is None:
                path = self._folder / f"{record['SequenceNumber']}.jsonl"
                self._file = path.open("ab", buffering=1024 * 1024)
                self._segments.append((path, ""))
            self._file.write(content)
            self.records.append(record)
            self.places.append(place)
            self._segments[-1] = (self._segments[-1][0], record["SequenceNumber"])
            if self._file.tell() >= SEGMENT_BYTES:
                self._file.close()
                self._file = None

    def flush(self) -> None:
        """What has been appended survives the death of this process once this returns."""
        with self._lock:
            if self._file is not None:
                self._file.flush()

    def after(self, sequence: str, most_bytes: int) -> list[Record]:
        """The records after ``sequence``, up to about ``most_bytes`` of data; one at least, if there is."""
        with self._lock:
            start = bisect_right(self.records, sequence, key=sequence_of)
            found = self.records[start : start + READ_AT_MOST]
        size = 0
        for index, record in enumerate(found):
            size += size_of(record)
            if size >= most_bytes:
                return found[: index + 1]
        return found

    def drop_through(self, sequence: str) -> None:
        """Forgets the records up to and with ``sequence``, and the segments that held nothing else."""
        with self._lock:
            end = bisect_right(self.records, sequence, key=sequence_of)
            del self.records[:end]
            del self.places[:end]
            while self._segments and self._segments[0][1] <= sequence:
                path, _last = self._segments.pop(0)
                if not self._segments and self._file is not None:
                    self._file.close()
                    self._file = None
                path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Deletes the log."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
            self.records.clear()
            self.places.clear()
            self._segments.clear()
            shutil.rmtree(self._folder, ignore_errors=True)

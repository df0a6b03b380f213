"""Raw rows in; train, validation and test rows out; bad rows set aside with their reasons.

On several instances each takes its own shard of the files, and its output files carry its name
(`data-algo-2.csv`). No instance sees all rows, so what is the same on all of them decides a row's part:
SPLIT=time needs the two moments SPLIT_AT, SPLIT=random draws by what is in the row. Duplicates are found
within a shard; those in two shards come into the same part.
"""

import csv
import hashlib
import json
import os
import tempfile
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from slipway_model import holdout, tables
from slipway_model.failure import Failure
from slipway_model.layout import Layout
from slipway_model.metrics import report_metric
from slipway_model.profile import Profile
from slipway_model.schema import SCHEMA

PARTS = ("train", "validation", "test")
SHARES = (0.70, 0.15, 0.15)
FEWEST_ROWS = 20

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Settings:
    """What the job's environment says."""

    max_rejected_share: float
    split: str
    seed: int
    split_at: tuple[int, int] | None = None
    """Seconds since 1970 at which validation and test begin; none: they are the last rows, 15 % each."""

    @classmethod
    def from_environment(cls) -> "Settings":
        """From MAX_REJECTED_SHARE, SPLIT, SPLIT_AT and SEED; Failure names a value that cannot be used."""
        share, seed = os.environ.get("MAX_REJECTED_SHARE") or "0.05", os.environ.get("SEED") or "0"
        split = os.environ.get("SPLIT") or ("time" if SCHEMA.time else "random")
        try:
            limit = float(share)
        except ValueError:
            limit = -1.0
        if not 0 <= limit <= 1:
            raise Failure(f"MAX_REJECTED_SHARE must be a number from 0 to 1, not {share!r}")
        if split not in ("time", "random"):
            raise Failure(f"SPLIT must be time or random, not {split!r}")
        if split == "time" and SCHEMA.time is None:
            raise Failure(
                "SPLIT is time, and no property of schema.json has the x-role time: set SPLIT to random, or "
                "give a property this role"
            )
        if not (seed.isascii() and seed.isdigit()):
            raise Failure(f"SEED must be a whole number from 0 up, not {seed!r}")
        return cls(limit, split, int(seed), _split_at(os.environ.get("SPLIT_AT") or "", split))


def _split_at(text: str, split: str) -> tuple[int, int] | None:
    if not text:
        return None
    try:
        validation, test = (_seconds(moment) for moment in text.split(","))
    except (ValueError, TypeError):  # no moments, or not two, or with a time zone, which rows have not
        validation = test = 0
    if split != "time" or not validation < test:
        raise Failure(
            "SPLIT_AT must be the two moments at which validation and test begin, the earlier first, such as "
            f"2019-03-21,2019-03-26T12:00:00, and SPLIT time; it is {text!r}, and SPLIT {split}"
        )
    return validation, test


def _seconds(moment: str) -> int:
    return int((datetime.fromisoformat(moment) - datetime(1970, 1, 1)).total_seconds())


@dataclass(frozen=True)
class Instance:
    """One of the job's instances."""

    name: str
    of: int

    @classmethod
    def read(cls, layout: Layout, settings: Settings) -> "Instance":
        """From the job's files; Failure when these settings give several instances no disjoint parts."""
        resources = _config(layout, "resourceconfig.json")
        count = len(resources.get("hosts", [])) or 1
        if count == 1:
            return cls("", 1)
        for source in _config(layout, "processingjobconfig.json").get("ProcessingInputs", []):
            given = source.get("S3Input", {})
            if Path(given.get("LocalPath", "/")).parts[-2:] != ("input", "raw"):
                continue
            if given.get("S3DataDistributionType") != "ShardedByS3Key":
                raise Failure(
                    f"the input {source.get('InputName')} is FullyReplicated: each of {count} instances "
                    "would write all rows; set its S3DataDistributionType to ShardedByS3Key"
                )
        if settings.split == "time" and settings.split_at is None:
            raise Failure(
                f"SPLIT is time on {count} instances, none of which sees all rows to tell which are last: "
                "set SPLIT_AT to the moments at which validation and test begin, or SPLIT to random, or use "
                "one instance"
            )
        return cls(str(resources["current_host"]), count)

    def file(self, name: str) -> str:
        """`name` as this instance writes it, so that no other writes the same."""
        stem, _, suffix = name.rpartition(".")
        return name if self.of == 1 else f"{stem}-{self.name}.{suffix}"


def _config(layout: Layout, name: str) -> dict[str, Any]:
    path = layout.base / "config" / name
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return document


@dataclass
class Intake:
    """The accepted rows: their CSV lines in a spool file, and by row what order and identity need.

    Thirty-two bytes a row stay in memory; the rows themselves do not.
    """

    spool: IO[bytes]
    offsets: "array[int]" = field(default_factory=lambda: array("q"))
    times: "array[int]" = field(default_factory=lambda: array("q"))
    identities: "array[int]" = field(default_factory=lambda: array("Q"))
    files: dict[str, dict[str, int]] = field(default_factory=dict)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    rejected: int = 0

    @property
    def accepted(self) -> int:
        return len(self.times)

    @property
    def read(self) -> int:
        return self.accepted + self.rejected

    def accept(self, record: Any, cells: dict[str, str]) -> None:
        """Keep `record`; `cells` are its row as it came, ignored columns included."""
        self.offsets.append(self.spool.tell())
        self.spool.write(msgspec.json.encode(record) + b"\n")
        self.times.append(_seconds(getattr(record, SCHEMA.time.name)) if SCHEMA.time else 0)
        names = SCHEMA.keys or tuple(f.name for f in SCHEMA.fields)
        digest = hashlib.blake2b("\0".join(cells.get(n, "") for n in names).encode(), digest_size=16).digest()
        self.identities.extend((int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")))

    def order(self) -> Indices:
        """Places of the distinct rows by time, those of one moment by content: file names do not matter."""
        times = np.frombuffer(self.times, dtype=np.int64)
        identities = np.frombuffer(self.identities, dtype=np.uint64).reshape(-1, 2)
        order = np.lexsort((identities[:, 1], identities[:, 0], times))
        _, first = np.unique(identities[order], axis=0, return_index=True)
        return order[np.sort(first)]

    def records(self, places: Indices) -> Iterator[Any]:
        """The rows at these places, in this order."""
        decoder = msgspec.json.Decoder(SCHEMA.training.struct)
        for place in places:
            self.spool.seek(self.offsets[place])
            yield decoder.decode(self.spool.readline())


def process(layout: Layout) -> None:
    """Validate, split and profile the CSV files in `layout.raw`; Failure when they cannot be used."""
    settings = Settings.from_environment()
    instance = Instance.read(layout, settings)
    files = tables.find(layout.raw)
    if not files:
        hint = f" (fewer files than the {instance.of} instances: use fewer)" if instance.of > 1 else ""
        raise Failure(f"there is no .csv file in {layout.relative(layout.raw)}: nothing to process{hint}")
    reports = layout.processed("report")
    for name in (*PARTS, "holdout", "report"):
        layout.processed(name).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as spool:
        intake = Intake(spool)
        with (reports / instance.file("rejected.jsonl")).open("w", encoding="utf-8") as rejected:
            for path in files:
                _take(intake, path, path.relative_to(layout.raw).as_posix(), rejected)
        report = _summary(intake, settings)
        _write_json(reports / instance.file("report.json"), report)
        _refuse(intake, settings)
        order = intake.order()
        report["rows"]["duplicates"] = intake.accepted - len(order)
        if len(order) < FEWEST_ROWS:
            raise Failure(f"{len(order)} distinct rows are too few to split: {FEWEST_ROWS} are needed")
        profile = Profile(SCHEMA.training.fields)
        row_by_row = instance.of > 1 or settings.split_at is not None
        parts = split_row_by_row(order, intake, settings) if row_by_row else split(order, settings)
        for name, places in parts.items():
            report["rows"][name] = len(places)
            file = layout.processed(name) / instance.file("data.csv")
            report["time"][name] = _write_part(file, intake, places, profile)
        requests = layout.processed("holdout") / instance.file(holdout.FILE)
        holdout.write(requests, intake.records(parts["test"]))
    _write_json(reports / instance.file("report.json"), report)
    _write_json(reports / instance.file("profile.json"), profile.document())
    for name in ("read", "rejected", "duplicates", *PARTS):
        report_metric(f"{name}:rows", report["rows"][name])


def split(order: Indices, settings: Settings) -> dict[str, Indices]:
    """`order` cut into train, validation and test (70, 15, 15 %): by time, or drawn with the seed."""
    if settings.split == "random":
        draw = np.random.default_rng(settings.seed).permutation(len(order))
    else:
        draw = np.arange(len(order))
    ends = [round(len(order) * sum(SHARES[: i + 1])) for i in range(len(SHARES))]
    starts = [0, *ends[:-1]]
    return {
        name: order[np.sort(draw[start:end])] for name, start, end in zip(PARTS, starts, ends, strict=True)
    }


def split_row_by_row(order: Indices, intake: Intake, settings: Settings) -> dict[str, Indices]:
    """`order` cut by what is in each row alone: its time and SPLIT_AT, or a draw from its content."""
    if settings.split_at:
        ends: Sequence[float] = settings.split_at
        values = np.frombuffer(intake.times, dtype=np.int64)[order].astype(np.float64)
    else:
        ends = np.cumsum(SHARES)[:-1].tolist()
        drawn = np.frombuffer(intake.identities, dtype=np.uint64).reshape(-1, 2)[order, 0]
        shift = np.random.default_rng(settings.seed).integers(2**64, dtype=np.uint64)
        values = (drawn + shift).astype(np.float64) / 2.0**64
    part = np.searchsorted(ends, values, side="right")
    return {name: order[part == place] for place, name in enumerate(PARTS)}


def _take(intake: Intake, path: Path, name: str, rejected: IO[str]) -> None:
    known = {f.name for f in SCHEMA.fields}
    before = (intake.accepted, intake.rejected)
    for row in tables.read(path, name, known, SCHEMA.training):
        if row.reasons:
            intake.rejected += 1
            intake.reasons.update({(reason.field, reason.rule) for reason in row.reasons})
            rejected.write(_rejected_line(name, row) + "\n")
        else:
            intake.accept(row.record, row.cells)
    intake.files[name] = {"accepted": intake.accepted - before[0], "rejected": intake.rejected - before[1]}


def _rejected_line(name: str, row: tables.Row) -> str:
    def clean(value: object) -> object:
        return tables.printable(value) if isinstance(value, str) else value

    return json.dumps(
        {
            "file": name,
            "line": row.line,
            "errors": [{"field": r.field, "value": clean(r.value), "rule": r.rule} for r in row.reasons],
            "record": {column: clean(cell) for column, cell in row.cells.items()},
        },
        ensure_ascii=False,
    )


def _counts(intake: Intake) -> list[dict[str, Any]]:
    ordered = sorted(intake.reasons.items(), key=lambda item: (-item[1], item[0]))
    return [{"field": name, "rule": rule, "rows": count} for (name, rule), count in ordered]


def _summary(intake: Intake, settings: Settings) -> dict[str, Any]:
    return {
        "files": intake.files,
        "rows": {"read": intake.read, "accepted": intake.accepted, "rejected": intake.rejected},
        "rejected_share": intake.rejected / intake.read if intake.read else 0.0,
        "max_rejected_share": settings.max_rejected_share,
        "reasons": _counts(intake),
        "split": {"by": settings.split, "seed": settings.seed if settings.split == "random" else None},
        "time": {},
    }


def _refuse(intake: Intake, settings: Settings) -> None:
    if intake.read == 0:
        raise Failure(f"no rows: {', '.join(intake.files)} hold a header only")
    share = intake.rejected / intake.read
    if share > settings.max_rejected_share:
        common = _counts(intake)[:3]
        top = "; ".join(f"{item['field']} {item['rule']} ({item['rows']} rows)" for item in common)
        raise Failure(
            f"{intake.rejected} of {intake.read} rows were rejected ({share:.1%}), more than the "
            f"{settings.max_rejected_share:.1%} that MAX_REJECTED_SHARE allows. Most often: {top}. "
            "Put the data right, or raise the limit."
        )


def _write_part(file: Path, intake: Intake, places: Indices, profile: Profile) -> dict[str, str]:
    """Write the rows of one part; returns its first and last time, nothing when rows have none."""
    names = [f.name for f in SCHEMA.training.fields]
    first = last = ""
    time = names.index(SCHEMA.time.name) if SCHEMA.time else None
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(names)
        for record in intake.records(places):
            values: Sequence[Any] = msgspec.structs.astuple(record)
            writer.writerow(values)
            profile.add(values)
            if time is not None:
                last = values[time]
                first = first or last
    return {"from": first, "to": last} if SCHEMA.time else {}


def _write_json(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

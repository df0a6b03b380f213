"""CSV files in: found below a folder, read row by row, checked against the schema."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from slipway_model.failure import Failure
from slipway_model.schema import Reason, RecordType


class Row(NamedTuple):
    """One data row of a file: a record, or the reasons why it is none."""

    line: int
    cells: dict[str, str]
    record: Any
    reasons: list[Reason]


def find(folder: Path) -> list[Path]:
    """Every *.csv below `folder`, sorted by path, so that the order is the same everywhere."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob("*.csv") if path.is_file())


def read(path: Path, name: str, known: set[str], record: RecordType) -> Iterator[Row]:
    """The rows of the CSV file `path` as `record`s; `name` is what messages call the file.

    Failure when there is no header, a required column is missing, or a column is not one of `known` (all
    columns that the schema declares), so that a renamed optional column does not silently turn into nothing.
    """
    # Bytes that are not UTF-8 come through as lone surrogates, so that one bad row stays one bad row.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file)
        try:
            header = next(reader, None)
            if not header:
                raise Failure(f"{name} has no header: its first line must name the columns")
            _check_header(header, name, known, record)
            for cells in reader:
                if cells:
                    yield _row(reader.line_num, header, cells, record)
        except csv.Error as error:
            raise Failure(f"{name} cannot be read as CSV at line {reader.line_num}: {error}") from None


def _check_header(header: list[str], name: str, known: set[str], record: RecordType) -> None:
    columns = printable(", ".join(header))
    for field in record.fields:
        if field.required and field.name not in header:
            raise Failure(f"{name} has no column {field.name!r}, which is required; it has {columns}")
    for column in header:
        if header.count(column) > 1:
            raise Failure(f"{name} has the column {printable(column)!r} twice; its columns are {columns}")
        if column not in known:
            raise Failure(
                f"{name} has a column {printable(column)!r} that schema.json does not declare: rename it, "
                "remove it, or declare it there (with x-role ignore when it is not used)"
            )


def _row(line: int, header: list[str], cells: list[str], record: RecordType) -> Row:
    if len(cells) != len(header):
        reason = Reason("record", len(cells), "must have as many cells as the header")
        return Row(line, dict(zip(header, cells, strict=False)), None, [reason])
    named = dict(zip(header, cells, strict=True))
    reasons = [
        Reason(column, cell, "must be valid UTF-8")
        for column, cell in named.items()
        if not cell.isascii() and printable(cell) != cell
    ]
    if reasons:
        return Row(line, named, None, reasons)
    return Row(line, named, *record.validate(record.from_cells(header, cells)))


def printable(text: str) -> str:
    """`text` with U+FFFD for what is not valid UTF-8, so that it can be written anywhere."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

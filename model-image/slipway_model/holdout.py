"""The test rows as requests, in their order, so that a served model can be asked about rows it has not seen.

JSON Lines of the fields that a caller sends. Each file goes with the file of test rows whose name ends alike:
`requests.jsonl` with `data.csv`, `requests-algo-2.jsonl` with `data-algo-2.csv`.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from slipway_model.schema import SCHEMA

FILE = "requests.jsonl"


def write(file: Path, records: Iterable[Any]) -> None:
    """Write `records` into `file`; no file for no records, as there is nothing to ask."""
    lines = (msgspec.json.encode(_request(record)) + b"\n" for record in records)
    first = next(lines, None)
    if first is None:
        return
    with file.open("wb") as opened:
        opened.write(first)
        opened.writelines(lines)


def _request(record: Any) -> dict[str, Any]:
    """What a caller sends of `record`: what is missing is null, or left out where null is not allowed."""
    values = [(f, getattr(record, f.name)) for f in SCHEMA.request.fields]
    return {f.name: value for f, value in values if value is not None or f.nullable}

"""Bodies of requests and responses: bytes to checked records, predictions to bytes.

JSON and JSON Lines go through msgspec, which checks while it decodes. Whatever it refuses is looked at again
the slow way, which finds every reason and names field, value and rule.
"""

import csv
import functools
import io
import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from types import GenericAlias
from typing import Any

import msgspec

from slipway_model.plain import is_plain
from slipway_model.schema import SCHEMA, Reason, close_match
from slipway_model.task import TASK

JSON, LINES, CSV = "application/json", "application/jsonlines", "text/csv"
KINDS = (JSON, LINES, CSV)
MOST_ERRORS = 100
# Beyond these a partial answer would be many times as long as its request.
MOST_BAD_RECORDS = 10_000
LONGEST_VALUE = 100

RECORD = SCHEMA.request
COLUMNS = [f.name for f in RECORD.fields]

Row = tuple[Any, list[Reason]]
NO_REASONS: list[Reason] = []


class Refusal(Exception):
    """A request that is answered with an error: HTTP status, one sentence or two, and errors by instance."""

    def __init__(self, status: int, message: str, errors: Sequence[dict[str, object]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors

    def body(self) -> bytes:
        """The JSON document that the client gets."""
        return _encode({"message": self.message, **({"errors": self.errors} if self.errors else {})})


class Bad(msgspec.Struct):
    """What takes the place of a bad record's prediction in a partial answer."""

    message: str
    errors: list[dict[str, object]]


class Answer(msgspec.Struct, gc=False):
    """An answer in JSON."""

    predictions: Sequence[Any]


Envelope: Any = msgspec.defstruct(
    "Envelope", [("instances", GenericAlias(list, (RECORD.struct,)))], forbid_unknown_fields=True, gc=False
)
"""A request in JSON."""

_encoder = msgspec.json.Encoder()
_encode = _encoder.encode
_decode_envelope = msgspec.json.Decoder(Envelope).decode
_decode_record = msgspec.json.Decoder(RECORD.struct).decode


def read(kind: str, body: bytes, header: bool | None = None, partial: bool = False) -> list[Any]:
    """The records in `body`, at least one; Refusal when there are none or any is not valid.

    `header` says whether CSV has a header line; None: see whether the first line names a field. With
    `partial` a record that is not valid does not refuse the others: a `Bad` stands in its place.
    """
    if kind == JSON and (plain := _plain_records(body)):
        return plain
    if not body.strip():
        raise Refusal(400, f"the body is empty: send at least one record as {kind}")
    records: list[Any] = []
    errors: list[dict[str, object]] = []
    bad = 0
    for instance, (record, reasons) in enumerate(_rows(kind, body, header)):
        if not reasons:
            records.append(record)
            continue
        found = [{"field": r.field, "value": _printable(r.value), "rule": r.rule} for r in reasons]
        bad += 1
        if partial:
            records.append(Bad(_sentence(found[0]), found))
        if len(errors) < MOST_ERRORS:
            errors += [{"instance": instance, **error} for error in found]
        # All are refused: to look for more errors than can be read is wasted time.
        if bad > MOST_BAD_RECORDS if partial else len(errors) >= MOST_ERRORS:
            break
    if bad > MOST_BAD_RECORDS or (errors and not partial):
        raise Refusal(400, _summary(errors), errors[:MOST_ERRORS])
    if not records:
        raise Refusal(400, f"the body holds no record: send at least one as {kind}")
    return records


def write(kind: str, rows: Sequence[Sequence[float] | Bad]) -> bytes:
    """`rows` as the task predicts them as a body of `kind`; CSV without a header, for batch transform.

    A `Bad` row is {"message", "errors"}; in CSV its cells are empty, and one more has the message.
    """
    if kind == CSV:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(map(_csv_cells, rows))
        return text.getvalue().encode()
    predictions: Sequence[Any] = TASK.answers([row for row in rows if not isinstance(row, Bad)])
    if len(predictions) < len(rows):
        predicted = iter(predictions)
        predictions = [row if isinstance(row, Bad) else next(predicted) for row in rows]
    return _encoder.encode_lines(predictions) if kind == LINES else _encode(Answer(predictions))


def _csv_cells(row: Sequence[float] | Bad) -> list[Any]:
    if isinstance(row, Bad):
        return [""] * len(TASK.COLUMNS) + [" ".join(row.message.split())]
    return TASK.cells(row)


@functools.lru_cache(maxsize=64)
def answer_kind(accept: str) -> str | None:
    """The one of `KINDS` that an Accept header prefers; JSON when it does not care, None if none will do."""
    best, best_quality = None, 0.0
    for part in accept.split(",") if accept.strip() else ["*/*"]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        weight = float(quality) if quality.replace(".", "", 1).isdecimal() else 0.0
        prefix = "" if name == "*/*" else name.removesuffix("*")
        kind = next((k for k in KINDS if k == name or (name.endswith("/*") and k.startswith(prefix))), None)
        if kind is not None and weight > best_quality:
            best, best_quality = kind, weight
    return best


def _rows(kind: str, body: bytes, header: bool | None) -> Iterator[Row]:
    if kind == JSON:
        return (_validated(value) for value in _instances(body))
    if kind == LINES:
        return (_json_row(line) for line in body.split(b"\n") if line.strip())
    return _csv_rows(body, header)


def _plain_records(body: bytes) -> list[Any]:
    """The records of a JSON request, all valid; none where that takes a closer look."""
    try:
        records: list[Any] = _decode_envelope(body).instances
    except (ValueError, RecursionError):
        return []
    return records if is_plain(body, records, 2) else []


def _instances(body: bytes) -> list[object]:
    try:
        document = _parse(body)
    except ValueError as error:
        raise Refusal(400, f"the body is not valid JSON: {error}") from None
    expected = f'it must be {{"instances": [...]}} with a list of records of the fields {", ".join(COLUMNS)}'
    if not isinstance(document, dict) or not isinstance(document.get("instances"), list):
        raise Refusal(400, f"the body holds no list named instances: {expected}")
    for name in document:
        if name != "instances":
            raise Refusal(400, f"the body has an unknown member {_printable(name)!r}: {expected}")
    instances: list[object] = document["instances"]
    return instances


def _json_row(data: bytes) -> Row:
    """One record, the fast way; everything that is not plainly valid, the slow way."""
    try:
        record = _decode_record(data)
    except (ValueError, RecursionError):
        return _slow_row(data)
    return (record, NO_REASONS) if is_plain(data, [record], 0) else _slow_row(data)


def _slow_row(data: bytes) -> Row:
    try:
        return _validated(_parse(data))
    except RepeatedNameError as error:
        return None, [Reason(error.name, None, "occurs more than once")]
    except ValueError as error:
        text = data[:LONGEST_VALUE].decode("utf-8", "replace")
        return None, [Reason("record", text, f"must be valid JSON ({error})")]


def _validated(value: object) -> Row:
    if not isinstance(value, dict):
        return None, [Reason("record", value, "must be an object")]
    record, reasons = RECORD.validate(value)
    return record, reasons


class RepeatedNameError(ValueError):
    """An object has the same name twice."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the name {_printable(name)!r} occurs twice in an object")
        self.name = name


def _parse(data: bytes) -> object:
    """JSON as Python values, NaN and infinities too: fields refuse them by name. ValueError for all else."""
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_unique, parse_int=_integer)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise RepeatedNameError(Counter(name for name, _ in pairs).most_common(1)[0][0])
    return members


def _integer(text: str) -> int | float:
    # No field holds that much, and Python refuses to convert thousands of digits.
    return int(text) if len(text) <= 300 else math.inf


def _csv_rows(body: bytes, header: bool | None) -> Iterator[Row]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(400, f"the body is not valid UTF-8: {error}") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    names: list[str] | None = COLUMNS if header is False else None
    try:
        for cells in reader:
            if not cells:
                continue
            if names is None:
                names = _columns(cells, header)
                if names is not COLUMNS:
                    continue
            yield _csv_row(names, cells)
    except csv.Error as error:
        raise Refusal(400, f"the body is not valid CSV at line {reader.line_num}: {error}") from None


def _columns(cells: list[str], header: bool | None) -> list[str]:
    """The header that the first line is, or `COLUMNS` when it is none.

    Columns that the schema declares and a request does not need are allowed, so that raw files can be scored.
    """
    known = {f.name for f in SCHEMA.fields}
    if header is None and known.isdisjoint(cells):
        return COLUMNS
    for name in cells:
        if name not in known:
            hint = close_match(name, known)
            raise Refusal(
                400, f"the header has a column {_printable(name)!r}, which is not a known field{hint}"
            )
        if cells.count(name) > 1:
            raise Refusal(400, f"the header has the column {name!r} twice")
    return cells


def _csv_row(names: list[str], cells: list[str]) -> Row:
    if len(cells) != len(names):
        rule = f"must have {len(names)} cells, in this order: {', '.join(names)}"
        return None, [Reason("record", len(cells), rule)]
    record, reasons = RECORD.validate(RECORD.from_cells(names, cells))
    return record, reasons


def _summary(errors: list[dict[str, object]]) -> str:
    also = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"instance {errors[0]['instance']}: {_sentence(errors[0])}{also}"


def _sentence(error: dict[str, object]) -> str:
    given = f", not {json.dumps(error['value'])}" if str(error["rule"]).startswith("must") else ""
    return f"{error['field']} {error['rule']}{given}"


def _printable(value: object) -> object:
    """`value` as it can be shown in an error: short, valid Unicode, finite."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) < 1e18:
        return value
    if isinstance(value, list | dict):
        return "[...]" if isinstance(value, list) else "{...}"
    text = (value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"

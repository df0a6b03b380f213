"""What a record is: schema.json, read once.

`schema.json` is JSON Schema 2020-12 of one flat record plus `x-role` (feature, target, key, time, ignore).
One field is the target; one may be the time.
Two record types follow from it: `training` (what is stored between processing and training: everything but
the ignored fields) and `request` (what a prediction is asked with: features and time).
"""

import difflib
import itertools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, cast

import msgspec

from slipway_model.failure import Failure

SCHEMA_FILE = Path(__file__).resolve().parent.parent / "schema.json"

ROLES = ("feature", "target", "key", "time", "ignore")
TYPES: dict[str, type] = {"string": str, "number": float, "integer": int, "boolean": bool}
NOUNS = {"string": "a string", "number": "a number", "integer": "an integer", "boolean": "true or false"}
ANNOTATIONS = {"title", "description", "examples", "default", "x-role", "x-unit", "type"}
BOUNDS = {
    "minimum": ("ge", "at least"),
    "exclusiveMinimum": ("gt", "greater than"),
    "maximum": ("le", "at most"),
    "exclusiveMaximum": ("lt", "less than"),
}
LENGTHS = {"minLength": ("min_length", "at least"), "maxLength": ("max_length", "at most")}
NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# Of a record with thousands of unknown fields, so many are named.
MOST_UNKNOWN = 10
LONGEST_NAME = 64

Scalar = str | float | int | bool | None


class Reason(NamedTuple):
    """Why a record is refused. `value` is as it came; `rule` completes the sentence '<field> ...'."""

    field: str
    value: object
    rule: str


class SchemaError(Failure):
    """schema.json itself says something that this program does not understand."""


@dataclass(frozen=True)
class Field:
    """One property of schema.json."""

    name: str
    type: str
    nullable: bool
    required: bool
    role: str
    unit: str
    description: str
    example: Scalar
    enum: tuple[Scalar, ...] | None
    limits: dict[str, float]
    pattern: re.Pattern[str] | None

    @classmethod
    def read(cls, name: str, spec: dict[str, Any], required: bool) -> "Field":
        """The field that the JSON Schema `spec` describes; SchemaError for what is not supported."""
        unknown = set(spec) - ANNOTATIONS - set(BOUNDS) - set(LENGTHS) - {"enum", "pattern"}
        if unknown:
            raise SchemaError(f"{name}: the keyword {sorted(unknown)[0]!r} is not supported")
        types = spec.get("type", [])
        kinds = [types] if isinstance(types, str) else list(types)
        named = [kind for kind in kinds if kind != "null"]
        if len(named) != 1 or named[0] not in TYPES:
            raise SchemaError(f"{name}: type must be one of {', '.join(TYPES)}, with or without null")
        role = spec.get("x-role")
        if role not in ROLES:
            raise SchemaError(f"{name}: x-role must be one of {', '.join(ROLES)}")
        enum = spec.get("enum")
        if enum is not None and any(not isinstance(v, str | None) for v in enum):
            raise SchemaError(f"{name}: an enum may hold strings and null only")
        # JSON Schema's `$` is the very end, Python's also comes before a last line break.
        pattern = re.sub(r"(?<!\\)\$$", r"\\Z", spec["pattern"]) if "pattern" in spec else None
        return cls(
            name=name,
            type=named[0],
            nullable="null" in kinds,
            required=required,
            role=role,
            unit=str(spec.get("x-unit", "")),
            description=str(spec.get("description", "")),
            example=next(iter(spec.get("examples", [])), None),
            enum=None if enum is None else tuple(enum),
            limits={key: spec[key] for key in (*BOUNDS, *LENGTHS) if key in spec},
            pattern=None if pattern is None else re.compile(pattern),
        )

    def check(self, value: object) -> tuple[Scalar, str | None]:
        """(value as this field's type, None), or (None, the rule that it breaks)."""
        if value is None:
            return None, None if self.nullable else self.type_rule
        number: object = value
        if self.type == "integer" and isinstance(value, float) and value.is_integer():
            number = int(value)
        elif self.type == "number" and isinstance(value, int) and not isinstance(value, bool):
            number = float(value) if abs(value) < 2**1000 else float("inf")
        if not isinstance(number, TYPES[self.type]) or (isinstance(number, bool) and self.type != "boolean"):
            return None, self.type_rule
        if isinstance(number, float) and number - number != 0.0:
            return None, "must be a finite number"
        if isinstance(number, str) and not number.isascii() and LONE_SURROGATE.search(number):
            return None, "must be valid Unicode text"
        checked = cast(Scalar, number)
        return checked, self._broken(checked)

    @property
    def type_rule(self) -> str:
        """What to say when the type is wrong."""
        if self.enum is not None:
            return self._enum_rule
        return f"must be {NOUNS[self.type]}{' or null' if self.nullable else ''}"

    @property
    def _enum_rule(self) -> str:
        return f"must be one of {', '.join('null' if v is None else str(v) for v in self.enum or ())}"

    def _broken(self, value: Any) -> str | None:
        if self.enum is not None and value not in self.enum:
            return self._enum_rule
        for keyword, limit in self.limits.items():
            if keyword in LENGTHS:
                size = len(value)
                if size < limit if keyword == "minLength" else size > limit:
                    return f"must have {LENGTHS[keyword][1]} {limit} characters"
            elif not _holds(keyword, value, limit):
                return f"must be {BOUNDS[keyword][1]} {limit}"
        if self.pattern is not None and not self.pattern.search(value):
            if self.role == "time":
                return f"must be a date and time like {self.example}"
            return f"must match the pattern {self.pattern.pattern}"
        if self.role == "time" and not is_time(value):
            return "must be a date and time that exists"
        return None

    def from_cell(self, cell: str) -> Scalar:
        """A CSV cell as this field's type; what cannot be converted stays text, for `check` to refuse."""
        if cell == "":
            return None
        if self.type in ("number", "integer") and NUMBER.fullmatch(cell):
            return int(cell) if cell.lstrip("+-").isdigit() and len(cell) < 20 else float(cell)
        if self.type == "boolean" and cell in ("true", "false"):
            return cell == "true"
        return cell

    def annotation(self) -> Any:
        """The msgspec type that accepts nothing that `check` refuses, but for what `lets_pass` tells."""
        if self.enum is not None:
            return Literal[self.enum]
        names = {**BOUNDS, **LENGTHS}
        limits: dict[str, Any] = {names[keyword][0]: limit for keyword, limit in self.limits.items()}
        base: Any = TYPES[self.type]
        if limits:
            base = Annotated[base, msgspec.Meta(**limits)]
        return base | None if self.nullable else base

    def lets_pass(self, texts: Iterable[str]) -> bool:
        """Whether all `texts` match the pattern and, of a time, are in the calendar."""
        if self.pattern is not None and not all(map(self.pattern.search, texts)):
            return False
        try:
            return self.role != "time" or all(map(datetime.fromisoformat, texts))
        except ValueError:
            return False


def _holds(keyword: str, value: float, limit: float) -> bool:
    if keyword == "minimum":
        return value >= limit
    if keyword == "maximum":
        return value <= limit
    return value > limit if keyword == "exclusiveMinimum" else value < limit


def close_match(name: str, known: Iterable[str]) -> str:
    """'; did you mean <the nearest known name>?', or nothing when none is near."""
    near = difflib.get_close_matches(name, known, n=1) if len(name) <= LONGEST_NAME else []
    return f"; did you mean {near[0]}?" if near else ""


def is_time(text: str) -> bool:
    """Whether `text` is a date and time of the calendar, not 30 February."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class RecordType:
    """Some fields of the schema, as a type that records are checked against and made of."""

    name: str
    fields: tuple[Field, ...]
    struct: Any = field(init=False)
    by_name: dict[str, Field] = field(init=False)

    def __post_init__(self) -> None:
        """Make the msgspec struct: attributes named as the fields, absent optional fields UNSET."""
        members: list[Any] = [
            (f.name, f.annotation())
            if f.required
            else (f.name, f.annotation() | msgspec.UnsetType, msgspec.UNSET)
            for f in self.fields
        ]
        struct = msgspec.defstruct(self.name, members, kw_only=True, forbid_unknown_fields=True, gc=False)
        object.__setattr__(self, "struct", struct)
        object.__setattr__(self, "by_name", {f.name: f for f in self.fields})

    def validate(self, values: dict[str, Any]) -> tuple[Any, list[Reason]]:
        """(record, []) or (None, every reason why `values` is none)."""
        unknown = itertools.islice((name for name in values if name not in self.by_name), MOST_UNKNOWN)
        reasons = [
            Reason(name, values[name], f"is not a known field{close_match(name, self.by_name)}")
            for name in unknown
        ]
        checked: dict[str, Scalar] = {}
        for item in self.fields:
            if item.name not in values:
                checked[item.name] = None
                if item.required:
                    reasons.append(Reason(item.name, None, "is required"))
                continue
            value, rule = item.check(values[item.name])
            if rule is None:
                checked[item.name] = value
            else:
                reasons.append(Reason(item.name, values[item.name], rule))
        return (None, reasons) if reasons else (self.struct(**checked), [])

    def from_cells(self, names: list[str], cells: list[str]) -> dict[str, Scalar]:
        """One CSV row as values for `validate`: an empty cell is null, or absent where null is forbidden."""
        values: dict[str, Scalar] = {}
        for name, cell in zip(names, cells, strict=True):
            item = self.by_name.get(name)
            if item is None:
                continue
            if cell != "" or item.nullable:
                values[name] = item.from_cell(cell)
        return values


@dataclass(frozen=True)
class Schema:
    """schema.json with its fields sorted by role."""

    title: str
    fields: tuple[Field, ...]
    training: RecordType
    request: RecordType

    @property
    def target(self) -> Field:
        return next(f for f in self.fields if f.role == "target")

    @property
    def time(self) -> Field | None:
        """When a record is of; None: rows have no order in time."""
        return next((f for f in self.fields if f.role == "time"), None)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(f.name for f in self.fields if f.role == "key")

    @property
    def slices(self) -> tuple[str, ...]:
        """Features of a few known values: what metrics are broken down by."""
        return tuple(f.name for f in self.fields if f.role == "feature" and f.enum is not None)


def load(path: Path = SCHEMA_FILE) -> Schema:
    """Read `path`; SchemaError names the property that cannot be used."""
    try:
        return _load(path)
    except SchemaError as error:
        raise SchemaError(f"schema.json: {error}") from None


def _load(path: Path) -> Schema:
    document = json.loads(path.read_text(encoding="utf-8"))
    required = set(document.get("required", []))
    properties: dict[str, dict[str, Any]] = document.get("properties", {})
    if document.get("type") != "object" or document.get("additionalProperties") is not False:
        raise SchemaError("the record must be of type object with additionalProperties false")
    if required - set(properties):
        raise SchemaError(f"required names {sorted(required - set(properties))[0]!r}, which is no property")
    fields = tuple(Field.read(name, spec, name in required) for name, spec in properties.items())
    if sum(f.role == "target" for f in fields) != 1:
        raise SchemaError("exactly one property must have the x-role target")
    if sum(f.role == "time" for f in fields) > 1:
        raise SchemaError("no more than one property may have the x-role time")
    _check_target(next(f for f in fields if f.role == "target"))
    return Schema(
        title=str(document.get("title", "Record")),
        fields=fields,
        training=RecordType("TrainingRecord", tuple(f for f in fields if f.role != "ignore")),
        request=RecordType("RequestRecord", tuple(f for f in fields if f.role in ("feature", "time"))),
    )


def _check_target(target: Field) -> None:
    if target.nullable or not target.required:
        raise SchemaError(f"{target.name}: the target must be required and never null")
    if target.type == "boolean" or (target.type == "string" and len(target.enum or ()) < 2):
        raise SchemaError(
            f"{target.name}: the target must be a number or an integer, or a string with an enum of two "
            "classes at least"
        )


SCHEMA = load()

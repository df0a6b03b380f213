"""The fast check of requests in JSON: what msgspec's types leave open, for all records of a request at once.

msgspec could look at patterns too, at four times the cost of all else that it does; it takes the last of a
name that occurs twice in an object, and says nothing; and it knows no calendar.
"""

import operator
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from slipway_model.schema import SCHEMA, Field

# Texts of one field that are remembered as valid.
MOST_KNOWN = 10_000
ABSENT = {None, msgspec.UNSET}


def _lines(pattern: re.Pattern[str] | None) -> re.Pattern[str] | None:
    """What matches lines that `pattern` all matches, faster than one by one; None where that is not certain.

    It matches no other lines, though perhaps not all of these. Atomic groups keep it from trying line after
    line in other ways. Nothing in the pattern may match a line break.
    """
    found = re.fullmatch(r"\^([\w \-:+(){}|?*,\[\]]*)\\Z", pattern.pattern) if pattern else None
    return re.compile(f"(?:(?>{found[1]})\n)*+") if found else None


class _Check:
    """Checks one field."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._get = operator.attrgetter(field.name)
        self._quotes = _quotes(field)
        # Names of zones come again and again, times do not.
        self._may_repeat = field.role != "time" or field.nullable or not field.required
        self._known: set[Any] = set()
        self._lines = _lines(field.pattern)

    def quotes(self, records: Sequence[Any]) -> int | None:
        """The quotation marks around its name and value in JSON; None when a value is not valid.

        Absent values become None.
        """
        values = list(map(self._get, records))
        count = self._quotes * len(values)
        if not self._may_repeat:
            return count if self._let_pass(values) else None
        distinct = set(values)
        if distinct <= self._known:
            return count
        if msgspec.UNSET in distinct:
            for record, value in zip(records, values, strict=True):
                if value is msgspec.UNSET:
                    setattr(record, self._field.name, None)
                    count -= self._quotes
        if None in distinct and self._field.type == "string":
            count -= 2 * [value is None for value in values].count(True)
        new = distinct - self._known - ABSENT
        if not self._field.lets_pass(new):
            return None
        if len(self._known) + len(new) <= MOST_KNOWN:
            self._known |= new
        return count

    def _let_pass(self, times: list[str]) -> bool:
        """Whether all `times` match the pattern and are in the calendar."""
        lines = "\n".join(times) + "\n"
        if self._lines is None or lines.count("\n") != len(times) or not self._lines.fullmatch(lines):
            return self._field.lets_pass(times)
        try:
            return all(map(datetime.fromisoformat, times))
        except ValueError:
            return False


def _quotes(field: Field) -> int:
    return 4 if field.type == "string" else 2


def _is_open(field: Field) -> bool:
    return not field.required or field.nullable or field.pattern is not None or field.role == "time"


_checks = [_Check(field) for field in SCHEMA.request.fields if _is_open(field)]
_other_quotes = sum(_quotes(field) for field in SCHEMA.request.fields if not _is_open(field))


def is_plain(data: bytes, records: Sequence[Any], quotes: int) -> bool:
    """Whether `records`, which msgspec has decoded from `data`, are valid, and `data` says no more than they.

    Another name means more quotation marks than the records account for; `quotes` is the number outside them.
    """
    if b"\\" in data:
        return False  # an escaped quotation mark is in the text, not around it
    quotes += len(records) * _other_quotes
    for check in _checks:
        found = check.quotes(records)
        if found is None:
            return False
        quotes += found
    return _count_quotes(data) == quotes


def _count_quotes(data: bytes) -> int:
    if len(data) < 4096:
        return data.count(b'"')
    return int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == ord('"')))

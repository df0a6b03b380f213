"""What the rows of a data set look like, column by column: the baseline that later data is compared with."""

from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from slipway_model.schema import Field

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
TOP = 100


class Profile:
    """Counts, ranges, quantiles and categories of `fields`, gathered row by row (8 bytes a number)."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields = fields
        self.rows = 0
        self._numbers = {f.name: array("d") for f in fields if f.type in ("number", "integer")}
        self._texts: dict[str, Counter[str]] = {f.name: Counter() for f in fields if self._is_category(f)}
        self._times: dict[str, tuple[str, str]] = {}
        self._missing: Counter[str] = Counter()

    @staticmethod
    def _is_category(field: Field) -> bool:
        return field.type in ("string", "boolean") and field.role not in ("time", "key")

    def add(self, values: Sequence[Any]) -> None:
        """Count one row, given in the order of the fields."""
        self.rows += 1
        for field, value in zip(self.fields, values, strict=True):
            if value is None:
                self._missing[field.name] += 1
            elif field.name in self._numbers:
                self._numbers[field.name].append(value)
            elif field.name in self._texts:
                self._texts[field.name][str(value)] += 1
            else:
                moment = str(value).replace("T", " ")
                low, high = self._times.get(field.name, (moment, moment))
                self._times[field.name] = (min(low, moment), max(high, moment))

    def document(self) -> dict[str, Any]:
        """The profile as JSON: by column, in the units of the schema."""
        return {"rows": self.rows, "columns": {f.name: self._column(f) for f in self.fields}}

    def _column(self, field: Field) -> dict[str, Any]:
        missing = self._missing[field.name]
        column: dict[str, Any] = {
            "role": field.role,
            "unit": field.unit,
            "count": self.rows - missing,
            "missing": missing,
        }
        if field.name in self._times:
            return {**column, "min": self._times[field.name][0], "max": self._times[field.name][1]}
        if field.name in self._texts:
            counts = self._texts[field.name]
            ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            return {**column, "distinct": len(counts), "categories": dict(ordered[:TOP])}
        numbers = np.frombuffer(self._numbers.get(field.name, array("d")), dtype=np.float64)
        if len(numbers) == 0:
            return column
        quantiles = np.quantile(numbers, QUANTILES)
        return {
            **column,
            "min": float(numbers.min()),
            "max": float(numbers.max()),
            "mean": float(numbers.mean()),
            "std": float(numbers.std()),
            "quantiles": {str(q): float(v) for q, v in zip(QUANTILES, quantiles, strict=True)},
        }

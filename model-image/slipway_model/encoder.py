"""Categories as numbers. Learned once from the training rows and kept in the artifact."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_model import features

Matrix = NDArray[np.float64]
MISSING = float("nan")


class Encoder:
    """`categories`: for each categorical feature its known texts; the place in the list is the code."""

    def __init__(self, categories: dict[str, list[str]]) -> None:
        self.categories = categories
        self._codes: list[dict[Any, float] | None] = [
            {text: float(code) for code, text in enumerate(categories[name])} if name in categories else None
            for name in features.NAMES
        ]

    @classmethod
    def fit(cls, rows: Sequence[tuple[features.Value, ...]]) -> "Encoder":
        """Learn the categories of `rows` (as `features.compute` gives them), in alphabetical order."""
        return cls(
            {
                name: sorted({str(row[i]) for row in rows if row[i] is not None})
                for i, name in enumerate(features.NAMES)
                if name in features.CATEGORICAL
            }
        )

    def row(self, values: tuple[Any, ...]) -> list[float]:
        """One row as numbers; missing values and unseen categories are NaN."""
        return [
            (MISSING if value is None else value) if codes is None else codes.get(value, MISSING)
            for value, codes in zip(values, self._codes, strict=True)
        ]

    def matrix(
        self, records: Iterable[Any], compute: Callable[[Any], tuple[features.Value, ...]] = features.compute
    ) -> Matrix:
        """Features of `records`, shape (records, features)."""
        rows = [self.row(compute(record)) for record in records]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(features.NAMES))

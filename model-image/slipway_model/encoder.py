"""Rows of numbers from records, by what was learned once from training rows and is kept in the artifact."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_model import features
from slipway_model.failure import Failure
from slipway_model.features import MISSING, Features

Matrix = NDArray[np.float64]
# Rows at a time, so that columns take little memory beside the matrix.
BLOCK = 4096


def place_of(name: str, constant: str) -> int:
    """Which column of the matrix the feature is that a constant of `features.py` names."""
    if name not in features.NAMES:
        raise Failure(
            f"{constant} in features.py has {name!r}, which is none of its NAMES "
            f"({', '.join(features.NAMES)}); name one of them"
        )
    return features.NAMES.index(name)


class Encoder:
    """`categories`: for each categorical feature its known texts; the place in the list is the code.

    `learned`: what `Features` is made with.
    """

    def __init__(self, categories: dict[str, list[str]], learned: Any) -> None:
        self.categories = categories
        self.learned = learned
        known = Features(learned)
        self._compute = known.compute
        self._columns = getattr(known, "columns", None)
        self._codes: list[tuple[int, dict[Any, float]]] = [
            (features.NAMES.index(name), {text: float(code) for code, text in enumerate(texts)})
            for name, texts in categories.items()
        ]

    @staticmethod
    def observe(records: Sequence[Any]) -> Any:
        """What the rows of one training host show, as JSON: input of `learn`."""
        texts: dict[str, list[str]] = {}
        for name in features.CATEGORICAL:
            place_of(name, "CATEGORICAL")
        if features.CATEGORICAL:
            # Categories are texts of the record, which need nothing learned.
            rows = [Features(Features.learn([])).compute(record) for record in records]
            for place, name in enumerate(features.NAMES):
                if name in features.CATEGORICAL:
                    texts[name] = sorted({str(row[place]) for row in rows if row[place] is not None})
        return {"categories": texts, "features": Features.observe(records)}

    @classmethod
    def learn(cls, observed: Sequence[Any]) -> dict[str, Any]:
        """The arguments of an `Encoder`, as JSON, from what all hosts have observed."""
        united: dict[str, set[str]] = {}
        for name, texts in itertools.chain(*(host["categories"].items() for host in observed)):
            united.setdefault(name, set()).update(texts)
        return {
            "categories": {name: sorted(texts) for name, texts in united.items()},
            "learned": Features.learn([host["features"] for host in observed]),
        }

    def check(self, records: Sequence[Any]) -> None:
        """Too few or too many values would be taken for those of other features."""
        first = records[:1]
        widths = [len(self._compute(record)) for record in first]
        if first and self._columns is not None:
            widths.append(len(list(self._columns(first))))
        for width in widths:
            if width != len(features.NAMES):
                raise Failure(
                    f"features.py computes {width} values of a record, and NAMES has {len(features.NAMES)} "
                    f"({', '.join(features.NAMES)}); give one value for each name, in the same order"
                )

    def row(self, record: Any) -> Sequence[Any]:
        """The features of one record as numbers; missing values and unseen categories are NaN."""
        values = self._compute(record)
        if not self._codes:
            return values
        row = list(values)
        for place, codes in self._codes:
            row[place] = codes.get(row[place], MISSING)
        return row

    def matrix(self, records: Sequence[Any]) -> Matrix:
        """Features of `records`, shape (records, features); the same numbers as `row` gives."""
        width = len(features.NAMES)
        if not records or self._columns is None:
            values: Iterable[Any] = itertools.chain.from_iterable(map(self.row, records))
            return np.fromiter(values, np.float64, len(records) * width).reshape(-1, width)
        matrix = np.empty((len(records), width))
        for start in range(0, len(records), BLOCK):
            columns = list(self._columns(records[start : start + BLOCK]))
            for place, codes in self._codes:
                columns[place] = [codes.get(text, MISSING) for text in columns[place]]
            for place, column in enumerate(columns):
                matrix[start : start + BLOCK, place] = column
        return matrix

"""Rows of numbers from records, by what was learned once from training rows and is kept in the artifact."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_model import features
from slipway_model.features import MISSING, Features

Matrix = NDArray[np.float64]
# Rows at a time, so that columns take little memory beside the matrix.
BLOCK = 4096


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

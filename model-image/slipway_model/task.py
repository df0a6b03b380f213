"""The kind of problem, which follows from the target's type in schema.json.

A number or an integer: regression. A string with an enum: classification. `TASK` is the module that knows
what differs: target, losses, what an answer holds, metrics. All else is the same for both.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from slipway_model.boosting import Boosting, Fitted, Rows
from slipway_model.encoder import Matrix
from slipway_model.metrics import Vector
from slipway_model.schema import SCHEMA

Predicted = NDArray[np.float64]


class Output(Protocol):
    """From the raw predictions of the models, in the order of `MODELS`, to rows of numbers."""

    def rows(self, matrix: Matrix, raw: list[Predicted], /) -> Predicted:
        """One row for each of `matrix`; raw predictions have the shape (rows, outputs)."""

    def row(self, numbers: Sequence[float], raw: list[list[float]], /) -> list[float]:
        """The same for one row."""


class Task(Protocol):
    """What `regression` and `classification` have in common."""

    @property
    def KIND(self) -> str: ...  # noqa: N802
    @property
    def MODELS(self) -> tuple[str, ...]: ...  # noqa: N802
    @property
    def COLUMNS(self) -> tuple[str, ...]: ...  # noqa: N802
    @property
    def DESCRIPTION(self) -> str: ...  # noqa: N802
    @property
    def ERROR(self) -> str: ...  # noqa: N802
    @property
    def MEASURES(self) -> dict[str, tuple[str, str]]:  # noqa: N802
        """By metric: what people call it, and how to print it."""

    @property
    def SLICE_MEASURES(self) -> dict[str, tuple[str, str]]: ...  # noqa: N802

    def Output(self, parameters: dict[str, Any], /) -> Output: ...  # noqa: N802
    def target(self, records: Sequence[Any], /) -> Vector: ...
    def train(self, boosting: Boosting, train: Rows, validation: Rows, everything: Rows, /) -> Fitted: ...
    def answers(self, rows: Iterable[Sequence[float]], /) -> Sequence[msgspec.Struct]: ...
    def cells(self, row: Sequence[float], /) -> list[Any]: ...
    def measure(
        self, predicted: Predicted, test: Rows, baseline: dict[str, float], /
    ) -> dict[str, float]: ...
    def measure_slice(self, predicted: Predicted, actual: Vector, /) -> dict[str, float]: ...


TASK: Task
# Each asks of features.py only what it needs, so the other is not even imported.
if SCHEMA.target.type == "string":
    from slipway_model import classification

    TASK = classification
else:
    from slipway_model import regression

    TASK = regression

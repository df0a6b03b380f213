"""Predicting one of the classes that the target's enum in schema.json names, and the probability of each."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from slipway_model import metrics
from slipway_model.boosting import Boosting, Fitted, Rows
from slipway_model.encoder import Matrix
from slipway_model.metrics import Vector
from slipway_model.schema import SCHEMA

KIND = "classification"
MODELS = ("classes",)
CLASSES = tuple(str(text) for text in SCHEMA.target.enum or ())
COLUMNS = ("value", *CLASSES)
DESCRIPTION = "gradient-boosted trees, one sequence for each class, multinomial logistic loss"

ERROR = "share of the rows whose class is not the most probable one"
MEASURES = {
    "test:error_rate": ("error of the model", ".1%"),
    "test:error_rate_baseline": ("error when always naming the most frequent class", ".1%"),
    "test:log_loss": ("mean -ln(probability of the actual class)", ".3f"),
}
SLICE_MEASURES = {"error_rate": ("error", ".1%"), "log_loss": ("log loss", ".3f")}


class Prediction(msgspec.Struct, gc=False):
    """One row of an answer: the most probable class, and the probability of all of them."""

    value: str
    probabilities: dict[str, float]


def answers(rows: Iterable[Sequence[float]]) -> list[Prediction]:
    """Rows of `Output.rows` as they are sent."""
    return [Prediction(CLASSES[row.index(max(row))], dict(zip(CLASSES, row, strict=True))) for row in rows]


def cells(row: Sequence[float]) -> list[Any]:
    """A row of `Output.rows` as CSV cells."""
    return [CLASSES[row.index(max(row))], *row]


def target(records: Sequence[Any]) -> Vector:
    """The actual classes of `records`, as places in `CLASSES`."""
    return np.array(
        [CLASSES.index(getattr(record, SCHEMA.target.name)) for record in records], dtype=np.float64
    )


def train(boosting: Boosting, train: Rows, validation: Rows, everything: Rows) -> Fitted:
    """Learn from `everything`, of which `train` and (on the leader) `validation` are parts."""
    objective = {"objective": "multiclass", "metric": "multi_logloss", "num_class": len(CLASSES)}
    first = boosting.until_no_better(train, validation, objective)
    rounds = boosting.rounds_on_all(first, len(train), len(everything))
    counts = np.bincount(boosting.group.column(train.target).astype(np.int64), minlength=len(CLASSES))
    return Fitted(
        models={"classes": boosting.fit(everything, rounds, objective)},
        parameters={"classes": list(CLASSES)},
        measured={"validation:error_rate": _error_rate(first.predict(validation.matrix), validation.target)},
        baseline={"most_frequent": float(counts.argmax())},
    )


class Output:
    """From the raw predictions of the model to probabilities, which sum to 1 in each row."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        if parameters["classes"] != list(CLASSES):
            raise ValueError(f"its classes are {parameters['classes']}, not {list(CLASSES)}")

    def rows(self, _matrix: Matrix, raw: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Shape (rows, classes)."""
        powers = np.exp(raw[0] - raw[0].max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def row(self, numbers: Sequence[float], raw: list[list[float]]) -> list[float]:
        """The same for one row."""
        row: list[float] = self.rows(np.array([numbers]), [np.array(raw[0]).reshape(1, -1)])[0].tolist()
        return row


def measure(predicted: NDArray[np.float64], test: Rows, baseline: dict[str, float]) -> dict[str, float]:
    """Metrics on the test rows, and what always naming the training rows' commonest class reaches there."""
    return {
        **{f"test:{name}": value for name, value in measure_slice(predicted, test.target).items()},
        "test:error_rate_baseline": float(np.mean(test.target != baseline["most_frequent"])),
    }


def measure_slice(predicted: NDArray[np.float64], actual: Vector) -> dict[str, float]:
    """The metrics of some of the test rows."""
    return {
        "error_rate": _error_rate(predicted, actual),
        "log_loss": metrics.log_loss(predicted, actual),
    }


def _error_rate(predicted: Any, actual: Vector) -> float:
    return float(np.mean(np.asarray(predicted).argmax(axis=1) != actual))

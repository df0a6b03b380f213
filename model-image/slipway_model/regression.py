"""Predicting a number: a value, and the ends of the interval in which it lies with the declared share.

    value = line.intercept + line.slope * <line.feature> + point(features)
    lower = value - interval.below * scale(features)
    upper = value + interval.above * scale(features)

`point` learns what the straight line leaves over; trees cannot draw a slope. `scale` learns how far off
`point` is on rows that it has not seen, and `below` and `above` are set so that the interval covers its share
of these rows (cross-conformal prediction with locally adaptive width: Vovk 2015, Papadopoulos 2008). So no
row is held back from learning.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from slipway_model import features, metrics
from slipway_model.boosting import Boosting, Fitted, Rows
from slipway_model.encoder import Matrix, place_of
from slipway_model.metrics import Vector
from slipway_model.schema import SCHEMA

KIND = "regression"
MODELS = ("point", "scale")
COLUMNS = ("value", "lower", "upper")
DESCRIPTION = (
    "gradient-boosted trees over a straight line, Huber loss; a second model, of the size of the error, for "
    "the width of the interval, which is calibrated on errors for rows not learned from"
)

ERROR = "mean absolute error"
MEASURES = {
    "test:mae": ("error of the model", ".2f"),
    "test:mae_median_baseline": ("error when always predicting the median", ".2f"),
    f"test:mae_{features.BASELINE}_baseline": (f"error of a straight line by {features.BASELINE}", ".2f"),
    "test:interval_coverage": ("actual value within the interval", ".1%"),
    "test:interval_width": ("mean width of the interval", ".2f"),
}
SLICE_MEASURES = {"mae": ("error", ".2f"), "interval_coverage": ("within the interval", ".1%")}

# Huber loss is the absolute error but for its rounded tip, which lets leaves average small errors out: 0.006
# dollars less mean absolute error than with LightGBM's regression_l1 (5-fold).
POINT = {"objective": "huber", "metric": "l1"}
# The interval is as wide as this model says times a factor: it need not be more than roughly right.
SCALE = {
    "objective": "quantile",
    "alpha": 0.8,
    "learning_rate": 0.1,
    "num_leaves": 8,
    "min_data_in_leaf": 40,
}
SCALE_ROUNDS = 40
# No row is nearer to certain than this share of the usual error: divisors must not be 0.
LEAST_SCALE = 0.1


class Prediction(msgspec.Struct, gc=False):
    """One row of an answer, in the target's unit."""

    value: float
    lower: float
    upper: float


def answers(rows: Iterable[Sequence[float]]) -> list[Prediction]:
    """Rows of `Output.rows` as they are sent."""
    return list(itertools.starmap(Prediction, rows))


def cells(row: Sequence[float]) -> list[Any]:
    """A row of `Output.rows` as CSV cells."""
    return list(row)


def target(records: Sequence[Any]) -> Vector:
    """The actual values of `records`."""
    return np.array([getattr(record, SCHEMA.target.name) for record in records], dtype=np.float64)


def train(boosting: Boosting, train: Rows, validation: Rows, everything: Rows) -> Fitted:
    """Learn from `everything`, of which `train` and (on the leader) `validation` are parts."""
    group = boosting.group
    start = group.column(_column(everything, "START"))
    line = group.leaders(list(metrics.straight_line(start, group.column(everything.target))))
    baseline = _baseline(group.column(_column(train, "BASELINE")), group.column(train.target))
    train, rest, validation = (_over(line, rows) for rows in (train, everything, validation))
    first = boosting.until_no_better(train, validation, POINT)
    rounds = boosting.rounds_on_all(first, len(train), len(rest))

    # Half as many steps, twice as long, are as good for the purpose.
    rough = {**POINT, "learning_rate": min(1.0, 2 * boosting.values["learning_rate"])}
    error = rest.target - boosting.out_of_fold(rest, max(1, rounds // 2), rough)
    sizes = Rows(rest.matrix, np.abs(error))
    usual = group.leaders(float(np.median(group.column(sizes.target))))
    least = LEAST_SCALE * usual
    scale = np.maximum(boosting.out_of_fold(sizes, SCALE_ROUNDS, SCALE), least)
    relative = group.column(error / scale)
    share_below, share_above = boosting.values["interval_lower"], boosting.values["interval_upper"]
    return Fitted(
        models={
            "point": boosting.fit(rest, rounds, POINT),
            "scale": boosting.fit(sizes, SCALE_ROUNDS, SCALE),
        },
        parameters={
            "line": {"feature": features.START, "intercept": line[0], "slope": line[1]},
            "interval": {
                "quantiles": [share_below, share_above],
                "below": -float(np.quantile(relative, share_below)),
                "above": float(np.quantile(relative, share_above)),
                "least_scale": least,
            },
        },
        measured={"validation:mae": metrics.mae(first.predict(validation.matrix), validation.target)},
        baseline=baseline,
    )


def _baseline(feature: Vector, actual: Vector) -> dict[str, float]:
    """What the model must beat: the median, and a straight line by one feature."""
    intercept, slope = metrics.straight_line(feature, actual)
    return {"median": float(np.median(actual)), "intercept": intercept, "slope": slope}


def _over(line: list[float], rows: Rows) -> Rows:
    """What the straight line leaves over."""
    return Rows(rows.matrix, rows.target - (line[0] + line[1] * _column(rows, "START")))


def _column(rows: Rows, constant: str) -> Vector:
    """The feature that a constant of `features.py` names."""
    return rows.matrix[:, place_of(getattr(features, constant), constant)]


class Output:
    """From the raw predictions of the models to value, lower and upper, with lower <= value <= upper."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        line, interval = parameters["line"], parameters["interval"]
        self._intercept, self._slope = float(line["intercept"]), float(line["slope"])
        self._below, self._above = float(interval["below"]), float(interval["above"])
        self._least = float(interval["least_scale"])
        self._start = place_of(features.START, "START")
        limits = SCHEMA.target.limits
        self._low = limits.get("minimum", limits.get("exclusiveMinimum", -float("inf")))
        self._high = limits.get("maximum", limits.get("exclusiveMaximum", float("inf")))

    def rows(self, matrix: Matrix, raw: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Shape (rows, 3), in the target's unit."""
        point = self._intercept + self._slope * matrix[:, self._start] + raw[0][:, 0]
        scale = np.maximum(raw[1][:, 0], self._least)
        value = np.round(point / features.STEP) * features.STEP if features.STEP else point
        ends = [
            np.minimum(point - self._below * scale, value),
            np.maximum(point + self._above * scale, value),
        ]
        return np.asarray(np.clip(np.column_stack([value, *ends]), self._low, self._high))

    def row(self, numbers: Sequence[float], raw: list[list[float]]) -> list[float]:
        """The same for one row."""
        point = self._intercept + self._slope * numbers[self._start] + raw[0][0]
        scale = max(raw[1][0], self._least)
        value = round(point / features.STEP) * features.STEP if features.STEP else point
        low, high = self._low, self._high
        ends = min(point - self._below * scale, value), max(point + self._above * scale, value)
        return [min(max(number, low), high) for number in (value, *ends)]


def measure(predicted: NDArray[np.float64], test: Rows, baseline: dict[str, float]) -> dict[str, float]:
    """Metrics on the test rows, and what the two baselines reach there."""
    line = baseline["intercept"] + baseline["slope"] * _column(test, "BASELINE")
    median = np.full(len(test), baseline["median"])
    return {
        **{f"test:{name}": value for name, value in measure_slice(predicted, test.target).items()},
        "test:mae_median_baseline": metrics.mae(median, test.target),
        f"test:mae_{features.BASELINE}_baseline": metrics.mae(line, test.target),
        "test:interval_width": float(np.mean(predicted[:, 2] - predicted[:, 1])),
    }


def measure_slice(predicted: NDArray[np.float64], actual: Vector) -> dict[str, float]:
    """The metrics of some of the test rows."""
    return {
        "mae": metrics.mae(predicted[:, 0], actual),
        "interval_coverage": metrics.coverage(predicted[:, 1], predicted[:, 2], actual),
    }

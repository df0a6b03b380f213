"""Figures that describe a model, and the lines by which SageMaker gets them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


def report_metric(name: str, value: float) -> None:
    """Print a line that the metric definition `metric <name>=([-+0-9.eE]+)` finds."""
    print(f"metric {name}={value if isinstance(value, int) else f'{value:.6f}'}", flush=True)


def mae(predicted: Vector, actual: Vector) -> float:
    """Mean absolute error, in the unit of the target."""
    return float(np.mean(np.abs(predicted - actual)))


def coverage(lower: Vector, upper: Vector, actual: Vector) -> float:
    """Share of the rows whose actual value lies in the interval, 0 to 1."""
    return float(np.mean((actual >= lower) & (actual <= upper)))


def straight_line(x: Vector, y: Vector) -> tuple[float, float]:
    """(intercept, slope) of least squares; a level line when `x` does not vary."""
    spread = float(np.sum((x - x.mean()) ** 2))
    slope = float(np.sum((x - x.mean()) * (y - y.mean()))) / spread if spread > 0 else 0.0
    return float(y.mean() - slope * x.mean()), slope


def log_loss(probabilities: Vector, actual: Vector) -> float:
    """Mean of -ln(probability of the actual class); `actual` are places in the rows of `probabilities`."""
    of_actual = probabilities[np.arange(len(actual)), actual.astype(np.int64)]
    return float(-np.mean(np.log(np.maximum(of_actual, 1e-15))))


def by_slice(
    names: tuple[str, ...], records: list[Any], measure: Callable[[Vector], dict[str, float]]
) -> list[dict[str, Any]]:
    """For each value of each field in `names`: its rows, and what `measure` says of them, given a mask."""
    slices: list[dict[str, Any]] = []
    for name in names:
        values = [getattr(record, name) for record in records]
        for value in sorted(set(values), key=lambda v: (v is None, str(v))):
            chosen = np.array([v == value for v in values])
            slices.append({"field": name, "value": value, "rows": int(chosen.sum()), **measure(chosen)})
    return slices

"""How good the model is: 5-fold cross-validation of the container's own training on the sample data.

    .venv/bin/python bench/training/cross_validation.py

For each fold the container trains on the other four folds' rows, of which 15 % are its validation channel;
it only predicts the fold itself. Folds are scikit-learn's KFold(5, shuffle=True, random_state=0) over the
rows of data/taxis.csv.
"""

import contextlib
import csv
import io
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "model-image"))

from slipway_model import artifact, metrics, training  # noqa: E402
from slipway_model.layout import Layout  # noqa: E402
from slipway_model.predictor import Predictor  # noqa: E402
from slipway_model.schema import SCHEMA  # noqa: E402

FOLDS = 5
VALIDATION_SHARE = 0.15


def main() -> None:
    """Print the error and the interval's coverage of each fold and of all rows together."""
    with (ROOT / "data" / "taxis.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    order = np.arange(len(rows))
    np.random.RandomState(0).shuffle(order)
    folds = np.array_split(order, FOLDS)
    actual = np.array([float(row[SCHEMA.target.name]) for row in rows])
    predicted = np.full((len(rows), 3), np.nan)
    print(f"{'fold':>4} {'rows':>6} {'error':>7} {'within':>7} {'training':>9}")
    for place, fold in enumerate(folds):
        others = np.concatenate([other for other in folds if other is not fold])
        began = time.perf_counter()
        predicted[fold] = _predict([rows[i] for i in others], [rows[i] for i in fold])
        seconds = time.perf_counter() - began
        print(f"{place:>4} {_figures(predicted[fold], actual[fold])} {seconds:>7.1f} s", flush=True)
    print(f"{'all':>4} {_figures(predicted, actual)}")


def _predict(learned: list[dict[str, str]], asked: list[dict[str, str]]) -> metrics.Vector:
    """What the container, trained on `learned`, predicts for `asked`."""
    cut = round(len(learned) * (1 - VALIDATION_SHARE))
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder))
        for name, part in (("train", learned[:cut]), ("validation", learned[cut:]), ("test", asked)):
            path = layout.channel(name) / "data.csv"
            path.parent.mkdir(parents=True)
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(part[0]))
                writer.writeheader()
                writer.writerows(part)
        with contextlib.redirect_stdout(io.StringIO()):
            training.train(layout)
        records = training._read_channel(layout, "test")
        return Predictor(artifact.load(layout.model)).predict_records(records)


def _figures(predicted: metrics.Vector, actual: metrics.Vector) -> str:
    error = metrics.mae(predicted[:, 0], actual)
    within = metrics.coverage(predicted[:, 1], predicted[:, 2], actual)
    return f"{len(actual):>6} {error:>7.4f} {within:>7.1%}"


if __name__ == "__main__":
    main()

"""One run of one trainer, alone in its process, so that its peak memory is its own: prints one line of JSON.

    python measure.py container|scikit-learn ROWS

Rows are drawn with replacement from the sample data, distance and fare moved by normal noise (5 % and 3 %).
The clock runs from records in memory to a model: features are computed by the container's code for both. One
model each, the point prediction, of as many trees; the error is on rows seen in training and only tells that
both learn.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "model-image"))

from slipway_model import features, tables  # noqa: E402
from slipway_model.encoder import Encoder  # noqa: E402
from slipway_model.schema import SCHEMA  # noqa: E402

TREES = 100
LEAVES = 31


def main() -> None:
    """Time one trainer."""
    trainer, count = sys.argv[1], int(sys.argv[2])
    records, target = _rows(count)
    began = time.perf_counter()
    rows = [features.compute(record) for record in records]
    encoder = Encoder.fit(rows)
    matrix = np.array([encoder.row(row) for row in rows])
    del rows
    computed = time.perf_counter()
    error = (_container if trainer == "container" else _scikit_learn)(matrix, target)
    ended = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"features": computed - began, "fit": ended - computed, "peak": peak, "error": error}))


def _rows(count: int) -> tuple[list[Any], Any]:
    known = {field.name for field in SCHEMA.fields}
    path = ROOT / "data" / "taxis.csv"
    sample = [row.record for row in tables.read(path, path.name, known, SCHEMA.training) if not row.reasons]
    random = np.random.default_rng(0)
    drawn = random.integers(len(sample), size=count)
    moved, paid = random.normal(1, 0.05, count), random.normal(1, 0.03, count)
    records = [
        msgspec.structs.replace(sample[i], distance=float(sample[i].distance * abs(m)))
        for i, m in zip(drawn, moved, strict=True)
    ]
    return records, np.array([record.fare for record in records]) * paid


def _container(matrix: Any, target: Any) -> float:
    """The point model with the container's parameters, but for a fixed number of trees."""
    import lightgbm

    from slipway_model import hyperparameters, machine, training

    given = hyperparameters.read(Path("none"))
    parameters = {
        **{name: value for name, value in given.items() if name not in training.OWN},
        **training._objective("point", given),
        "num_leaves": LEAVES,
        "num_threads": machine.threads_for(len(target)),
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    categories = [name for name in features.NAMES if name in features.CATEGORICAL]
    data = lightgbm.Dataset(
        matrix, target, feature_name=list(features.NAMES), categorical_feature=categories, params=parameters,
        init_score=matrix[:, features.NAMES.index(features.START)],
    )  # fmt: skip
    booster = lightgbm.train(parameters, data, TREES)
    last = matrix[-10_000:].copy()
    start = last[:, features.NAMES.index(features.START)]
    return float(np.mean(np.abs(start + np.asarray(booster.predict(last)) - target[-10_000:])))


def _scikit_learn(matrix: Any, target: Any) -> float:
    """HistGradientBoostingRegressor as near to it as its parameters allow."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    categorical = [name in features.CATEGORICAL for name in features.NAMES]
    model = HistGradientBoostingRegressor(
        loss="absolute_error", max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=0.05, min_samples_leaf=10,
        l2_regularization=1.0, categorical_features=categorical, early_stopping=False, random_state=0,
    )  # fmt: skip
    model.fit(matrix, target)
    return float(np.mean(np.abs(model.predict(matrix[-10_000:]) - target[-10_000:])))


if __name__ == "__main__":
    main()

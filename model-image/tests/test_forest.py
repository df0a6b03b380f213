"""The forest: what it predicts is what LightGBM predicts, for any trees that it takes."""

import lightgbm
import numpy as np
import pytest

from slipway_model.forest import Forest, Unsupported


def booster(**parameters: object) -> tuple[lightgbm.Booster, np.ndarray]:
    """Trees on random rows with missing values, zeros, ties and a constant column; and other such rows."""
    random = np.random.default_rng(0)
    matrix = np.round(random.normal(size=(2000, 6)), 1)
    matrix[random.random(matrix.shape) < 0.1] = np.nan
    matrix[:, 3] = np.where(np.isnan(matrix[:, 3]), 0, matrix[:, 3])  # NaN only after training
    matrix[:, 5] = 7
    target = np.nansum(matrix[:, :4] ** 2, axis=1)
    if parameters.get("objective") == "multiclass":
        target = target.astype(int) % 3
    data = lightgbm.Dataset(matrix[:1000], target[:1000])
    trained = lightgbm.train({"verbosity": -1, "num_threads": 1, **parameters}, data, 50)
    other = matrix[1000:]
    other[::7, 3] = np.nan
    other[::11, 0] = np.inf
    other[::13, 1] = -np.inf
    return trained, other


@pytest.mark.parametrize(
    "parameters",
    [
        {"objective": "huber"},
        {"objective": "regression", "num_leaves": 32, "use_missing": True},
        {"objective": "quantile", "alpha": 0.8, "num_leaves": 5},
        {"objective": "multiclass", "num_class": 3},
        {"objective": "regression", "min_data_in_leaf": 2000},  # no split at all
    ],
)
def test_predicts_what_lightgbm_predicts(parameters: dict[str, object]) -> None:
    trained, rows = booster(**parameters)
    expected = np.asarray(trained.predict(rows, raw_score=True)).reshape(len(rows), -1)
    for count in (0, 1, 2, 129, len(rows)):
        np.testing.assert_array_equal(Forest([trained]).predict(rows[:count])[0], expected[:count])


def test_takes_several_boosters_at_once() -> None:
    first, rows = booster(objective="huber")
    second, _ = booster(objective="multiclass", num_class=3)
    for raw, trained in zip(Forest([first, second]).predict(rows), (first, second), strict=True):
        expected = np.asarray(trained.predict(rows, raw_score=True)).reshape(raw.shape)
        np.testing.assert_array_equal(raw, expected)


@pytest.mark.parametrize(
    "parameters", [{"num_leaves": 33, "min_data_in_leaf": 1}, {"zero_as_missing": True}, {"categorical": 0}]
)
def test_leaves_other_trees_to_lightgbm(parameters: dict[str, object]) -> None:
    if "categorical" in parameters:
        codes = np.arange(400.0).reshape(-1, 1) % 20
        data = lightgbm.Dataset(codes, (codes[:, 0] * 7) % 5, categorical_feature=[0])
        trained = lightgbm.train({"verbosity": -1, "min_data_per_group": 5}, data, 3)
    else:
        trained, _ = booster(objective="regression", **parameters)
    with pytest.raises(Unsupported):
        Forest([trained])

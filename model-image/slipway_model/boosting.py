"""LightGBM, as all tasks use it: the same bytes from the same rows, on one host or on several."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from slipway_model import features, machine
from slipway_model.encoder import Matrix
from slipway_model.gbm import lightgbm
from slipway_model.hosts import Group
from slipway_model.hyperparameters import Values
from slipway_model.metrics import Vector

# Parameters of training itself; all others of the table go to LightGBM under the same name.
OWN = {"num_iterations", "early_stopping_rounds", "interval_lower", "interval_upper", "folds"}

Parameters = dict[str, Any]


@dataclass(frozen=True)
class Trained:
    """A model: LightGBM's text, number of boosting rounds, total gain of each feature."""

    text: str
    rounds: int
    gains: list[float]

    def predict(self, matrix: Matrix) -> Any:
        """Raw predictions, shape (rows,) or (rows, classes)."""
        return lightgbm.Booster(model_str=self.text).predict(matrix, raw_score=True)


@dataclass(frozen=True)
class Rows:
    """Features and target of some rows."""

    matrix: Matrix
    target: Vector

    def __len__(self) -> int:
        return len(self.target)

    def chosen(self, mask: Any) -> "Rows":
        """Those where `mask` is true."""
        return Rows(self.matrix[mask], self.target[mask])


@dataclass(frozen=True)
class Fitted:
    """What a task has learned: its models and the numbers that go with them; on the leader also metrics on
    the validation rows, and the baseline that the models must beat.
    """

    models: dict[str, Trained]
    parameters: dict[str, Any]
    measured: dict[str, float]
    baseline: dict[str, float]


class Boosting:
    """Fits models with the hyperparameters `values`, on the hosts of `group`, each on its own rows."""

    def __init__(self, values: Values, group: Group, network: Parameters) -> None:
        self.values = values
        self.group = group
        self._network = network

    def until_no_better(self, rows: Rows, validation: Rows, objective: Parameters) -> Trained:
        """Fit until the error on `validation` (the leader measures it) has not improved for some rounds."""
        parameters, data = self._prepared(rows, objective)
        valid = [data.create_valid(validation.matrix, validation.target)] if self.group.leads else []
        booster = lightgbm.train(
            parameters,
            data,
            int(self.values["num_iterations"]),
            valid_sets=valid,
            callbacks=[self.group.early_stopping(int(self.values["early_stopping_rounds"]))],
        )
        return _trained(booster)

    def fit(self, rows: Rows, rounds: int, objective: Parameters) -> Trained:
        """Fit so many rounds."""
        parameters, data = self._prepared(rows, objective)
        return _trained(lightgbm.train(parameters, data, rounds))

    def out_of_fold(self, rows: Rows, rounds: int, objective: Parameters) -> Vector:
        """For each row what a model predicts that has not learned from it (cross-validation)."""
        folds = int(self.values["folds"])
        fold = np.arange(len(rows)) % folds
        predicted = np.zeros(len(rows))
        for number in range(folds):
            held = fold == number
            predicted[held] = self.fit(rows.chosen(~held), rounds, objective).predict(rows.matrix[held])
        return predicted

    def rounds_on_all(self, first: Trained, train: int, all_rows: int) -> int:
        """The rounds of `first`, which has learned from `train` rows, for a model that learns from more."""
        rounds: int = self.group.leaders(max(1, round(first.rounds * all_rows / train)))
        return rounds

    def _prepared(self, rows: Rows, objective: Parameters) -> tuple[Parameters, lightgbm.Dataset]:
        parameters = {
            **{name: value for name, value in self.values.items() if name not in OWN},
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": machine.threads_for(len(rows)),
            "verbosity": -1,
            **self._network,
            **objective,
        }
        data = lightgbm.Dataset(
            rows.matrix,
            rows.target,
            feature_name=list(features.NAMES),
            categorical_feature=[name for name in features.NAMES if name in features.CATEGORICAL],
            params=parameters,
        )
        return parameters, data


def _trained(booster: lightgbm.Booster) -> Trained:
    rounds = booster.best_iteration if booster.best_iteration > 0 else booster.current_iteration()
    # The number of threads is the machine's, not the model's: without it the bytes are the same everywhere.
    text = re.sub(r"\[num_threads: \d+\]", "[num_threads: 0]", booster.model_to_string(num_iteration=rounds))
    return Trained(
        text, rounds, [float(gain) for gain in booster.feature_importance("gain", iteration=rounds)]
    )

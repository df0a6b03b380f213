"""The model as a team that serves it with one of the peers would call it: LightGBM's own `Booster.predict`.

Features and answers are those of this container. One thread a process, since there is a process for each
core: with LightGBM's default (all cores in each) the peers are slower.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from slipway_model import artifact
from slipway_model.task import TASK


class Model:
    """The artifact below SAGEMAKER_BASE_DIR."""

    def __init__(self) -> None:
        loaded = artifact.load(Path(os.environ["SAGEMAKER_BASE_DIR"]) / "model")
        self._encoder = loaded.encoder
        self._boosters = [lightgbm.Booster(model_str=loaded.models[name]) for name in TASK.MODELS]
        self._output = TASK.Output(loaded.parameters)

    def predict(self, records: Sequence[Any]) -> Any:
        """Rows of value, lower and upper."""
        matrix = self._encoder.matrix(records)
        raw = [np.asarray(booster.predict(matrix, num_threads=1)) for booster in self._boosters]
        return self._output.rows(matrix, [column.reshape(-1, 1) for column in raw])

"""The same model as a BentoML service."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bentoml

from slipway_model import artifact
from slipway_model.predictor import Predictor


@bentoml.service(workers=2, traffic={"timeout": 60})
class Fare:
    """One worker for each of two cores, as gunicorn has."""

    def __init__(self) -> None:
        self.predictor = Predictor(artifact.load(Path(os.environ["SAGEMAKER_BASE_DIR"]) / "model"))

    @bentoml.api(route="/invocations")
    def predict(self, instances: list[dict[str, Any]]) -> dict[str, list[dict[str, float]]]:
        """Predictions for {"instances": [...]}."""
        predicted = self.predictor.predict_records([SimpleNamespace(**record) for record in instances])
        names = ("value", "lower", "upper")
        return {"predictions": [dict(zip(names, row, strict=True)) for row in predicted.tolist()]}

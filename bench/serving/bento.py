"""The same model as a BentoML service."""

from types import SimpleNamespace
from typing import Any

import bentoml
from peer import Model


@bentoml.service(workers=2, traffic={"timeout": 60})
class Fare:
    """One worker for each of two cores, as gunicorn has."""

    def __init__(self) -> None:
        self.model = Model()

    @bentoml.api(route="/invocations")
    def predict(self, instances: list[dict[str, Any]]) -> dict[str, list[dict[str, float]]]:
        """Predictions for {"instances": [...]}."""
        predicted = self.model.predict([SimpleNamespace(**record) for record in instances])
        names = ("value", "lower", "upper")
        return {"predictions": [dict(zip(names, row, strict=True)) for row in predicted.tolist()]}

"""The shape of AWS's bring-your-own-container sample: Flask and pandas behind gunicorn and nginx.

As in the sample nothing is validated; the model, the features and the answer are those of this container.
"""

import os
from pathlib import Path

import flask
import pandas

from slipway_model import artifact
from slipway_model.predictor import Predictor

predictor = Predictor(artifact.load(Path(os.environ["SAGEMAKER_BASE_DIR"]) / "model"))
app = flask.Flask(__name__)


@app.get("/ping")
def ping() -> flask.Response:
    """Healthy: the model is loaded."""
    return flask.Response("", 200)


@app.post("/invocations")
def invocations() -> flask.Response:
    """Predictions for {"instances": [...]}."""
    frame = pandas.DataFrame(flask.request.get_json()["instances"])
    predicted = predictor.predict_records(list(frame.itertuples(index=False)))
    table = pandas.DataFrame(predicted, columns=["value", "lower", "upper"])
    return flask.jsonify({"predictions": table.to_dict("records")})

"""The shape of AWS's bring-your-own-container sample: Flask and pandas behind gunicorn and nginx.

As in the sample nothing is validated; the model, the features and the answer are those of this container.
"""

import flask
import pandas
from peer import Model

model = Model()
app = flask.Flask(__name__)


@app.get("/ping")
def ping() -> flask.Response:
    """Healthy: the model is loaded."""
    return flask.Response("", 200)


@app.post("/invocations")
def invocations() -> flask.Response:
    """Predictions for {"instances": [...]}."""
    # As objects: a missing zone stays None, as features expect it.
    frame = pandas.DataFrame(flask.request.get_json()["instances"], dtype=object)
    predicted = model.predict(list(frame.itertuples(index=False)))
    table = pandas.DataFrame(predicted, columns=["value", "lower", "upper"])
    return flask.jsonify({"predictions": table.to_dict("records")})

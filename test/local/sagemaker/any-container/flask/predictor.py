"""Answers each row of a CSV body with the class whose mean is nearest."""

import csv
import io
import json
import math
from pathlib import Path

import flask

app = flask.Flask(__name__)
means = json.loads(Path("/opt/ml/model/means.json").read_text())


@app.get("/ping")
def ping() -> flask.Response:
    return flask.Response("\n", mimetype="application/json")


@app.post("/invocations")
def invocations() -> flask.Response:
    if flask.request.mimetype != "text/csv":
        return flask.Response("This predictor only supports CSV data", status=415, mimetype="text/plain")
    rows = csv.reader(io.StringIO(flask.request.get_data(as_text=True)))
    labels = [nearest([float(number) for number in row]) for row in rows]
    return flask.Response("\n".join(labels), mimetype="text/csv")


def nearest(row: list[float]) -> str:
    return min(means, key=lambda label: math.dist(means[label], row))

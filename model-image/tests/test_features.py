"""Features: what they are, and that training and serving compute the same ones."""

import json

import numpy as np

from slipway_model import artifact, features, payloads, training
from slipway_model.layout import Layout
from slipway_model.predictor import Predictor
from slipway_model.schema import SCHEMA
from tests.support import RECORD, read_csv


def compute(**changes: object) -> dict[str, features.Value]:
    (record,) = payloads.read(payloads.JSON, json.dumps({"instances": [{**RECORD, **changes}]}).encode())
    return dict(zip(features.NAMES, features.compute(record), strict=True))


def test_of_one_trip() -> None:
    assert compute() == {
        "distance": 1.6,
        "tariff": 2.5 + 2.5 * 1.6,
        "hour": 20 + 21 / 60,
        "weekday": 5,
        "hour_of_week": 24 * 5 + 20 + 21 / 60,
        "working_hours": 0,
        "passengers": 1,
        "same_zone": 0,
        "airport_flat_fare": 0,
        "color": "yellow",
        "pickup_zone": "Lenox Hill West",
        "dropoff_zone": "UN/Turtle Bay South",
        "pickup_borough": "Manhattan",
        "dropoff_borough": "Manhattan",
    }


def test_flat_fare_holds_both_ways_and_only_with_manhattan() -> None:
    assert compute(pickup_zone="JFK Airport", pickup_borough="Queens")["airport_flat_fare"] == 1
    assert compute(dropoff_zone="JFK Airport", dropoff_borough="Queens")["airport_flat_fare"] == 1
    assert compute(pickup_zone="JFK Airport", dropoff_borough="Queens")["airport_flat_fare"] == 0


def test_tariff_is_the_flat_fare_where_there_is_one() -> None:
    assert compute(distance=20.0, dropoff_zone="JFK Airport", dropoff_borough="Queens")["tariff"] == 52
    assert compute(distance=20.0)["tariff"] == 52.5


def test_unknown_zones_are_not_the_same_zone() -> None:
    assert compute(pickup_zone=None, dropoff_zone=None)["same_zone"] == 0
    assert compute(dropoff_zone="Lenox Hill West")["same_zone"] == 1


def test_see_nothing_of_what_is_known_after_the_trip() -> None:
    asked = {field.name for field in SCHEMA.request.fields}
    assert asked.isdisjoint({"dropoff", "fare", "tip", "tolls", "total", "payment"})


def test_are_the_same_in_training_and_serving_row_by_row(trained: Layout) -> None:
    """Each test row as training reads it (CSV channel), and as JSON, JSON Lines and CSV as serving does."""
    model = artifact.load(trained.model)
    rows = read_csv(trained.channel("test") / "data.csv")
    learned = model.encoder.matrix(training._read_channel(trained, "test"))
    asked = [{name: row[name] for name in payloads.COLUMNS} for row in rows]
    typed = [
        {**row, "passengers": int(row["passengers"]), "distance": float(row["distance"])}
        | {name: row[name] or None for name in row if name.endswith(("zone", "borough"))}
        for row in asked
    ]
    bodies = {
        payloads.JSON: json.dumps({"instances": typed}),
        payloads.LINES: "\n".join(json.dumps(row) for row in typed),
        payloads.CSV: "\n".join(",".join(f'"{cell}"' for cell in row.values()) for row in asked),
    }
    predictor = Predictor(model)
    expected = predictor.predict(learned)
    for kind, body in bodies.items():
        records = payloads.read(kind, body.encode())
        served = model.encoder.matrix(records)
        assert served.shape == (len(rows), len(features.NAMES))
        for place in range(len(rows)):
            np.testing.assert_array_equal(served[place], learned[place], err_msg=f"{kind} row {place}")
    # The fast way for one row and the way for many give the same numbers too.
    one_by_one = np.array([predictor.predict_record(record) for record in records])
    np.testing.assert_array_equal(one_by_one, expected)

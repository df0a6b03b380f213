"""Features: what they are, and that training and serving compute the same ones."""

import itertools
import json
import math
from typing import Any

import numpy as np
import pytest

from slipway_model import artifact, features, payloads, places, training
from slipway_model.encoder import Encoder
from slipway_model.layout import Layout
from slipway_model.predictor import Predictor
from slipway_model.schema import SCHEMA
from tests.support import RECORD, read_csv

PLACES = {"Lenox Hill West": [1.0, 2.0, 3.0], "UN/Turtle Bay South": [1.0, 5.0, 7.0]}


def compute(**changes: object) -> dict[str, features.Value]:
    (record,) = payloads.read(payloads.JSON, json.dumps({"instances": [{**RECORD, **changes}]}).encode())
    return dict(zip(features.NAMES, features.Features(PLACES).compute(record), strict=True))


def test_of_one_trip() -> None:
    assert compute() == {
        "distance": 1.6,
        "tariff": 2.5 + 2.5 * 1.6,
        "hour": 20 + 21 / 60,
        "weekday": 5,
        "hour_of_week": 24 * 5 + 20 + 21 / 60,
        "working_hours": 0,
        "passengers": 1,
        "green": 0,
        "in_tenths": 1,
        "rate": features.METERED,
        "same_zone": 0,
        **{"pickup_x": 1, "pickup_y": 2, "pickup_z": 3},
        **{"dropoff_x": 1, "dropoff_y": 5, "dropoff_z": 7},
        **{"toward_x": 0, "toward_y": 3, "toward_z": 4},
        "straight": 5,
        "detour": 1.6 / 5,
    }


@pytest.mark.parametrize(
    ("changes", "rate", "tariff"),
    [
        ({"distance": 20.0}, features.METERED, 52.5),
        ({"pickup_zone": "JFK Airport", "pickup_borough": "Queens"}, features.FLAT, 52),
        ({"dropoff_zone": "JFK Airport", "dropoff_borough": "Queens"}, features.FLAT, 52),
        ({"pickup_zone": "JFK Airport", "dropoff_borough": "Queens"}, features.METERED, 6.5),
        ({"dropoff_zone": None, "distance": 20.0}, features.OUT_OF_TOWN, 2.5 + 5 * 2.5 + 15 * 5),
        ({"dropoff_zone": None, "distance": 0}, features.NO_METER, 52),
        ({"dropoff_zone": None, "distance": 0, "color": "green"}, features.METERED, 2.5),
        ({"distance": 0}, features.METERED, 2.5),
    ],
)
def test_tariff_follows_the_rate(changes: dict[str, object], rate: int, tariff: float) -> None:
    computed = compute(**changes)
    assert computed["rate"] == rate
    assert computed["tariff"] == pytest.approx(tariff)


def test_zones_that_training_has_not_seen_have_no_place() -> None:
    computed = compute(pickup_zone="Atlantis")
    for name in ("pickup_x", "toward_y", "straight", "detour"):
        assert math.isnan(float(computed[name] or 0)), name
    assert computed["dropoff_y"] == 5


def test_places_are_found_from_distances_and_the_same_on_one_host_and_two() -> None:
    """Nine places on a grid of two miles, all pairs travelled once."""
    where = {f"zone {x}{y}": (2.0 * x, 2.0 * y) for x in range(3) for y in range(3)}
    trips = [(a, b, round(math.dist(where[a], where[b]), 2)) for a in where for b in where if a != b]
    found = places.learn([places.observe(trips)])
    for start, end, miles in trips:
        assert math.dist(found[start], found[end]) == pytest.approx(miles, abs=0.3)
    assert places.learn([places.observe(trips[::2]), places.observe(trips[1::2])]) == found


def test_nothing_to_learn_places_from() -> None:
    assert places.learn([places.observe([("a", "a", 1.0), (None, "a", 1.0), ("a", "b", 0.0)])]) == {}


def test_unknown_zones_are_not_the_same_zone() -> None:
    assert compute(pickup_zone=None, dropoff_zone=None)["same_zone"] == 0
    assert compute(dropoff_zone="Lenox Hill West")["same_zone"] == 1


def test_see_nothing_of_what_is_known_after_the_trip() -> None:
    asked = {field.name for field in SCHEMA.request.fields}
    assert asked.isdisjoint({"dropoff", "fare", "tip", "tolls", "total", "payment"})


def test_are_the_same_for_one_trip_and_for_many() -> None:
    """All combinations of what formulas distinguish."""
    choices: dict[str, list[Any]] = {
        "pickup": ["2019-03-03 00:00:59", "2019-03-04T07:00", "2024-02-29 18:59:59", "2019-12-31 23:59:00"],
        "distance": [0, 0.1, 1.15, 10, 10.01, 18.3, 200],
        "color": ["green", "yellow"],
        "pickup_zone": ["JFK Airport", "Lenox Hill West", "Atlantis", None],
        "dropoff_zone": ["JFK Airport", "Lenox Hill West", "UN/Turtle Bay South", "Atlantis", None],
        "pickup_borough": ["Manhattan", None],
        "dropoff_borough": ["Manhattan", "Queens"],
    }
    changes = [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]
    body = json.dumps({"instances": [{**RECORD, **change} for change in changes]})
    records = payloads.read(payloads.JSON, body.encode())
    encoder = Encoder({}, {**PLACES, "JFK Airport": [15.1, -3.3, 0.7]})
    one_by_one = np.array([encoder.row(record) for record in records], dtype=np.float64)
    np.testing.assert_array_equal(encoder.matrix(records), one_by_one)
    assert set(one_by_one[:, features.NAMES.index("rate")]) == {0, 1, 2, 3}


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

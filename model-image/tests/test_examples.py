"""The example of another problem, flights out of New York: the container learns it as it is."""

import importlib.util
import json
import math
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.support import PACKAGE, Server, read_csv
from tests.test_another_problem import Problem, prepare
from tests.test_training import figures

FLIGHTS = PACKAGE.parent / "examples" / "flights"
FEATURES = FLIGHTS / "slipway_model" / "features.py"


@pytest.fixture(scope="module")
def problem(tmp_path_factory: pytest.TempPathFactory) -> Problem:
    """The flights, processed and trained."""
    schema = json.loads((FLIGHTS / "schema.json").read_text())
    rows = read_csv(FLIGHTS / "flights.csv")
    return prepare(tmp_path_factory.mktemp("flights"), schema, FEATURES.read_text(), rows)


@pytest.fixture(scope="module")
def features() -> ModuleType:
    """The example's features.py, as a module."""
    spec = importlib.util.spec_from_file_location("flights_features", FEATURES)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def flight(**changes: Any) -> SimpleNamespace:
    """A flight on a Saturday."""
    usual = {
        "departure": "2013-01-05 10:30",
        "scheduled_arrival": "14:00",
        "carrier": "UA",
        "origin": "EWR",
        "destination": "SFO",
        "distance": 2565.0,
        "departure_delay": 42.0,
    }
    return SimpleNamespace(**{**usual, **changes})


def test_is_predicted_far_better_than_by_always_saying_on_time(problem: Problem) -> None:
    metrics = figures(problem.layout)
    assert metrics["train:rows"] + metrics["validation:rows"] + metrics["test:rows"] == 6000
    assert metrics["test:error_rate"] < 0.6 * metrics["test:error_rate_baseline"]


def test_answers_a_class_with_probabilities(problem: Problem) -> None:
    with Server(problem.layout.base, problem.package) as server:
        early, late = server.ask(
            vars(flight(departure_delay=-5.0)), vars(flight(departure_delay=120.0))
        ).json["predictions"]
    assert (early["value"], late["value"]) == ("on time", "late")
    assert early["probabilities"]["late"] < 0.2 < 0.8 < late["probabilities"]["late"]


def test_features_are_what_their_names_say(features: ModuleType) -> None:
    hosts = [
        features.Features.observe([flight(), flight(scheduled_arrival="14:20")]),
        features.Features.observe([flight(scheduled_arrival="14:10"), flight(destination="BOS")]),
    ]
    learned = features.Features.learn(json.loads(json.dumps(hosts)))
    assert learned == {"BOS": 210, "SFO": 220}
    row = dict(zip(features.NAMES, features.Features(learned).compute(flight()), strict=True))
    assert row == {
        "departure_delay": 42.0,
        "hour": 10.5,
        "weekday": 5,
        "day_of_year": 5,
        "planned": 210,
        "distance": 2565.0,
        "spare": -10,
        "carrier": "UA",
        "origin": "EWR",
        "destination": "SFO",
    }
    assert set(features.CATEGORICAL) == {name for name, value in row.items() if isinstance(value, str)}


def test_a_flight_past_midnight_and_an_unknown_destination(features: ModuleType) -> None:
    overnight = flight(departure="2013-01-05 23:30", scheduled_arrival="00:45", destination="XXX")
    row = dict(zip(features.NAMES, features.Features({"SFO": 220}).compute(overnight), strict=True))
    assert row["planned"] == 75
    assert math.isnan(row["spare"])


def test_the_sample_is_what_the_script_writes() -> None:
    rows = read_csv(FLIGHTS / "flights.csv")
    assert len(rows) == 6000
    assert rows == sorted(rows, key=lambda row: tuple(row.values()))
    late = [row for row in rows if int(row["arrival_delay"]) > 15]
    assert {row["arrival"] for row in late} == {"late"}
    assert sum(row["arrival"] == "late" for row in rows) == len(late)

"""Another problem: three kinds of iris, by another schema.json, features.py and data, and nothing else."""

import json
import math
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sklearn.datasets import load_iris

from slipway_model.encoder import place_of
from slipway_model.failure import Failure
from slipway_model.layout import Layout
from tests import support
from tests.support import Server, read_csv, write_csv
from tests.test_training import figures

KINDS = ["setosa", "versicolor", "virginica"]
MEASURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
SCHEMA: dict[str, Any] = {
    "title": "Iris",
    "type": "object",
    "additionalProperties": False,
    "required": ["measured", "kind", *MEASURES],
    "properties": {
        "measured": {"type": "string", "x-role": "time", "examples": ["2024-05-01T12:00:00"]},
        **{
            name: {"type": "number", "exclusiveMinimum": 0, "x-role": "feature", "x-unit": "cm"}
            for name in MEASURES
        },
        "colour": {"type": ["string", "null"], "enum": ["pale", "deep", None], "x-role": "feature"},
        "kind": {"type": "string", "enum": KINDS, "x-role": "target", "description": "The species."},
    },
}
FEATURES = '''"""Features of an iris: its measures as they are, and its colour."""

NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width", "colour")
CATEGORICAL = frozenset({"colour"})
INTENDED_USE = "Tells three kinds of iris apart."
LIMITS = ("Learned from 150 flowers.",)
MISSING = float("nan")
Value = float | str | None


class Features:
    """Nothing needs to be learned."""

    def __init__(self, learned):
        self.learned = learned

    @staticmethod
    def observe(records):
        return None

    @staticmethod
    def learn(observed):
        return None

    def compute(self, record):
        return (
            record.sepal_length, record.sepal_width, record.petal_length, record.petal_width, record.colour
        )
'''
COLUMNS = """
    def columns(self, records):
        return [[getattr(record, name) for record in records] for name in NAMES]
"""


class Problem(NamedTuple):
    """A copy of the container's folder for the other problem, and the folders that it works on."""

    package: Path
    layout: Layout


def flowers() -> list[dict[str, str]]:
    """scikit-learn's irises, in an order of chance, measured a day apart, of a colour that means little."""
    iris = load_iris()
    draw = random.Random(0)
    places = draw.sample(range(len(iris.target)), len(iris.target))
    began = datetime(2024, 1, 1, 12)
    return [
        {
            "measured": (began + timedelta(days=day)).isoformat(),
            **{name: str(value) for name, value in zip(MEASURES, iris.data[place], strict=True)},
            "colour": draw.choice(["pale", "deep", ""]),
            "kind": KINDS[iris.target[place]],
        }
        for day, place in enumerate(places)
    ]


def prepare(folder: Path, schema: dict[str, Any], features: str, rows: list[dict[str, str]]) -> Problem:
    """The other problem below `folder`, processed and trained."""
    package = folder / "model-image"
    shutil.copytree(support.PACKAGE, package, ignore=shutil.ignore_patterns(".*", "__pycache__", "tests"))
    (package / "schema.json").write_text(json.dumps(schema))
    (package / "slipway_model" / "features.py").write_text(features)
    layout = Layout(folder / "ml")
    write_csv(layout.raw / "irises.csv", rows)
    for command in ("process", "train"):
        done = support.run(layout.base, command, package)
        assert done.returncode == 0, done.stderr
        (layout.base / f"{command}.log").write_text(done.stdout)
        if command == "process":
            support.use_as_channels(layout)
    return Problem(package, layout)


@pytest.fixture(scope="module")
def problem(tmp_path_factory: pytest.TempPathFactory) -> Problem:
    """Rows that have a time, features row by row."""
    return prepare(tmp_path_factory.mktemp("iris"), SCHEMA, FEATURES, flowers())


@pytest.fixture(scope="module")
def timeless(tmp_path_factory: pytest.TempPathFactory) -> Problem:
    """Rows that have none, features column by column as well."""
    properties = {name: spec for name, spec in SCHEMA["properties"].items() if name != "measured"}
    schema = {**SCHEMA, "required": ["kind", *MEASURES], "properties": properties}
    rows = [{name: cell for name, cell in row.items() if name != "measured"} for row in flowers()]
    return prepare(tmp_path_factory.mktemp("timeless"), schema, FEATURES + COLUMNS, rows)


@pytest.fixture(scope="module")
def irises(problem: Problem) -> Iterator[Server]:
    """A server of that model."""
    with Server(problem.layout.base, problem.package) as running:
        yield running


def asked(problem: Problem) -> tuple[list[dict[str, Any]], list[str]]:
    """The test rows as requests, and their kinds."""
    rows = read_csv(problem.layout.channel("test") / "data.csv")
    records = [
        {
            "measured": row["measured"],
            **{name: float(row[name]) for name in MEASURES},
            "colour": row["colour"] or None,
        }
        for row in rows
    ]
    return records, [row["kind"] for row in rows]


def test_learns_to_tell_classes_apart(problem: Problem) -> None:
    metrics = figures(problem.layout)
    train, validation, test = (
        [row["kind"] for row in read_csv(problem.layout.channel(name) / "data.csv")]
        for name in ("train", "validation", "test")
    )
    assert (metrics["train:rows"], metrics["test:rows"]) == (len(train), len(test))
    assert 0 <= metrics["validation:error_rate"] < 0.2
    assert validation
    frequent = Counter(train).most_common(1)[0][0]
    baseline = sum(kind != frequent for kind in test) / len(test)
    assert metrics["test:error_rate_baseline"] == pytest.approx(baseline, abs=1e-6)
    assert metrics["test:error_rate"] < 0.5 * baseline
    assert not any("mae" in name or "interval" in name for name in metrics)


def test_answers_are_a_class_and_probabilities_and_make_the_metrics(problem: Problem, irises: Server) -> None:
    records, kinds = asked(problem)
    predictions = irises.ask(*records).json["predictions"]
    metrics = figures(problem.layout)
    for prediction in predictions:
        assert list(prediction) == ["value", "probabilities"]
        assert list(prediction["probabilities"]) == KINDS
        assert sum(prediction["probabilities"].values()) == pytest.approx(1)
        assert prediction["value"] == max(KINDS, key=prediction["probabilities"].__getitem__)
    wrong = sum(p["value"] != kind for p, kind in zip(predictions, kinds, strict=True)) / len(kinds)
    assert metrics["test:error_rate"] == pytest.approx(wrong, abs=1e-6)
    losses = [-math.log(p["probabilities"][kind]) for p, kind in zip(predictions, kinds, strict=True)]
    assert metrics["test:log_loss"] == pytest.approx(sum(losses) / len(losses), abs=1e-5)


def test_all_types_say_the_same(problem: Problem, irises: Server) -> None:
    records, _ = asked(problem)
    expected = irises.ask(*records).json["predictions"]
    lines = "\n".join(json.dumps(record) for record in records)
    reply = irises.invoke(lines, "application/jsonlines", accept="application/jsonlines")
    assert [json.loads(line) for line in reply.body.splitlines()] == expected
    table = "\n".join(",".join(str(v) if v is not None else "" for v in r.values()) for r in records)
    reply = irises.invoke(table, "text/csv", accept="text/csv")
    for line, prediction in zip(reply.body.decode().splitlines(), expected, strict=True):
        value, *probabilities = line.split(",")
        assert value == prediction["value"]
        assert [float(text) for text in probabilities] == list(prediction["probabilities"].values())
    one = irises.ask(records[0]).json["predictions"][0]["probabilities"]
    assert one == pytest.approx(expected[0]["probabilities"], rel=1e-9)


def test_bad_rows_are_refused_by_name_or_set_in_their_place(problem: Problem, irises: Server) -> None:
    records, _ = asked(problem)
    bad = {**records[0], "petal_width": 0}
    reply = irises.ask(bad)
    assert reply.status == 400
    assert reply.json["message"] == "instance 0: petal_width must be greater than 0, not 0"
    lines = f"{json.dumps(bad)}\n{json.dumps(records[1])}"
    reply = irises.invoke(lines, "application/jsonlines", accept="text/csv")
    first, second = reply.body.decode().splitlines()
    assert first == ',,,,"petal_width must be greater than 0, not 0"'
    assert second.count(",") == len(KINDS)


def test_card_and_artifact_are_those_of_a_classification(problem: Problem) -> None:
    folder = problem.layout.model
    assert sorted(path.name for path in folder.iterdir()) == [
        "classes.txt", "encoder.json", "metadata.json", "model-card.json", "model-card.md",
    ]  # fmt: skip
    metadata = json.loads((folder / "metadata.json").read_text())
    assert metadata["task"] == {"kind": "classification", "classes": KINDS}
    card = json.loads((folder / "model-card.json").read_text())
    assert sum(card["feature_importances"].values()) == pytest.approx(1)
    assert {s["field"] for s in card["slices"]} == {"colour"}
    assert sum(s["rows"] for s in card["slices"]) == card["data"]["test"]["rows"]
    text = (folder / "model-card.md").read_text()
    assert f"| error of the model | {card['metrics']['test:error_rate']:.1%} |" in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"enum": ["setosa"]}, "the target must be a number or an integer, or a string with an enum of two"),
        ({"enum": None}, "the target must be a number or an integer, or a string with an enum of two"),
        ({"type": ["string", "null"]}, "the target must be required and never null"),
    ],
)
def test_a_target_that_is_neither_is_refused(
    problem: Problem, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    package = Path(shutil.copytree(problem.package, tmp_path / "model-image"))
    target = {**SCHEMA["properties"]["kind"], **change}
    target = {keyword: value for keyword, value in target.items() if value is not None}
    document = {**SCHEMA, "properties": {**SCHEMA["properties"], "kind": target}}
    (package / "schema.json").write_text(json.dumps(document))
    done = support.run(problem.layout.base, "train", package)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: schema.json: kind: {message}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ('"petal_width", "colour")', '"colour")', "computes 5 values of a record, and NAMES has 4"),
        (
            'frozenset({"colour"})',
            'frozenset({"color"})',
            "CATEGORICAL in features.py has 'color', which is none",
        ),
    ],
)
def test_says_which_features_do_not_fit_their_names(
    problem: Problem, tmp_path: Path, written: str, instead: str, said: str
) -> None:
    package, layout = tmp_path / "model-image", Layout(tmp_path / "ml")
    shutil.copytree(problem.package, package)
    shutil.copytree(problem.layout.base, layout.base)
    file = package / "slipway_model" / "features.py"
    assert written in FEATURES
    file.write_text(FEATURES.replace(written, instead))
    done = support.run(layout.base, "train", package)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_says_when_the_line_starts_from_no_feature() -> None:
    with pytest.raises(Failure, match=r"START in features.py has 'fare', which is none of its NAMES \("):
        place_of("fare", "START")


def test_rows_without_a_time_are_split_at_random_with_the_seed(timeless: Problem, tmp_path: Path) -> None:
    layout = timeless.layout
    report = json.loads((layout.processed("report") / "report.json").read_text())
    assert report["split"] == {"by": "random", "seed": 0}
    assert report["time"] == {"train": {}, "validation": {}, "test": {}}
    parts = {name: read_csv(layout.processed(name) / "data.csv") for name in ("train", "validation", "test")}
    assert sum(map(len, parts.values())) == report["rows"]["read"] - report["rows"]["duplicates"]
    again = Layout(tmp_path)
    write_csv(again.raw / "another-name.csv", flowers_of(parts))
    for seed, same in (("0", True), ("1", False)):
        assert support.run(tmp_path, "process", timeless.package, SEED=seed).returncode == 0
        assert (read_csv(again.processed("test") / "data.csv") == parts["test"]) is same


def flowers_of(parts: dict[str, list[dict[str, str]]]) -> list[dict[str, str]]:
    """The rows of all parts, in another order than they came."""
    return sorted((row for part in parts.values() for row in part), key=lambda row: row["petal_width"])


def test_rows_without_a_time_cannot_be_split_by_it(timeless: Problem) -> None:
    for variables in ({"SPLIT": "time"}, {"SPLIT": "time", "SPLIT_AT": "2019-03-21,2019-03-26"}):
        done = support.run(timeless.layout.base, "process", timeless.package, **variables)
        assert done.returncode == 1
        assert done.stderr.startswith(
            "error: SPLIT is time, and no property of schema.json has the x-role time"
        )


def test_learns_and_answers_without_a_time(timeless: Problem) -> None:
    metrics = figures(timeless.layout)
    assert metrics["test:error_rate"] < 0.5 * metrics["test:error_rate_baseline"]
    card = json.loads((timeless.layout.model / "model-card.json").read_text())
    assert card["data"]["test"] == {"rows": metrics["test:rows"]}
    assert f"| test | {metrics['test:rows']:.0f} |" in (timeless.layout.model / "model-card.md").read_text()
    rows = read_csv(timeless.layout.channel("test") / "data.csv")
    records = [
        {**{name: float(row[name]) for name in MEASURES}, "colour": row["colour"] or None} for row in rows
    ]
    with Server(timeless.layout.base, timeless.package) as server:
        predictions = server.ask(*records).json["predictions"]
        assert predictions == [server.ask(record).json["predictions"][0] for record in records]
        table = "\n".join(",".join(str(v) if v is not None else "" for v in r.values()) for r in records)
        reply = server.invoke(table, "text/csv", accept="text/csv")
        assert [line.split(",")[0] for line in reply.body.decode().splitlines()] == [
            p["value"] for p in predictions
        ]
        assert server.ask({}).status == 400

"""Processing: what is accepted, what is set aside and why, and how the rest is split."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from slipway_model import payloads, processing
from slipway_model.failure import Failure
from slipway_model.layout import Layout
from tests import support
from tests.support import read_csv, taxi_rows, write_csv

PARTS = ("train", "validation", "test")


def prepared(base: Path, rows: list[dict[str, str]], name: str = "trips.csv") -> Layout:
    """`rows` as the only raw file."""
    layout = Layout(base)
    write_csv(layout.raw / name, rows)
    return layout


def report(layout: Layout) -> Any:
    return json.loads((layout.processed("report") / "report.json").read_text())


def rejected(layout: Layout) -> list[Any]:
    return [json.loads(line) for line in (layout.processed("report") / "rejected.jsonl").open()]


def parts(layout: Layout) -> dict[str, list[dict[str, str]]]:
    return {name: read_csv(layout.processed(name) / "data.csv") for name in PARTS}


@pytest.mark.parametrize(
    ("field", "cell", "rule"),
    [
        ("distance", "-1", "must be at least 0"),
        ("distance", "far", "must be a number"),
        ("distance", "nan", "must be a number"),
        ("distance", "1e999", "must be a finite number"),
        ("distance", "", "is required"),
        ("passengers", "1.5", "must be an integer"),
        ("passengers", "12", "must be at most 9"),
        ("color", "blue", "must be one of green, yellow"),
        ("pickup", "23/03/2019", "must be a date and time like 2019-03-23 20:21:09"),
        ("pickup", "2019-02-30 10:00:00", "must be a date and time that exists"),
        ("fare", "0", "must be greater than 0"),
        ("pickup_zone", "x" * 81, "must have at most 80 characters"),
        (
            "dropoff_borough",
            "Hoboken",
            "must be one of Bronx, Brooklyn, EWR, Manhattan, Queens, Staten Island, null",
        ),
    ],
)
def test_sets_a_bad_row_aside_with_its_reason(tmp_path: Path, field: str, cell: str, rule: str) -> None:
    rows = taxi_rows(100)
    rows[30] = {**rows[30], field: cell}
    layout = prepared(tmp_path, rows)
    processing.process(layout)
    (row,) = rejected(layout)
    assert (row["file"], row["line"]) == ("trips.csv", 32)
    assert [(e["field"], e["rule"]) for e in row["errors"]] == [(field, rule)]
    assert row["record"] == rows[30]
    assert report(layout)["rows"] == {
        "read": 100,
        "accepted": 99,
        "rejected": 1,
        "duplicates": 0,
        "train": 69,
        "validation": 15,
        "test": 15,
    }
    assert report(layout)["reasons"] == [{"field": field, "rule": rule, "rows": 1}]


def test_a_row_with_too_few_cells_or_bad_bytes_stays_one_bad_row(tmp_path: Path) -> None:
    layout = prepared(tmp_path, taxi_rows(98))
    with (layout.raw / "trips.csv").open("ab") as file:
        file.write(b"2019-03-23 20:21:09,short\n")
        file.write(b"2019-03-01 20:21:09,,1,1.6,7.0,,,,yellow,,\xff\xfe,,,\n")
    processing.process(layout)
    assert [row["errors"][0]["field"] for row in rejected(layout)] == ["record", "pickup_zone"]
    assert report(layout)["rows"]["accepted"] == 98


def test_fails_above_the_allowed_share_and_keeps_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = taxi_rows(100)
    for row in rows[:6]:
        row["distance"] = "-1"
    layout = prepared(tmp_path, rows)
    with pytest.raises(
        Failure, match=r"6 of 100 rows were rejected .*distance must be at least 0 \(6 rows\)"
    ):
        processing.process(layout)
    assert len(rejected(layout)) == 6
    assert report(layout)["rejected_share"] == 0.06
    assert not list(layout.processed("train").iterdir())
    monkeypatch.setenv("MAX_REJECTED_SHARE", "0.06")
    processing.process(layout)
    assert report(layout)["rows"]["accepted"] == 94


def test_removes_duplicates_across_files(tmp_path: Path) -> None:
    rows = taxi_rows(100)
    layout = prepared(tmp_path, rows, "a.csv")
    write_csv(layout.raw / "deeper" / "b.csv", rows[:10])
    processing.process(layout)
    counts = report(layout)["rows"]
    assert (counts["read"], counts["accepted"], counts["duplicates"]) == (110, 110, 10)
    assert sum(len(part) for part in parts(layout).values()) == 100
    assert report(layout)["files"]["deeper/b.csv"] == {"accepted": 10, "rejected": 0}


def test_splits_by_time(tmp_path: Path) -> None:
    layout = prepared(tmp_path, taxi_rows(200))
    processing.process(layout)
    times = {name: [row["pickup"] for row in rows] for name, rows in parts(layout).items()}
    assert {name: len(values) for name, values in times.items()} == {
        "train": 140,
        "validation": 30,
        "test": 30,
    }
    joined = times["train"] + times["validation"] + times["test"]
    assert joined == sorted(joined)
    assert report(layout)["time"]["test"] == {"from": times["test"][0], "to": times["test"][-1]}
    assert "dropoff" not in read_csv(layout.processed("train") / "data.csv")[0]


def test_writes_the_test_rows_as_requests(tmp_path: Path) -> None:
    layout = prepared(tmp_path, taxi_rows(200))
    processing.process(layout)
    lines = (layout.processed("holdout") / "requests.jsonl").read_bytes().splitlines()
    test = parts(layout)["test"]
    assert len(lines) == len(test) == 30
    for line, row in zip(lines, test, strict=True):
        sent = json.loads(line)
        assert set(sent) == set(row) - {"fare"}
        assert {name: "" if value is None else str(value) for name, value in sent.items()} == {
            name: cell for name, cell in row.items() if name != "fare"
        }
    assert len(payloads.read(payloads.LINES, b"\n".join(lines))) == 30


def test_splits_at_random_by_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPLIT", "random")
    drawn = []
    for place, seed in enumerate(("1", "1", "2")):
        monkeypatch.setenv("SEED", seed)
        layout = prepared(tmp_path / str(place), taxi_rows(200))
        processing.process(layout)
        drawn.append(parts(layout))
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    pickups = sorted(row["pickup"] for part in drawn[2].values() for row in part)
    assert pickups == sorted(row["pickup"] for row in taxi_rows(200))
    assert max(r["pickup"] for r in drawn[0]["train"]) > min(r["pickup"] for r in drawn[0]["test"])


def test_order_and_names_of_files_change_nothing(tmp_path: Path) -> None:
    rows = taxi_rows(200)
    first = prepared(tmp_path / "1", rows)
    shuffled = random.Random(0).sample(rows, len(rows))
    second = prepared(tmp_path / "2", shuffled[:50], "z.csv")
    write_csv(second.raw / "a" / "b.csv", shuffled[50:])
    for layout in (first, second):
        processing.process(layout)
    for name in PARTS:
        one, other = (layout.processed(name) / "data.csv" for layout in (first, second))
        assert one.read_bytes() == other.read_bytes()


def without(row: dict[str, str], column: str) -> dict[str, str]:
    return {name: cell for name, cell in row.items() if name != column}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([without(row, "distance") for row in taxi_rows(30)], r"trips.csv has no column 'distance'"),
        (
            [{**row, "distanse": "1"} for row in taxi_rows(30)],
            r"a column 'distanse' that schema.json does not",
        ),
        (taxi_rows(19), r"19 distinct rows are too few"),
    ],
)
def test_refuses_files_that_cannot_be_used(tmp_path: Path, rows: list[dict[str, str]], message: str) -> None:
    with pytest.raises(Failure, match=message):
        processing.process(prepared(tmp_path, rows))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "trips.csv has no header"),
        ("pickup,passengers,distance,fare,color\n", "no rows: trips.csv"),
        ("pickup,passengers,distance,fare,color,color\n", "has the column 'color' twice"),
    ],
)
def test_refuses_empty_files(tmp_path: Path, text: str, message: str) -> None:
    layout = prepared(tmp_path, taxi_rows(1))
    (layout.raw / "trips.csv").write_text(text)
    with pytest.raises(Failure, match=message):
        processing.process(layout)


@pytest.mark.parametrize(
    ("name", "value"),
    [("MAX_REJECTED_SHARE", "2"), ("MAX_REJECTED_SHARE", "few"), ("SPLIT", "half"), ("SEED", "-1")],
)
def test_refuses_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Failure, match=f"{name} must be .*{value}"):
        processing.process(prepared(tmp_path, taxi_rows(30)))


def test_tells_sagemaker_why_it_failed(tmp_path: Path) -> None:
    done = support.run(tmp_path, "process")
    assert done.returncode == 1
    message = "there is no .csv file in processing/input/raw: nothing to process"
    assert done.stderr == f"error: {message}\n"
    assert Layout(tmp_path).failure.read_text() == Layout(tmp_path).message.read_text() == message


def test_profiles_the_accepted_rows(trained: Layout) -> None:
    profile = json.loads((trained.processed("report") / "profile.json").read_text())
    rows = support.read_csv(support.TAXIS)
    distances = [float(row["distance"]) for row in rows]
    assert profile["rows"] == len(rows)
    assert profile["columns"]["distance"]["max"] == max(distances)
    assert profile["columns"]["distance"]["mean"] == pytest.approx(sum(distances) / len(distances))
    assert profile["columns"]["color"]["categories"]["green"] == sum(r["color"] == "green" for r in rows)
    assert profile["columns"]["pickup_zone"]["missing"] == sum(r["pickup_zone"] == "" for r in rows)

"""Training: the artifact, how good it is, hyperparameters and failures."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from slipway_model import artifact, hyperparameters, training
from slipway_model.failure import Failure
from slipway_model.layout import Layout
from slipway_model.predictor import Predictor
from tests import support
from tests.support import read_csv


def figures(layout: Layout) -> dict[str, float]:
    """The metrics as SageMaker's metric definitions scrape them from the log."""
    found = re.findall(r"^metric (\S+)=([-+0-9.eE]+)$", (layout.base / "train.log").read_text(), re.MULTILINE)
    return {name: float(value) for name, value in found}


def small(base: Path, **values: object) -> Layout:
    """Channels of a few rows, and SageMaker's hyperparameters file."""
    layout = Layout(base)
    rows = support.taxi_rows(200)
    for name, part in (("train", rows[:140]), ("validation", rows[140:170]), ("test", rows[170:])):
        support.write_csv(layout.channel(name) / "data.csv", part)
    layout.hyperparameters.parent.mkdir(parents=True)
    layout.hyperparameters.write_text(json.dumps(values))
    return layout


def test_beats_both_baselines_on_later_trips(trained: Layout) -> None:
    metrics = figures(trained)
    assert metrics["test:mae"] < 0.8 * metrics["test:mae_distance_baseline"]
    assert metrics["test:mae"] < 0.3 * metrics["test:mae_median_baseline"]
    assert metrics["test:rows"] == len(read_csv(trained.channel("test") / "data.csv")) > 900
    assert 0.75 <= metrics["test:interval_coverage"] <= 0.85


def test_reports_the_errors_that_its_artifact_makes(trained: Layout) -> None:
    test, train = (read_csv(trained.channel(name) / "data.csv") for name in ("test", "train"))
    fares = np.array([float(row["fare"]) for row in test])
    records = training._read_channel(trained, "test")
    predicted = Predictor(artifact.load(trained.model)).predict_records(records)
    metrics = figures(trained)
    assert np.abs(predicted[:, 0] - fares).mean() == pytest.approx(metrics["test:mae"], abs=1e-6)
    median = np.median([float(row["fare"]) for row in train])
    assert np.abs(median - fares).mean() == pytest.approx(metrics["test:mae_median_baseline"], abs=1e-6)
    distances = [[float(row["distance"]) for row in part] for part in (train, test)]
    slope, intercept = np.polyfit(distances[0], [float(row["fare"]) for row in train], 1)
    line = intercept + slope * np.array(distances[1])
    assert np.abs(line - fares).mean() == pytest.approx(metrics["test:mae_distance_baseline"], abs=1e-6)


def test_writes_no_executable_format(trained: Layout) -> None:
    assert sorted(path.name for path in trained.model.iterdir()) == [
        "encoder.json",
        "metadata.json",
        "model-card.json",
        "model-card.md",
        "point.txt",
        "scale.txt",
    ]
    for path in trained.model.iterdir():
        path.read_text(encoding="utf-8")


def test_card_tells_error_data_and_limits(trained: Layout) -> None:
    card = json.loads((trained.model / "model-card.json").read_text())
    assert card["metrics"]["test:mae"] == pytest.approx(figures(trained)["test:mae"], abs=1e-6)
    assert sum(card["feature_importances"].values()) == pytest.approx(1)
    colors = {s["value"]: s["rows"] for s in card["slices"] if s["field"] == "color"}
    assert sum(colors.values()) == card["data"]["test"]["rows"]
    text = (trained.model / "model-card.md").read_text()
    assert f"| error of the model | {card['metrics']['test:mae']:.2f} |" in text
    assert card["limits"][0] in text


def test_same_input_gives_the_same_bytes(trained: Layout, tmp_path: Path) -> None:
    again = Layout(tmp_path)
    again.raw.mkdir(parents=True)
    shutil.copy(support.TAXIS, again.raw / "another-name.csv")
    assert support.run(again.base, "process").returncode == 0
    support.use_as_channels(again)
    assert support.run(again.base, "train", OMP_NUM_THREADS="2").returncode == 0
    for path in trained.model.iterdir():
        assert path.read_bytes() == (again.model / path.name).read_bytes(), path.name


def test_another_number_of_threads_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = small(tmp_path / "1", num_iterations="3"), small(tmp_path / "2", num_iterations="3")
    training.train(one)
    monkeypatch.setattr("slipway_model.machine.threads_for", lambda _rows: 2)
    training.train(two)
    for path in one.model.iterdir():
        assert path.read_bytes() == (two.model / path.name).read_bytes(), path.name


def test_takes_sagemakers_hyperparameters(tmp_path: Path) -> None:
    layout = small(
        tmp_path, num_iterations="3", learning_rate='"0.5"', sagemaker_region="us-east-1", seed="7"
    )
    training.train(layout)
    card = json.loads((layout.model / "model-card.json").read_text())
    used = card["model"]["hyperparameters"]
    assert (used["num_iterations"], used["learning_rate"], used["seed"]) == (3, 0.5, 7)
    assert card["model"]["rounds"]["point"] <= 4  # 3, and as much more as there are more rows


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("num_iterations", "many", "num_iterations must be an integer, not 'many'"),
        ("num_iterations", "1.5", "num_iterations must be an integer, not '1.5'"),
        ("num_iterations", "0", "num_iterations must be an integer from 1 to 100000, not 0"),
        ("learning_rate", "nan", "learning_rate must be a number from 0.0001 to 1, not nan"),
        ("learning_rate", [1], "learning_rate must be a number, not [1]"),
        ("learnig_rate", "0.1", "'learnig_rate' is not known: did you mean learning_rate?"),
        ("zzz", "0.1", "'zzz' is not known: known are num_iterations, learning_rate,"),
    ],
)
def test_refuses_hyperparameters(tmp_path: Path, name: str, value: object, message: str) -> None:
    file = tmp_path / "hyperparameters.json"
    file.write_text(json.dumps({name: value}))
    with pytest.raises(Failure, match=re.escape(message)):
        hyperparameters.read(file)


@pytest.mark.parametrize("text", ["{", "[]", "3", "\xff"])
def test_refuses_a_malformed_hyperparameters_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "hyperparameters.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(Failure, match=r"hyperparameters.json (is not valid JSON|must be one JSON object)"):
        hyperparameters.read(file)


def test_defaults_are_in_the_table() -> None:
    defaults = hyperparameters.read(Path("/nowhere/hyperparameters.json"))
    assert list(defaults) == list(hyperparameters.TABLE)


def test_failure_file_names_the_empty_channel(tmp_path: Path) -> None:
    layout = small(tmp_path)
    (layout.channel("validation") / "data.csv").unlink()
    done = support.run(tmp_path, "train")
    assert done.returncode == 1
    message = "the channel validation has no rows: put CSV files into input/data/validation"
    assert layout.failure.read_text() == message
    assert done.stderr == f"error: {message}\n"
    assert not layout.model.exists()


def test_failure_names_the_row_that_processing_has_not_seen(tmp_path: Path) -> None:
    layout = small(tmp_path)
    rows = support.taxi_rows(5)
    rows[2]["fare"] = "-3"
    support.write_csv(layout.channel("test") / "data.csv", rows)
    with pytest.raises(
        Failure, match=r"input/data/test/data.csv line 4: fare must be greater than 0, but is -3"
    ):
        training.train(layout)


def test_unforeseen_errors_keep_the_traceback_out_of_the_failure_file(tmp_path: Path) -> None:
    layout = small(tmp_path)
    layout.model.parent.mkdir(exist_ok=True)
    layout.model.write_text("a file where a folder must be")
    layout.hyperparameters.write_text('{"num_iterations": "1"}')
    done = support.run(tmp_path, "train")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert layout.failure.read_text().startswith("unexpected FileExistsError: ")
    assert "\n" not in layout.failure.read_text()


def test_misuse_is_exit_code_2(tmp_path: Path) -> None:
    done = support.run(tmp_path, "dance")
    assert done.returncode == 2
    assert done.stderr.startswith("usage: python -m slipway_model process | train | serve")

"""The artifact: what is saved is loaded, and nothing else is."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from slipway_model import artifact, features
from slipway_model.failure import Failure
from slipway_model.layout import Layout
from slipway_model.predictor import Predictor


@pytest.fixture
def folder(trained: Layout, tmp_path: Path) -> Path:
    """A copy of the trained model to damage."""
    return Path(shutil.copytree(trained.model, tmp_path / "model"))


def test_survives_saving_and_loading(folder: Path, tmp_path: Path) -> None:
    artifact.save(artifact.load(folder), tmp_path / "again")
    for name in (*artifact.FILES, "metadata.json"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize("name", [*artifact.FILES, "metadata.json"])
def test_names_the_file_that_is_missing(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(Failure, match=f"the model file {name} cannot be read from .*No such file"):
        artifact.load(folder)


@pytest.mark.parametrize("name", [*artifact.FILES, "metadata.json"])
def test_names_the_file_that_is_cut_short(folder: Path, name: str) -> None:
    file = folder / name
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(Failure, match=f"the model file {name} is damaged"):
        artifact.load(folder)


@pytest.mark.parametrize("name", artifact.FILES)
def test_notices_one_changed_byte(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(Failure, match=f"the model file {name} is damaged"):
        artifact.load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 1}, "the model is not of the format slipway-lightgbm 2"),
        ({"format": "pickle"}, "the model is not of the format slipway-lightgbm 2"),
        ({"features": ["distance"]}, "trained for other features"),
        ({"target": "tip"}, "trained for other features or another target"),
        ({"task": {"kind": "classification"}}, "trained for other features or another target"),
        ({"task": {"kind": "regression"}}, "metadata is incomplete"),
        ({"task": {"kind": "regression", "line": {}, "interval": {}}}, "metadata is incomplete"),
        ({"sha256": None}, "has no checksums"),
        ({"sha256": {}}, "the model file encoder.json is damaged"),
    ],
)
def test_refuses_what_other_code_has_made(folder: Path, change: dict[str, object], message: str) -> None:
    file = folder / "metadata.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(Failure, match=message):
        artifact.load(folder)


def test_refuses_a_model_that_lightgbm_cannot_read(trained: Layout) -> None:
    model = artifact.load(trained.model)
    last = len(features.NAMES) - 1
    fewer = model.models["scale"].replace(f"max_feature_idx={last}", f"max_feature_idx={last - 1}")
    for text in ("no model", "", fewer):
        broken = dataclasses.replace(model, models={**model.models, "scale": text})
        with pytest.raises(
            Failure, match=rf"the model file scale.txt (cannot be loaded|takes {last} features)"
        ):
            Predictor(broken)

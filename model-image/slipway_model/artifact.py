"""The artifact: what training leaves in `model/` and serving loads. Text and JSON only, no pickle.

metadata.json   format and version, kind of task and its parameters, features, target, checksums of the rest
encoder.json    the categories of each categorical feature (the place in the list is the code), and what the
                features themselves have learned
<model>.txt     LightGBM text models: point and scale (regression), or classes (classification)
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway_model import features
from slipway_model.encoder import Encoder
from slipway_model.failure import Failure
from slipway_model.schema import SCHEMA
from slipway_model.task import TASK

FORMAT = "slipway-lightgbm"
VERSION = 2
FILES = ("encoder.json", *(f"{name}.txt" for name in TASK.MODELS))
"""What metadata.json holds the checksums of."""


@dataclass(frozen=True)
class Artifact:
    """A trained model: LightGBM's texts, and what the task needs beside them (see its module)."""

    models: dict[str, str]
    encoder: Encoder
    parameters: dict[str, Any]


def save(artifact: Artifact, folder: Path) -> None:
    """Write `artifact` into `folder`; the same artifact gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {f"{name}.txt": artifact.models[name] for name in TASK.MODELS}
    contents["encoder.json"] = _json(
        {"categories": artifact.encoder.categories, "learned": artifact.encoder.learned}
    )
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "title": SCHEMA.title,
        "target": SCHEMA.target.name,
        "unit": SCHEMA.target.unit,
        "features": list(features.NAMES),
        "task": {"kind": TASK.KIND, **artifact.parameters},
        "sha256": {name: _digest(text.encode("utf-8")) for name, text in contents.items()},
    }
    for name, text in {**contents, "metadata.json": _json(metadata)}.items():
        (folder / name).write_bytes(text.encode("utf-8"))


def load(folder: Path) -> Artifact:
    """Read the artifact in `folder`; Failure names the file that is missing, damaged or of other code."""
    metadata = _metadata(folder)
    contents: dict[str, bytes] = {}
    for name in FILES:
        contents[name] = _read(folder / name)
        if _digest(contents[name]) != metadata["sha256"].get(name):
            raise Failure(f"the model file {name} is damaged: its checksum is not the one in metadata.json")
    try:
        encoder = json.loads(contents["encoder.json"])
        parameters = {name: value for name, value in metadata["task"].items() if name != "kind"}
        TASK.Output(parameters)  # refuses what is missing
        return Artifact(
            models={name: contents[f"{name}.txt"].decode("utf-8") for name in TASK.MODELS},
            encoder=Encoder(encoder["categories"], encoder["learned"]),
            parameters=parameters,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise Failure(f"the model's metadata is incomplete ({what}): train anew") from None


def _metadata(folder: Path) -> dict[str, Any]:
    try:
        metadata = json.loads(_read(folder / "metadata.json"))
    except ValueError:
        raise Failure("the model file metadata.json is damaged: it is not valid JSON") from None
    if not isinstance(metadata, dict):
        raise Failure("the model file metadata.json is damaged: it is not a JSON object")
    if (metadata.get("format"), metadata.get("version")) != (FORMAT, VERSION):
        raise Failure(
            f"the model is not of the format {FORMAT} {VERSION}, which this image reads: train anew"
        )
    trained_for = (metadata.get("features"), metadata.get("target"), metadata.get("task", {}).get("kind"))
    if trained_for != (list(features.NAMES), SCHEMA.target.name, TASK.KIND):
        raise Failure(
            "the model was trained for other features or another target than this image's: train anew"
        )
    if not isinstance(metadata.get("sha256"), dict):
        raise Failure("the model's metadata has no checksums: train anew")
    return metadata


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        where = f"{path.name} cannot be read from {path.parent}"
        raise Failure(f"the model file {where}: {error.strerror}") from None


def _json(document: object) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

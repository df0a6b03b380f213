"""The artifact: what training leaves in `model/` and serving loads. Text and JSON only, no pickle.

metadata.json   format and version, features, target, straight line, interval, checksums of the rest
encoder.json    the categories of each categorical feature; the place in the list is the code
point.txt       LightGBM text model of the point prediction (what it adds to the straight line)
lower.txt       the same for the lower quantile
upper.txt       the same for the upper quantile
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

FORMAT = "slipway-lightgbm"
VERSION = 1
MODELS = ("point", "lower", "upper")
FILES = ("encoder.json", *(f"{name}.txt" for name in MODELS))
"""What metadata.json holds the checksums of."""


@dataclass(frozen=True)
class Artifact:
    """A trained model. A prediction is `intercept + slope * <line feature> + <text model>`.

    `margin` (in the target's unit) widens the interval at both ends; a negative one narrows it.
    """

    models: dict[str, str]
    encoder: Encoder
    intercept: float
    slope: float
    margin: float
    quantiles: tuple[float, float]


def save(artifact: Artifact, folder: Path) -> None:
    """Write `artifact` into `folder`; the same artifact gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {f"{name}.txt": artifact.models[name] for name in MODELS}
    contents["encoder.json"] = _json({"format": FORMAT, "categories": artifact.encoder.categories})
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "title": SCHEMA.title,
        "target": SCHEMA.target.name,
        "unit": SCHEMA.target.unit,
        "features": list(features.NAMES),
        "line": {"feature": features.START, "intercept": artifact.intercept, "slope": artifact.slope},
        "interval": {"quantiles": list(artifact.quantiles), "margin": artifact.margin},
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
        line, interval = metadata["line"], metadata["interval"]
        return Artifact(
            models={name: contents[f"{name}.txt"].decode("utf-8") for name in MODELS},
            encoder=Encoder(json.loads(contents["encoder.json"])["categories"]),
            intercept=float(line["intercept"]),
            slope=float(line["slope"]),
            margin=float(interval["margin"]),
            quantiles=(float(interval["quantiles"][0]), float(interval["quantiles"][1])),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
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
    if metadata.get("features") != list(features.NAMES) or metadata.get("target") != SCHEMA.target.name:
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

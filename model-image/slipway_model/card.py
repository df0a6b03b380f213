"""The model card, as JSON and Markdown: what the model is, what it was made from, how good, what for."""

import json
from pathlib import Path
from typing import Any

from slipway_model import features
from slipway_model.gbm import lightgbm
from slipway_model.hyperparameters import Values
from slipway_model.schema import SCHEMA
from slipway_model.task import TASK


def document(
    measured: dict[str, float],
    slices: list[dict[str, Any]],
    importances: dict[str, float],
    rounds: dict[str, int],
    values: Values,
    times: dict[str, dict[str, str]],
) -> dict[str, Any]:
    """The card as JSON. It holds no date of its own, so that the same input gives the same bytes."""
    target = SCHEMA.target
    return {
        "title": f"{SCHEMA.title}: {target.name}",
        "target": {"name": target.name, "unit": target.unit, "description": target.description},
        "intended_use": features.INTENDED_USE,
        "limits": list(features.LIMITS),
        "model": {
            "library": f"LightGBM {lightgbm.__version__}",
            "task": TASK.KIND,
            "kind": TASK.DESCRIPTION,
            "rounds": rounds,
            "hyperparameters": values,
        },
        "data": {name: {"rows": measured[f"{name}:rows"], **part} for name, part in times.items()},
        "metrics": measured,
        "slices": slices,
        "feature_importances": importances,
    }


def markdown(card: dict[str, Any]) -> str:
    """The card for people."""
    measured = card["metrics"]
    measures = "".join(
        f"| {label} | {measured[name]:{form}} |\n" for name, (label, form) in TASK.MEASURES.items()
    )
    heads = "".join(f" {label} |" for label, _ in TASK.SLICE_MEASURES.values())
    data = "".join(
        f"| {n} | {p['rows']:,} | {p.get('from', '')} | {p.get('to', '')} |\n"
        for n, p in card["data"].items()
    )
    slices = "".join(
        f"| {s['field']} | {s['value'] if s['value'] is not None else '(missing)'} | {s['rows']:,} |"
        + "".join(f" {s[name]:{form}} |" for name, (_, form) in TASK.SLICE_MEASURES.items())
        + "\n"
        for s in card["slices"]
    )
    gains = "".join(f"| {name} | {share:.1%} |\n" for name, share in card["feature_importances"].items())
    values = "".join(f"| {name} | {value} |\n" for name, value in card["model"]["hyperparameters"].items())
    limits = "".join(f"- {limit}\n" for limit in card["limits"])
    rounds = ", ".join(f"{name} {count}" for name, count in card["model"]["rounds"].items())
    return f"""# {card["title"]}

{card["intended_use"]}

Predicted: {card["target"]["description"]} Unit: {card["target"]["unit"] or "none"}.

## Limits

{limits}
## How good it is

On {measured["test:rows"]:,} test rows, which training has not seen. Error: {TASK.ERROR}, unit as above.

| measure | value |
|---|---|
{measures}
| field | value | rows |{heads}
|---|---|---|{"---|" * len(TASK.SLICE_MEASURES)}
{slices}
## Data

| part | rows | from | to |
|---|---|---|---|
{data}
## Model

{card["model"]["library"]}: {card["model"]["kind"]}. Rounds: {rounds}.

| feature | share of the gain |
|---|---|
{gains}
| hyperparameter | value |
|---|---|
{values}"""


def write(card: dict[str, Any], folder: Path) -> None:
    """Write model-card.json and model-card.md into `folder`."""
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    (folder / "model-card.json").write_text(text, encoding="utf-8")
    (folder / "model-card.md").write_text(markdown(card), encoding="utf-8")

"""The model card, as JSON and Markdown: what the model is, what it was made from, how good, what for."""

import json
from pathlib import Path
from typing import Any

import lightgbm

from slipway_model import features
from slipway_model.hyperparameters import Values
from slipway_model.schema import SCHEMA


def document(
    measured: dict[str, float],
    slices: list[dict[str, Any]],
    importances: dict[str, float],
    trees: dict[str, int],
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
            "kind": f"gradient-boosted trees over a straight line by {features.START}; Huber loss for the "
            "value, quantile loss for the ends of the interval, calibrated on the validation rows",
            "trees": trees,
            "hyperparameters": values,
        },
        "data": {name: {"rows": measured[f"{name}:rows"], **part} for name, part in times.items()},
        "metrics": measured,
        "slices": slices,
        "feature_importances": importances,
    }


def markdown(card: dict[str, Any]) -> str:
    """The card for people."""
    unit, measured = card["target"]["unit"], card["metrics"]
    data = "".join(f"| {n} | {p['rows']:,} | {p['from']} | {p['to']} |\n" for n, p in card["data"].items())
    slices = "".join(
        f"| {s['field']} | {s['value'] if s['value'] is not None else '(missing)'} | {s['rows']:,} | "
        f"{s['mae']:.2f} | {s['interval_coverage']:.1%} |\n"
        for s in card["slices"]
    )
    gains = "".join(f"| {name} | {share:.1%} |\n" for name, share in card["feature_importances"].items())
    values = "".join(f"| {name} | {value} |\n" for name, value in card["model"]["hyperparameters"].items())
    limits = "".join(f"- {limit}\n" for limit in card["limits"])
    trees = ", ".join(f"{name} {count}" for name, count in card["model"]["trees"].items())
    return f"""# {card["title"]}

{card["intended_use"]}

Predicted: {card["target"]["description"]} Unit: {unit}.

## Limits

{limits}
## How good it is

On {measured["test:rows"]:,} test rows, which training has not seen. Error: mean absolute error in {unit}.

| measure | value |
|---|---|
| error of the model | {measured["test:mae"]:.2f} |
| error when always predicting the median | {measured["test:mae_median_baseline"]:.2f} |
| error of a straight line by {features.BASELINE} | {measured["test:mae_distance_baseline"]:.2f} |
| actual value within the interval | {measured["test:interval_coverage"]:.1%} |
| mean width of the interval | {measured["test:interval_width"]:.2f} |

| field | value | rows | error | within the interval |
|---|---|---|---|---|
{slices}
## Data

| part | rows | from | to |
|---|---|---|---|
{data}
## Model

{card["model"]["library"]}: {card["model"]["kind"]}. Trees: {trees}.

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

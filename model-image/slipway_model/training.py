"""Training: three LightGBM models over a straight line, measured against two baselines."""

import json
import re
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from slipway_model import artifact, card, features, hyperparameters, machine, metrics, tables
from slipway_model.artifact import Artifact
from slipway_model.encoder import Encoder, Matrix
from slipway_model.failure import Failure
from slipway_model.layout import Layout
from slipway_model.metrics import Vector
from slipway_model.predictor import Predictor
from slipway_model.schema import SCHEMA

CHANNELS = ("train", "validation", "test")
# Parameters of training itself; all others of the table go to LightGBM under the same name.
OWN = {"num_iterations", "early_stopping_rounds", "interval_lower", "interval_upper", "seed"}


@dataclass(frozen=True)
class Part:
    """The rows of one channel."""

    records: list[Any]
    matrix: Matrix
    target: Vector


@dataclass(frozen=True)
class Trained:
    """One of the three models: LightGBM's text, number of trees, total gain of each feature."""

    text: str
    trees: int
    gains: list[float]


def train(layout: Layout) -> None:
    """Train on the channels below `layout`; writes the artifact, the model card and the metrics."""
    values = hyperparameters.read(layout.hyperparameters)
    _one_host(layout)
    records = {name: _read_channel(layout, name) for name in CHANNELS}
    rows = [features.compute(record) for record in records["train"]]
    encoder = Encoder.fit(rows)
    parts = {name: _part(encoder, records[name]) for name in CHANNELS}
    learned = parts["train"]
    distance = features.NAMES.index(features.BASELINE)
    line = metrics.straight_line(learned.matrix[:, distance], learned.target)
    trained = {name: _fit(name, parts, line, values) for name in artifact.MODELS}
    model = Artifact(
        models={name: result.text for name, result in trained.items()},
        encoder=encoder,
        intercept=line[0],
        slope=line[1],
        margin=0.0,
        quantiles=(values["interval_lower"], values["interval_upper"]),
    )
    model = _calibrated(model, parts["validation"])
    predictor = Predictor(model, machine.threads_for(len(learned.target)))
    measured = _measure(predictor, parts, line)
    artifact.save(model, layout.model)
    document = card.document(
        measured,
        _slices(predictor, parts["test"]),
        _importances(trained["point"]),
        _trees(trained),
        values,
        {name: _times(part.records) for name, part in parts.items()},
    )
    card.write(document, layout.model)
    layout.output_data.mkdir(parents=True, exist_ok=True)
    (layout.output_data / "metrics.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    for name, value in measured.items():
        metrics.report_metric(name, value)


def _one_host(layout: Layout) -> None:
    if layout.resources.exists():
        hosts = json.loads(layout.resources.read_text(encoding="utf-8")).get("hosts", [])
        if len(hosts) > 1:
            raise Failure(
                f"training runs on one host, this job has {len(hosts)}: set its instance count to 1"
            )


def _read_channel(layout: Layout, name: str) -> list[Any]:
    """The records of a channel; Failure when there are none or one is not valid."""
    folder = layout.channel(name)
    known = {f.name for f in SCHEMA.fields}
    records: list[Any] = []
    for path in tables.find(folder):
        file = layout.relative(path)
        for row in tables.read(path, file, known, SCHEMA.training):
            if row.reasons:
                first = row.reasons[0]
                raise Failure(
                    f"{file} line {row.line}: {first.field} {first.rule}, but is {first.value!r}; train on "
                    "rows that the processing step has checked"
                )
            records.append(row.record)
    if not records:
        raise Failure(f"the channel {name} has no rows: put CSV files into {layout.relative(folder)}")
    return records


def _part(encoder: Encoder, records: list[Any]) -> Part:
    target = np.array([getattr(record, SCHEMA.target.name) for record in records], dtype=np.float64)
    return Part(records, encoder.matrix(records), target)


def _objective(model: str, values: hyperparameters.Values) -> dict[str, Any]:
    if model == "point":
        # Huber loss is the absolute error but for its rounded tip, which lets leaves average small errors
        # out: 1.46 dollars of mean absolute error against 1.48 with LightGBM's regression_l1 (5-fold).
        return {"objective": "huber", "metric": "l1"}
    return {"objective": "quantile", "metric": "quantile", "alpha": values[f"interval_{model}"]}


def _fit(
    model: str, parts: dict[str, Part], line: tuple[float, float], values: hyperparameters.Values
) -> Trained:
    """Boost what the straight line leaves over; stops early on the validation rows."""
    parameters = {
        **{name: value for name, value in values.items() if name not in OWN},
        **_objective(model, values),
        "seed": values["seed"],
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": machine.threads_for(len(parts["train"].target)),
        "verbosity": -1,
    }
    # Trees cannot draw a slope; started from the line they need not, and long trips come out right.
    distance = features.NAMES.index(features.BASELINE)
    starts = {name: line[0] + line[1] * part.matrix[:, distance] for name, part in parts.items()}
    train_set = lightgbm.Dataset(
        parts["train"].matrix,
        parts["train"].target,
        init_score=starts["train"],
        feature_name=list(features.NAMES),
        categorical_feature=[name for name in features.NAMES if name in features.CATEGORICAL],
        params=parameters,
    )
    valid_set = train_set.create_valid(
        parts["validation"].matrix, parts["validation"].target, init_score=starts["validation"]
    )
    booster = lightgbm.train(
        parameters,
        train_set,
        int(values["num_iterations"]),
        valid_sets=[valid_set],
        callbacks=[lightgbm.early_stopping(int(values["early_stopping_rounds"]), verbose=False)],
    )
    trees = booster.best_iteration if booster.best_iteration > 0 else booster.current_iteration()
    # The number of threads is the machine's, not the model's: without it the bytes are the same everywhere.
    text = re.sub(r"\[num_threads: \d+\]", "[num_threads: 0]", booster.model_to_string(num_iteration=trees))
    return Trained(text, trees, [float(gain) for gain in booster.feature_importance("gain", iteration=trees)])


def _calibrated(model: Artifact, validation: Part) -> Artifact:
    """`model` with the margin that makes its interval cover the declared share of the validation rows.

    Conformalized quantile regression (Romano, Patterson and Candès, 2019).
    """
    predicted = Predictor(model).predict(validation.matrix)
    beyond = np.maximum(predicted[:, 1] - validation.target, validation.target - predicted[:, 2])
    wanted = model.quantiles[1] - model.quantiles[0]
    rank = min(1.0, wanted * (1 + 1 / len(beyond)))
    margin = float(np.quantile(beyond, rank, method="higher"))
    return Artifact(model.models, model.encoder, model.intercept, model.slope, margin, model.quantiles)


def _measure(predictor: Predictor, parts: dict[str, Part], line: tuple[float, float]) -> dict[str, float]:
    learned, validation, test = (parts[name] for name in CHANNELS)
    distance = test.matrix[:, features.NAMES.index(features.BASELINE)]
    predicted = predictor.predict(test.matrix)
    return {
        "train:rows": len(learned.target),
        "validation:rows": len(validation.target),
        "test:rows": len(test.target),
        "validation:mae": metrics.mae(predictor.predict(validation.matrix)[:, 0], validation.target),
        "test:mae": metrics.mae(predicted[:, 0], test.target),
        "test:mae_median_baseline": metrics.mae(
            np.full(len(test.target), np.median(learned.target)), test.target
        ),
        "test:mae_distance_baseline": metrics.mae(line[0] + line[1] * distance, test.target),
        "test:interval_coverage": metrics.coverage(predicted[:, 1], predicted[:, 2], test.target),
        "test:interval_width": float(np.mean(predicted[:, 2] - predicted[:, 1])),
    }


def _slices(predictor: Predictor, test: Part) -> list[dict[str, Any]]:
    return metrics.by_slice(SCHEMA.slices, test.records, predictor.predict(test.matrix), test.target)


def _importances(point: Trained) -> dict[str, float]:
    total = sum(point.gains) or 1.0
    shares = {name: gain / total for name, gain in zip(features.NAMES, point.gains, strict=True)}
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))


def _trees(trained: dict[str, Trained]) -> dict[str, int]:
    return {name: result.trees for name, result in trained.items()}


def _times(records: list[Any]) -> dict[str, str]:
    times = sorted(str(getattr(record, SCHEMA.time.name)).replace("T", " ") for record in records)
    return {"from": times[0], "to": times[-1]}

"""Training: three LightGBM models over a straight line, measured against two baselines."""

import itertools
import json
import re
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from slipway_model import artifact, card, features, hosts, hyperparameters, machine, metrics, tables
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
class Learned:
    """What the leader knows of the training rows of all hosts; on another host of its own."""

    distance: Vector
    start: Vector
    target: Vector
    times: dict[str, str]


@dataclass(frozen=True)
class Trained:
    """One of the three models: LightGBM's text, number of trees, total gain of each feature."""

    text: str
    trees: int
    gains: list[float]


def train(layout: Layout) -> None:
    """Train on the channels below `layout`; writes the artifact, the model card and the metrics."""
    values = hyperparameters.read(layout.hyperparameters)
    group = hosts.join(layout)
    records = _read_channels(layout, group)
    encoder = _encoder(group, [features.compute(record) for record in records["train"]])
    parts = {name: _part(encoder, rows) for name, rows in records.items()}
    learned = _learned(group, parts["train"])
    intercept, slope = group.leaders(metrics.straight_line(learned.start, learned.target))
    line = (intercept, slope)
    with group.learning() as network:
        trained = {name: _fit(name, parts, line, {**values, **network}, group) for name in artifact.MODELS}
    if not group.leads:
        print(f"{len(parts['train'].target)} rows learned; {group.names[0]} writes the model", flush=True)
        return
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
    measured = _measure(predictor, parts, learned)
    artifact.save(model, layout.model)
    document = card.document(
        measured,
        _slices(predictor, parts["test"]),
        _importances(trained["point"]),
        _trees(trained),
        values,
        {**{name: _times(part.records) for name, part in parts.items()}, "train": learned.times},
    )
    card.write(document, layout.model)
    layout.output_data.mkdir(parents=True, exist_ok=True)
    (layout.output_data / "metrics.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    for name, value in measured.items():
        metrics.report_metric(name, value)


def _read_channels(layout: Layout, group: hosts.Group) -> dict[str, list[Any]]:
    """The records that this host needs: its own part of train; on the leader all of validation and test."""
    for name in CHANNELS[1:]:
        if group.size > 1 and hosts.is_sharded(layout, name):
            raise Failure(
                f"the channel {name} is ShardedByS3Key, and {group.names[0]} alone measures on it: set its "
                "S3DataDistributionType to FullyReplicated (train can be either)"
            )
    train = _read_channel(layout, "train")
    own = train if hosts.is_sharded(layout, "train") else group.share(train)
    if not own:
        raise Failure(f"the channel train has {len(train)} rows for {group.size} hosts: use fewer hosts")
    return {"train": own, **{name: _read_channel(layout, name) for name in CHANNELS[1:] if group.leads}}


def _encoder(group: hosts.Group, rows: list[tuple[features.Value, ...]]) -> Encoder:
    """The same encoder on all hosts: of the categories that any of them has."""
    found = [categories.items() for categories in group.gather(Encoder.fit(rows).categories)]
    united: dict[str, set[str]] = {}
    for name, texts in itertools.chain(*found):
        united.setdefault(name, set()).update(texts)
    return Encoder(group.leaders({name: sorted(texts) for name, texts in united.items()}))


def _learned(group: hosts.Group, own: Part) -> Learned:
    times = group.gather(_times(own.records))
    return Learned(
        distance=group.column(own.matrix[:, features.NAMES.index(features.BASELINE)]),
        start=group.column(own.matrix[:, features.NAMES.index(features.START)]),
        target=group.column(own.target),
        times={"from": min(part["from"] for part in times), "to": max(part["to"] for part in times)},
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
        # out: 0.006 dollars less mean absolute error than with LightGBM's regression_l1 (5-fold).
        return {"objective": "huber", "metric": "l1"}
    return {"objective": "quantile", "metric": "quantile", "alpha": values[f"interval_{model}"]}


def _fit(
    model: str, parts: dict[str, Part], line: tuple[float, float], values: dict[str, Any], group: hosts.Group
) -> Trained:
    """Boost what the straight line leaves over; stops early on the leader's validation rows."""
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
    start = features.NAMES.index(features.START)
    starts = {name: line[0] + line[1] * part.matrix[:, start] for name, part in parts.items()}
    train_set = lightgbm.Dataset(
        parts["train"].matrix,
        parts["train"].target,
        init_score=starts["train"],
        feature_name=list(features.NAMES),
        categorical_feature=[name for name in features.NAMES if name in features.CATEGORICAL],
        params=parameters,
    )
    valid_sets = [
        train_set.create_valid(part.matrix, part.target, init_score=starts[name])
        for name, part in parts.items()
        if name == "validation"
    ]
    booster = lightgbm.train(
        parameters,
        train_set,
        int(values["num_iterations"]),
        valid_sets=valid_sets,
        callbacks=[group.early_stopping(int(values["early_stopping_rounds"]))],
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


def _measure(predictor: Predictor, parts: dict[str, Part], learned: Learned) -> dict[str, float]:
    validation, test = parts["validation"], parts["test"]
    distance = test.matrix[:, features.NAMES.index(features.BASELINE)]
    intercept, slope = metrics.straight_line(learned.distance, learned.target)
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
        "test:mae_distance_baseline": metrics.mae(intercept + slope * distance, test.target),
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

"""Training: reads the channels, learns, measures, and writes the artifact, its card and the metrics."""

import json
from dataclasses import dataclass
from typing import Any

from slipway_model import artifact, card, features, hosts, hyperparameters, metrics, tables
from slipway_model.artifact import Artifact
from slipway_model.boosting import Boosting, Fitted, Rows, Trained
from slipway_model.encoder import Encoder
from slipway_model.failure import Failure
from slipway_model.layout import Layout
from slipway_model.predictor import Predictor
from slipway_model.schema import SCHEMA
from slipway_model.task import TASK

CHANNELS = ("train", "validation", "test")


@dataclass(frozen=True)
class Channels:
    """The records that this host needs: its own part of train; of the others all."""

    train: list[Any]
    validation: list[Any]
    test: list[Any]


def train(layout: Layout) -> None:
    """Train on the channels below `layout`; writes the artifact, the model card and the metrics."""
    values = hyperparameters.read(layout.hyperparameters)
    group = hosts.join(layout)
    channels = _read_channels(layout, group)
    # The validation rows say when to stop; then they are learned from as well.
    learned = [*channels.train, *group.share(channels.validation)]
    encoder = Encoder(**group.leaders(Encoder.learn(group.gather(Encoder.observe(learned)))))
    encoder.check(learned)
    everything = _rows(encoder, learned)
    count = len(channels.train)
    train_rows = Rows(everything.matrix[:count], everything.target[:count])
    with group.learning() as network:
        boosting = Boosting(values, group, network)
        fitted = TASK.train(boosting, train_rows, _rows(encoder, channels.validation), everything)
    times = _times_of_all(group, channels)
    count = sum(group.gather(count))
    if not group.leads:
        print(f"{len(learned)} rows learned; {group.names[0]} writes the model", flush=True)
        return
    model = Artifact({name: fit.text for name, fit in fitted.models.items()}, encoder, fitted.parameters)
    artifact.save(model, layout.model)
    _report(layout, Predictor(model), fitted, count, channels, values, times)


def _report(
    layout: Layout,
    predictor: Predictor,
    fitted: Fitted,
    train_count: int,
    channels: Channels,
    values: hyperparameters.Values,
    times: dict[str, dict[str, str]],
) -> None:
    """Measure the model on the test rows; write its card and the metrics."""
    test = _rows(predictor.artifact.encoder, channels.test)
    predicted = predictor.predict(test.matrix)
    measured = {
        "train:rows": train_count,
        "validation:rows": len(channels.validation),
        "test:rows": len(test),
        **fitted.measured,
        **TASK.measure(predicted, test, fitted.baseline),
    }
    slices = metrics.by_slice(
        SCHEMA.slices,
        channels.test,
        lambda chosen: TASK.measure_slice(predicted[chosen], test.target[chosen]),
    )
    rounds = {name: fit.rounds for name, fit in fitted.models.items()}
    importances = _importances(fitted.models[TASK.MODELS[0]])
    card.write(card.document(measured, slices, importances, rounds, values, times), layout.model)
    layout.output_data.mkdir(parents=True, exist_ok=True)
    (layout.output_data / "metrics.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    for name, value in measured.items():
        metrics.report_metric(name, value)


def _read_channels(layout: Layout, group: hosts.Group) -> Channels:
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
    return Channels(own, _read_channel(layout, "validation"), _read_channel(layout, "test"))


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


def _rows(encoder: Encoder, records: list[Any]) -> Rows:
    return Rows(encoder.matrix(records), TASK.target(records))


def _importances(trained: Trained) -> dict[str, float]:
    total = sum(trained.gains) or 1.0
    shares = {name: gain / total for name, gain in zip(features.NAMES, trained.gains, strict=True)}
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))


def _times_of_all(group: hosts.Group, channels: Channels) -> dict[str, dict[str, str]]:
    """First and last time of each channel, of train over all hosts."""
    parts = group.gather(_times(channels.train))
    train = {"from": min(p["from"] for p in parts), "to": max(p["to"] for p in parts)} if all(parts) else {}
    return {
        "train": train,
        "validation": _times(channels.validation),
        "test": _times(channels.test),
    }


def _times(records: list[Any]) -> dict[str, str]:
    """First and last time of `records`; nothing when they have none."""
    if SCHEMA.time is None:
        return {}
    times = sorted(str(getattr(record, SCHEMA.time.name)).replace("T", " ") for record in records)
    return {"from": times[0], "to": times[-1]}

"""Metrics of ``AWS/SQS`` that MiniStack lacks, for queues that alarms watch: how many wait, and how long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch, sqs

EVERY_SECONDS = 5.0

Json = dict[str, Any]
Messages = list[Json]


def visible(messages: Messages, now: float) -> float:
    return float(sum(1 for message in messages if message.get("visible_at", 0) <= now))


def oldest(messages: Messages, now: float) -> float:
    """The age of the oldest message that is not deleted, in seconds."""
    return now - min((message["sent_at"] for message in messages), default=now)


METRICS: dict[str, tuple[str, Callable[[Messages, float], float]]] = {
    "ApproximateNumberOfMessagesVisible": ("Count", visible),
    "ApproximateAgeOfOldestMessage": ("Seconds", oldest),
}

_put_at: dict[tuple[str, str], float] = {}  # by queue and metric


def put(alarm: Json) -> None:
    """Puts a data point for the queue of this alarm, if it watches one and the last is some seconds old."""
    metric = alarm.get("MetricName", "")
    if alarm.get("Namespace") != "AWS/SQS" or metric not in METRICS:
        return
    dimensions = {one["Name"]: one["Value"] for one in alarm.get("Dimensions") or []}
    queue_url = sqs._queue_url(dimensions.get("QueueName", ""))
    queue = sqs._queues.get(queue_url)
    now = time.time()
    if queue is None or now - _put_at.get((queue_url, metric), 0.0) < EVERY_SECONDS:
        return
    _put_at[queue_url, metric] = now
    unit, measure = METRICS[metric]
    key = ("AWS/SQS", metric, cloudwatch._dims_key(dimensions))
    value = measure(list(queue["messages"]), now)
    cloudwatch._metric_bucket(key).append(
        {"Timestamp": now, "Value": value, "Unit": unit, "Dimensions": dimensions}
    )

"""``AWS/SQS ApproximateNumberOfMessagesVisible``, which MiniStack lacks, for the queues that alarms watch."""

from __future__ import annotations

import time
from typing import Any

from ministack.services import cloudwatch, sqs

METRIC = "ApproximateNumberOfMessagesVisible"
EVERY_SECONDS = 5.0

Json = dict[str, Any]

_put_at: dict[str, float] = {}  # by queue


def put(alarm: Json) -> None:
    """Puts a data point for the queue of this alarm, if it watches one and the last is some seconds old."""
    if alarm.get("Namespace") != "AWS/SQS" or alarm.get("MetricName") != METRIC:
        return
    dimensions = {one["Name"]: one["Value"] for one in alarm.get("Dimensions") or []}
    queue_url = sqs._queue_url(dimensions.get("QueueName", ""))
    queue = sqs._queues.get(queue_url)
    now = time.time()
    if queue is None or now - _put_at.get(queue_url, 0.0) < EVERY_SECONDS:
        return
    _put_at[queue_url] = now
    visible = sum(1 for message in list(queue["messages"]) if message.get("visible_at", 0) <= now)
    key = ("AWS/SQS", METRIC, cloudwatch._dims_key(dimensions))
    point = {"Timestamp": now, "Value": float(visible), "Unit": "Count", "Dimensions": dimensions}
    cloudwatch._metric_bucket(key).append(point)

"""CloudWatch alarms as AWS evaluates them.

MiniStack looks at an alarm only while metrics are put, pools a metric's dimensions, and leaves an alarm as it
is when data end. Here every alarm is looked at each second:

* its metric with exactly its dimensions, and its unit if it names one;
* the last ``EvaluationPeriods`` periods, of which ``DatapointsToAlarm`` (default: all) must breach;
* periods without data as ``TreatMissingData`` says.

The periods end now, not at whole multiples of the period: a period of 10 seconds rings within a second of the
data that breach. A change of state goes to the alarm's SNS actions and to the composite alarms above it (both
MiniStack's own work), and as ``CloudWatch Alarm State Change`` to EventBridge: that of a composite alarm, and
one that SetAlarmState makes, as well.

A policy may allow DescribeAlarms for alarms by name, as on AWS.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from ministack.core import iam_actions
from ministack.core.responses import _request_account_id, get_account_id, get_region, set_request_region
from ministack.services import cloudwatch, eventbridge

from cloudwatch import queue_metrics

EVALUATE_EVERY_SECONDS = 1.0
EVICT_EVERY_SECONDS = 60.0

Alarm = dict[str, Any]
Point = dict[str, Any]
Json = dict[str, Any]
Compare = Callable[[float, float], bool]
Receive = Callable[[], Awaitable[Json]]
Send = Callable[[Json], Awaitable[None]]
Asgi = Callable[[Json, Receive, Send], Awaitable[None]]

COMPARISONS: dict[str, Compare] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def points_of(alarm: Alarm) -> list[Point]:
    dimensions = {one["Name"]: one["Value"] for one in alarm.get("Dimensions") or []}
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))
    unit = alarm.get("Unit")
    points: list[Point] = cloudwatch._metrics.get(key) or []
    return [point for point in points if unit is None or point.get("Unit") == unit]


def values_of(alarm: Alarm, now: float) -> list[float | None]:
    """The statistic of each of the alarm's periods, newest first; None without data."""
    period, count = alarm["Period"], alarm["EvaluationPeriods"]
    periods: list[list[Point]] = [[] for _ in range(count)]
    for point in reversed(points_of(alarm)):  # about in order of time
        index = int((now - point["Timestamp"]) // period)
        if 0 <= index < count:
            periods[index].append(point)
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    return [
        cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points) if points else None
        for points in periods
    ]


def state_of(alarm: Alarm, values: list[float | None]) -> str:
    """The state that these values mean, by the alarm's threshold and how it treats missing data."""
    compare = COMPARISONS[alarm["ComparisonOperator"]]
    missing = alarm.get("TreatMissingData") or "missing"
    breaching = sum(
        missing == "breaching" if value is None else compare(value, alarm["Threshold"]) for value in values
    )
    if breaching >= (alarm.get("DatapointsToAlarm") or len(values)):
        return "ALARM"
    if all(value is None for value in values):
        if missing == "ignore":
            return str(alarm["StateValue"])
        if missing == "missing":
            return "INSUFFICIENT_DATA"
    return "OK"


def evaluate(alarm: Alarm) -> None:
    if not alarm.get("Namespace") or not alarm.get("MetricName"):
        return
    if alarm.get("ComparisonOperator") not in COMPARISONS:
        return  # anomaly detection: MiniStack has none
    queue_metrics.put(alarm)
    values = values_of(alarm, time.time())
    old, new = alarm["StateValue"], state_of(alarm, values)
    if old == new:
        return
    shown = ", ".join("no data" if value is None else f"{value:g}" for value in values)
    reason = f"Threshold Crossed: [{shown}] {alarm['ComparisonOperator']} {alarm['Threshold']:g}."
    alarm.update(StateValue=new, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], old, new, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, new, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def put_event(name: str, old: Json, new: Json) -> None:
    """Tells EventBridge of an alarm's new state."""
    alarm = cloudwatch._alarms.get(name) or cloudwatch._composite_alarms[name]
    description = alarm.get("AlarmDescription", "")
    rule = {"alarmRule": alarm["AlarmRule"]} if "AlarmRule" in alarm else {}
    detail = {
        "alarmName": name,
        "state": new,
        "previousState": old,
        "configuration": {"description": description, **rule},
    }
    entry = {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Detail": json.dumps(detail),
        "Resources": [alarm["AlarmArn"]],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def tell_of_changes() -> None:
    """Puts an event wherever MiniStack notes a change of state in an alarm's history."""
    record = cloudwatch._record_history

    def record_and_tell(name: str, old: str, new: str, reason: str, *more: object) -> None:
        before = [one for one in cloudwatch._history_entries() if one["AlarmName"] == name]
        record(name, old, new, reason, *more)
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")
        since = {"timestamp": before[-1]["Timestamp"]} if before else {}
        put_event(name, {"value": old, **since}, {"value": new, "reason": reason, "timestamp": now})

    cloudwatch._record_history = record_and_tell


def evaluate_all() -> None:
    """Every alarm of every account and region, each as if asked there."""
    for account, region, name in list(cloudwatch._alarms._data):

        def one(account: str = account, region: str = region, name: str = name) -> None:
            _request_account_id.set(account)
            set_request_region(region)
            alarm = cloudwatch._alarms.get(name)
            if alarm is not None:
                evaluate(alarm)

        try:
            contextvars.copy_context().run(one)
        except Exception:  # one broken alarm must not silence the others
            logging.exception("alarm %s", name)


async def keep_evaluating() -> None:
    while True:
        await asyncio.sleep(EVALUATE_EVERY_SECONDS)
        evaluate_all()


def describe_alarms_by_name() -> None:
    """Lets policies name the alarms of DescribeAlarms; of several, the first is asked about."""
    extract = iam_actions.extract_resource_arn

    def extract_resource_arn(
        service: str, method: str, path: str, headers: Json, body: bytes, query: Json, *where: str
    ) -> str:
        if service == "monitoring" and b"AlarmNames" in body:
            names = iam_actions._safe_json_field(body, "AlarmNames")
            name = names[0] if isinstance(names, list) else cloudwatch._p(query, "AlarmNames.member.1")
            if name:
                return f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{name}"
        arn: str = extract(service, method, path, headers, body, query, *where)
        return arn

    iam_actions.extract_resource_arn = extract_resource_arn


def evict_seldom() -> None:
    """MiniStack drops old metrics by copying all of them, at every request: each minute will do."""
    evict = cloudwatch._evict_old_metrics
    next_time = 0.0

    def evict_at_times() -> None:
        nonlocal next_time
        if time.monotonic() >= next_time:
            next_time = time.monotonic() + EVICT_EVERY_SECONDS
            evict()

    cloudwatch._evict_old_metrics = evict_at_times


def install() -> None:
    """Puts all of this into MiniStack."""
    cloudwatch._evaluate_alarm = evaluate
    cloudwatch._evaluate_all_alarms = lambda: None  # each second anyway
    tell_of_changes()
    describe_alarms_by_name()
    evict_seldom()


def with_evaluation(app: Asgi) -> Asgi:
    """The application, with alarms evaluated on its event loop for as long as it lives."""

    async def evaluating(scope: Json, receive: Receive, send: Send) -> None:
        if scope.get("type") != "lifespan":
            await app(scope, receive, send)
            return
        task = asyncio.get_running_loop().create_task(keep_evaluating())
        try:
            await app(scope, receive, send)
        finally:
            task.cancel()

    return evaluating

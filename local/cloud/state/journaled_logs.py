"""Log streams and events that survive a crash: what a request makes is written to a journal at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch_logs

from state.journal import Entry, Journal

Json = dict[str, Any]
Answer = tuple[int, Json, bytes]
Operation = Callable[[Json], Answer]

OPERATIONS: dict[str, Operation] = {
    "_create_log_stream": cloudwatch_logs._create_log_stream,
    "_put_log_events": cloudwatch_logs._put_log_events,
}


def apply(entries: Iterator[Entry]) -> None:
    """Does the requests again; who subscribes to a log group has had its events."""
    with mock.patch.object(cloudwatch_logs, "_fanout_to_subscription_filters"):
        for operation, account, region, data in entries:
            with request_scope(account, region):
                OPERATIONS[operation](data)


def install(journal: Journal) -> None:
    def writing(name: str, operation: Operation) -> Operation:
        def operate(data: Json) -> Answer:
            with journal.lock:
                answer = operation(data)
                if answer[0] == 200:
                    journal.write(name, get_account_id(), get_region(), data)
                return answer

        return operate

    for name, operation in OPERATIONS.items():
        setattr(cloudwatch_logs, name, writing(name, operation))

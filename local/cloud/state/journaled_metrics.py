"""CloudWatch's data points that survive a crash: each is written to a journal at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch

from state.journal import Entry, Journal

Json = dict[str, Any]
Key = tuple[str, str, str]  # namespace, metric, dimensions

points_of: Callable[[Key], list[Json]] = cloudwatch._metric_bucket


class Points:
    """Where MiniStack appends a metric's data points."""

    def __init__(self, key: Key, journal: Journal) -> None:
        self._key = key
        self._journal = journal

    def append(self, point: Json) -> None:
        with self._journal.lock:
            points_of(self._key).append(point)
            self._journal.write(get_account_id(), get_region(), self._key, point)


def apply(entries: Iterator[Entry]) -> None:
    """Adds the data points to their metrics."""
    for account, region, key, point in entries:
        with request_scope(account, region):
            points_of(tuple(key)).append(point)


def install(journal: Journal) -> None:
    cloudwatch._metric_bucket = lambda key: Points(key, journal)

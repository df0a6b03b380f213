"""DynamoDB items that survive a crash: each change is written to a journal at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from dynamodb import changes
from dynamodb.changes import Change
from ministack.services import dynamodb

from state.journal import Entry, Journal

Json = dict[str, Any]
Answer = tuple[int, Json, bytes]

set_item: Callable[[Json, str, str, Json], Json | None] = dynamodb._set_item
remove_item: Callable[[Json, str, str], Json | None] = dynamodb._remove_item
keep = changes.keep


def apply(entries: Iterator[Entry]) -> None:
    """Does to the tables what was done to them, and remembers it for point-in-time recovery."""
    tables = {table["TableId"]: table for table in dynamodb._tables.all_values()}
    for what, where, *values in entries:
        if what == "change":
            account, region, table_id = where
            keep(account, region, table_id, tuple(values))
        elif where not in tables:
            continue  # deleted, or its creation was not acknowledged
        elif what == "set":
            set_item(tables[where], *values)
        else:
            remove_item(tables[where], *values)


def install(journal: Journal) -> None:
    def set_and_write(table: Json, partition: str, sort: str, item: Json) -> Json | None:
        with journal.lock:
            old = set_item(table, partition, sort, item)
            journal.write("set", table["TableId"], partition, sort, item)
            return old

    def remove_and_write(table: Json, partition: str, sort: str) -> Json | None:
        with journal.lock:
            old = remove_item(table, partition, sort)
            journal.write("remove", table["TableId"], partition, sort)
            return old

    def keep_and_write(account: str, region: str, table_id: str, change: Change) -> None:
        with journal.lock:
            keep(account, region, table_id, change)
            journal.write("change", [account, region, table_id], *change)

    def all_or_nothing(operation: Callable[[Json], Answer]) -> Callable[[Json], Answer]:
        def write(data: Json) -> Answer:
            with journal.together():
                return operation(data)

        return write

    dynamodb._set_item = set_and_write
    dynamodb._remove_item = remove_and_write
    changes.keep = keep_and_write
    dynamodb._transact_write_items = all_or_nothing(dynamodb._transact_write_items)

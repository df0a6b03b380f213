"""What DynamoDB's point-in-time recovery remembers: each change of a table. For ``dynamodb.export``."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import dynamodb

REMEMBERED_SECONDS = 35 * 86_400

Json = dict[str, Any]
Item = dict[str, Any]
# When (microseconds since 1970), keys, image before, image after.
Change = tuple[int, Item, Item | None, Item | None]

_changes = AccountRegionScopedDict()  # by TableId: list of changes, oldest first


def keys_of(table: Json, item: Item) -> Item:
    return {key["AttributeName"]: item[key["AttributeName"]] for key in table["KeySchema"]}


def identity(keys: Item) -> str:
    return json.dumps(keys, sort_keys=True)


def items_of(table: Json) -> Iterable[Item]:
    return (item for by_sort_key in table["items"].values() for item in by_sort_key.values())


def changes_of(name: str) -> list[Change]:
    """The table's changes; by its id, as another table may once have had its name."""
    return _changes.get(dynamodb._tables[name]["TableId"]) or []


def remember(name: str, old: Item | None, new: Item | None) -> None:
    """Keeps one change of a table that has point-in-time recovery."""
    table = dynamodb._tables.get(name)
    if table is None or not dynamodb._pitr_settings.get(name) or old == new:
        return
    change = (time.time_ns() // 1000, keys_of(table, new or old or {}), old, new)
    keep(get_account_id(), get_region(), table["TableId"], change)


def keep(account: str, region: str, table_id: str, change: Change) -> None:
    """Adds a change, and forgets the oldest when it is too old."""
    changes: list[Change] = _changes.get_scoped(account, region, table_id) or []
    _changes.set_scoped(account, region, table_id, changes)
    changes.append(change)
    if changes[0][0] < change[0] - REMEMBERED_SECONDS * 1_000_000:
        changes.pop(0)


def items_at(name: str, seconds: float) -> list[Item]:
    """The table's items as they were then: as they are, with later changes undone."""
    table = dynamodb._tables[name]
    items = {identity(keys_of(table, item)): item for item in items_of(table)}
    for when, keys, old, _new in reversed(changes_of(name)):
        if when <= seconds * 1_000_000:
            break
        if old is None:
            items.pop(identity(keys), None)
        else:
            items[identity(keys)] = old
    return list(items.values())


def between(name: str, since: float, until: float, with_old: bool) -> list[Json]:
    """One record for each item that changed from `since` to before `until`, in seconds since 1970."""
    net: dict[str, Change] = {}
    for when, keys, old, new in changes_of(name):
        if since * 1_000_000 <= when < until * 1_000_000:
            first = net.get(identity(keys))
            net[identity(keys)] = (when, keys, first[2] if first else old, new)
    records = []
    for when, keys, old, new in net.values():
        if old is None and new is None:
            continue  # made and removed within the window
        record: Json = {"Metadata": {"WriteTimestampMicros": {"N": str(when)}}, "Keys": keys}
        if with_old and old is not None:
            record["OldImage"] = old
        if new is not None:
            record["NewImage"] = new
        records.append(record)
    return records


def install() -> None:
    """Remembers changes as they are made, and keeps them with MiniStack's own state."""
    emit, get_state, load = dynamodb._emit_stream_event, dynamodb.get_state, dynamodb.load_persisted_state

    def emit_and_remember(name: str, event: str, old: Item | None, new: Item | None, **more: bool) -> None:
        remember(name, old, new)
        emit(name, event, old, new, **more)

    def get_state_with_changes() -> Json:
        copied = AccountRegionScopedDict()
        for (account, region, table_id), changes in list(_changes.all_items()):
            copied.set_scoped(account, region, table_id, list(changes))  # changes themselves never change
        return {**get_state(), "slipway_changes": copied}

    def load_with_changes(data: Json) -> None:
        load(data)
        _changes.update((data or {}).get("slipway_changes", {}))

    dynamodb._emit_stream_event = emit_and_remember
    dynamodb.get_state = get_state_with_changes
    dynamodb.load_persisted_state = load_with_changes

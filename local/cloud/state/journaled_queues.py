"""SQS messages that survive a crash: each that comes or goes is written to a journal at once.

MiniStack's queues are dicts with a list of messages, which SNS, EventBridge, S3 and the pollers of Lambda
change as well as requests. So it is the dicts and lists that write, and nobody is missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import sqs

from state.journal import Entry, Journal

Json = dict[str, Any]
Key = tuple[str, str, str]  # account, region, URL

_journal: Journal


class Messages(list[Json]):
    """A queue's messages."""

    def __init__(self, messages: Iterable[Json], key: Key) -> None:
        super().__init__(messages)
        self._key = key

    def append(self, message: Json) -> None:
        sqs._ensure_msg_fields(message)
        with _journal.lock:
            super().append(message)
            _journal.write("came", self._key, message)

    def clear(self) -> None:
        with _journal.lock:
            _journal.write("gone", self._key, [message["id"] for message in self])
            super().clear()

    def __reduce__(self) -> tuple[object, ...]:
        return list, (list(self),)


class Queue(dict[str, Any]):
    """A queue: MiniStack deletes messages by giving it a list of those that it keeps."""

    def __init__(self, queue: Json, key: Key) -> None:
        super().__init__(queue)
        self._key = key
        super().__setitem__("messages", Messages(queue["messages"], key))

    def __setitem__(self, name: str, value: Any) -> None:  # noqa: ANN401 (as a dict's)
        if name != "messages":
            super().__setitem__(name, value)
            return
        with _journal.lock:
            kept = {id(message) for message in value}
            gone = [message["id"] for message in self["messages"] if id(message) not in kept]
            super().__setitem__(name, Messages(value, self._key))
            if gone:
                _journal.write("gone", self._key, gone)

    def __reduce__(self) -> tuple[object, ...]:
        return dict, (dict(self),)


class Queues(AccountRegionScopedDict):  # type: ignore[misc]
    """All queues, by account, region and URL."""

    __slots__ = ()

    def __setitem__(self, url: str, queue: Json) -> None:
        key = self._scoped(url)
        self._data[key] = Queue(queue, key)

    def update(self, saved: object) -> None:
        super().update(saved)
        for key, queue in self._data.items():
            self._data[key] = Queue(queue, key)


def apply(entries: Iterator[Entry]) -> None:
    """Puts the messages that came into the queues, and takes those that went out of them."""
    changed: dict[Key, dict[str, Json]] = {}
    for what, where, value in entries:
        key: Key = tuple(where)
        queue = sqs._queues._data.get(key)
        if queue is None:
            continue  # deleted, or its creation was not acknowledged
        messages = changed.setdefault(key, {message["id"]: message for message in queue["messages"]})
        if what == "came":
            messages[value["id"]] = value
            count(queue, value)
        else:
            for gone in value:
                messages.pop(gone, None)
    for key, messages in changed.items():
        sqs._queues._data[key] = Queue({**sqs._queues._data[key], "messages": messages.values()}, key)


def count(queue: Json, message: Json) -> None:
    """What a FIFO queue remembers of a message that was sent to it."""
    if message["seq"]:
        queue["fifo_seq"] = max(queue["fifo_seq"], int(message["seq"]))
    if message.get("dedup_cache_key"):
        queue["dedup_cache"][message["dedup_cache_key"]] = {
            "expire": message["sent_at"] + sqs._DEDUP_WINDOW_S,
            "id": message["id"],
            "md5": message["md5_body"],
            "md5a": message["md5_attrs"],
            "seq": message["seq"],
        }


def install(journal: Journal) -> None:
    global _journal
    _journal = journal
    sqs._queues = Queues()

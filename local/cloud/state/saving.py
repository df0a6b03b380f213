"""MiniStack's state on disk: what was acknowledged survives a crash.

MiniStack itself saves at shutdown only. Here

* a request that changes a service is answered when the state of that service has been saved
  (``SavedState``);
* services that change too often for that have a journal of what changed since the last time
  (``state.journal``);
* the rest, which nobody was told of (what pollers and timers change), is saved a few seconds after a change.

MiniStack copies a state with ``copy.deepcopy`` and writes it with ``json.dump``. Both are in Python: beside
many requests they fail ("dictionary changed size during iteration"), and take seconds from those. Here pickle
copies, and ``json.dumps`` writes: both in C, and no other thread runs meanwhile.
"""

from __future__ import annotations

import asyncio
import copy
import fcntl
import json
import logging
import os
import pickle
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar

from ministack import app as ministack
from ministack.core import persistence

from state.changes import changes_state
from state.journal import Apply, Journal

SAVE_INTERVAL_SECONDS = float(os.environ.get("SLIPWAY_SAVE_SECONDS", "5"))
IDLE_SAVE_SECONDS = 60.0
SEGMENT = "slipway_journal"  # in a saved state: the first segment of the journal that is not in it

# Services whose requests change others, too: of all of them the state is saved then.
ACROSS_SERVICES = ("cloudcontrol", "cloudformation", "rds", "tagging")

Json = dict[str, Any]
Answer = tuple[int, Json, bytes]
Handler = Callable[[str, str, Json, bytes, Json], Awaitable[Answer]]
Value = TypeVar("Value")

_copying = threading.local()


class SavedState:
    """The state of MiniStack's services, a file for each in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._journals: dict[str, Journal] = {}
        self._segments: dict[str, int] = {}  # the first that is not in the state that was loaded
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._written: dict[str, int] = {}  # hashes of the files' contents
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._changed = threading.Event()
        folder.mkdir(parents=True, exist_ok=True)
        # Waits until no other process has the state: one that is ending frees its port before it saves. Never
        # closed: the lock is this process' until it ends.
        fcntl.flock(os.open(folder / "lock", os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX)

    def journal(self, service: str, apply: Apply) -> Journal:
        """A new journal of a service; ``apply`` does its entries to the state that was loaded."""
        journal = self._journals[service] = Journal(self.folder / "journal" / service, apply)
        return journal

    def install(self) -> None:
        """Has MiniStack load and save by this, and begins to save."""
        restore = ministack._load_persisted_state

        def restore_with_journals() -> None:
            restore()
            for service, journal in self._journals.items():
                journal.apply_since(self._segments.get(service, 0))

        ministack._load_persisted_state = restore_with_journals
        ministack.load_state = self._load
        ministack.save_all = lambda _services: self._save_all()  # at its shutdown
        for service, handler in ministack.SERVICE_HANDLERS.items():
            ministack.SERVICE_HANDLERS[service] = self._answer_when_saved(service, handler)
        copy_at_once()
        threading.Thread(target=self._keep_saving, daemon=True, name="save-state").start()

    def changed(self) -> None:
        """Has the state saved in ``SAVE_INTERVAL_SECONDS``."""
        self._changed.set()

    def save(self, service: str) -> None:
        """Saves a service's state now. @raises OSError: the disk is full, for example."""
        get_state = ministack._build_persistence_save_dict().get(service)
        journal = self._journals.get(service)
        with self._locks[service]:
            with journal.lock if journal else nullcontext():
                segment = journal.begin_segment() if journal else 0
                state = copied_state(get_state) if get_state else None
            if state is None:
                return  # never used
            if journal:
                state[SEGMENT] = segment
            content = in_file_format(service, state)
            if hash(content) != self._written.get(service):
                replace(self.folder / f"{service}.json", content)
                self._written[service] = hash(content)
            if journal:
                journal.drop_before(segment)

    async def saved(self, service: str) -> None:
        """Saves a service's state; those that ask in one turn of the event loop share one save."""
        waiting = self._waiting.get(service)
        if waiting is None:
            loop = asyncio.get_running_loop()
            waiting = self._waiting[service] = loop.create_future()
            loop.call_soon(self._save_for_waiting, service)
        await asyncio.shield(waiting)

    def _save_for_waiting(self, service: str) -> None:
        waiting = self._waiting.pop(service)
        try:
            self.save(service)
        except OSError as error:
            waiting.set_exception(error)
        except Exception:  # a state that MiniStack cannot save, of a service that works all the same
            logging.exception("The state of %s cannot be saved", service)
            waiting.set_result(None)
        else:
            waiting.set_result(None)

    def _answer_when_saved(self, service: str, handler: Handler) -> Handler:
        keys = state_keys(service)

        async def handle(method: str, path: str, headers: Json, body: bytes, query: Json) -> Answer:
            answer = await handler(method, path, headers, body, query)
            if answer[0] < 400 and changes_state(service, method, path, headers, body, query):
                for key in keys:
                    await self.saved(key)
            return answer

        return handle

    def _load(self, service: str) -> Json | None:
        state: Json | None = persistence.load_state(service)
        if state:
            self._segments[service] = state.pop(SEGMENT, 0)
        return state

    def _save_all(self) -> None:
        for service in ministack._build_persistence_save_dict():
            try:
                self.save(service)
            except Exception:
                logging.exception("The state of %s cannot be saved", service)

    def _keep_saving(self) -> None:
        while True:
            self._changed.wait(IDLE_SAVE_SECONDS)
            time.sleep(SAVE_INTERVAL_SECONDS)
            self._changed.clear()
            self._save_all()


def state_keys(service: str) -> list[str]:
    """The names under which the state is saved that a service's requests change."""
    if service in ACROSS_SERVICES:
        return list(ministack._state_map)
    entry = ministack.SERVICE_REGISTRY[service]
    return [entry.get("state_key", entry["module"]), *entry.get("sub_modules", ())]


def copied_state(get_state: Callable[[], Json | None]) -> Json | None:
    _copying.now = True
    try:
        return get_state()
    finally:
        _copying.now = False


def copy_at_once() -> None:
    """Lets ``copy.deepcopy`` copy by pickle where a state is copied."""
    deepcopy = copy.deepcopy

    def copied(value: Value, memo: dict[int, object] | None = None) -> Value:
        if not getattr(_copying, "now", False):
            return deepcopy(value, memo)
        found: Value = pickle.loads(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))
        return found

    setattr(copy, "deepcopy", copied)  # noqa: B010 (mypy: a function)


def in_file_format(service: str, state: Json) -> str:
    """A state as MiniStack loads it."""
    content = {"__ministack_format__": persistence._state_format_version(service), "payload": state}
    return json.dumps(content, default=persistence._json_default)


def replace(file: Path, content: str) -> None:
    """Puts this content in the place of the file's, at once."""
    draft = file.with_suffix(".json.tmp")
    draft.write_text(content)
    draft.replace(file)

"""MiniStack's state on disk: saved a few seconds after a change, so that a crash loses little.

MiniStack itself saves at shutdown only, with ``copy.deepcopy`` and ``json.dump``. Both are written in Python.
From a thread beside many requests they fail ("dictionary changed size during iteration"), so that logs,
metrics and tables went unsaved for as long as the requests came, and they take seconds from those. Here
pickle copies a store, and ``json.dumps`` writes it: both in C, and no other thread runs meanwhile.
"""

from __future__ import annotations

import copy
import fcntl
import json
import logging
import os
import pickle
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, TypeVar

from ministack import app as ministack
from ministack.core import persistence

SAVE_INTERVAL_SECONDS = float(os.environ.get("SLIPWAY_SAVE_SECONDS", "5"))
IDLE_SAVE_SECONDS = 60.0

Json = dict[str, Any]
Value = TypeVar("Value")


def lock_state_folder(folder: Path) -> None:
    """Waits until no other process has the state: one that is ending frees its port before it saves."""
    folder.mkdir(parents=True, exist_ok=True)
    # Never closed: the lock is this process' until it ends.
    fcntl.flock(os.open(folder / "lock", os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX)


def save_after_changes() -> Callable[[], None]:
    """Saves the state ``SAVE_INTERVAL_SECONDS`` after a change, from a thread of its own.

    Returns the function that tells of a change. Without one the state is saved each ``IDLE_SAVE_SECONDS``, as
    pollers and timers change it too.
    """
    pending = threading.Event()
    saving = threading.Lock()

    def save(services: Json) -> None:
        with saving:  # the thread and the shutdown would write the same draft files
            persistence.save_all(services)

    def run() -> None:
        while True:
            pending.wait(IDLE_SAVE_SECONDS)
            time.sleep(SAVE_INTERVAL_SECONDS)
            pending.clear()
            save(ministack._build_persistence_save_dict())

    thread = threading.Thread(target=run, daemon=True, name="save-state")
    copy_at_once(thread)
    persistence.json = SimpleNamespace(**{**vars(json), "dump": write_at_once})
    ministack.save_all = save  # MiniStack's shutdown calls it by this name
    logging.getLogger("persistence").setLevel(logging.WARNING)  # it tells of each file that it saves
    thread.start()
    return pending.set


def copy_at_once(saver: threading.Thread) -> None:
    """Lets ``copy.deepcopy`` copy by pickle, where it is this thread that asks."""
    deepcopy = copy.deepcopy

    def copied(value: Value, memo: dict[int, object] | None = None) -> Value:
        if threading.current_thread() is not saver:
            return deepcopy(value, memo)
        found: Value = pickle.loads(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))
        return found

    setattr(copy, "deepcopy", copied)  # noqa: B010 (mypy: a function)


def write_at_once(value: Json, file: IO[str], default: Callable[[object], object]) -> None:
    """As ``json.dump``, which encodes in Python, and ten times slower than ``json.dumps``."""
    file.write(json.dumps(value, default=default))

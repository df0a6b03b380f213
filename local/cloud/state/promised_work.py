"""Asynchronous invocations and notifications that survive a crash.

MiniStack acknowledges what a thread is to do then: invoke a Lambda, for SNS, EventBridge, S3 and
``InvocationType=Event``, and tell of an object in a bucket. Here that is in a journal from before the
acknowledgement until the thread ends, and what had not ended is done again after a crash, as AWS would.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack import app as ministack
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import eventbridge, lambda_svc, s3, sns

from state.journal import Entry, Journal

Json = dict[str, Any]
Promise = list[Any]  # the kind of work, account, region, arguments, named arguments


def invoke(function: str, event: Json) -> None:
    func, config, _name = lambda_svc._get_func_record_for_ref(function)
    if func:
        lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(func, config), event)


# How to do it again.
WORK: dict[str, Callable[..., None]] = {
    "event": lambda *arguments: eventbridge._dispatch_to_lambda(*arguments),
    "invocation": invoke,
}

# Functions that MiniStack runs in threads, with arguments that JSON can hold.
NOTIFIERS = {"sns": sns._deliver_to_lambda, "s3": s3._fire_s3_event}

_promise: ContextVar[tuple[str, tuple[object, ...]] | None] = ContextVar("promise", default=None)


class PromisedWork:
    """What was promised and has not ended, in a journal in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._pending: dict[int, Promise] = {}
        self._journal = Journal(folder, self._restore)
        self._journal.apply_since(0)
        self._numbers = itertools.count(1 + max(self._pending, default=0))

    def _restore(self, entries: Iterator[Entry]) -> None:
        for number, promise in entries:
            if promise is None:
                self._pending.pop(number, None)
            else:
                self._pending[number] = promise

    def begin(self, promise: Promise) -> int:
        with self._journal.lock:
            number = next(self._numbers)
            self._journal.write(number, promise)
            self._pending[number] = promise
            return number

    def end(self, number: int) -> None:
        with self._journal.lock:
            self._journal.write(number, None)
            self._pending.pop(number)
            if not self._pending:
                self._journal.drop_before(self._journal.begin_segment())

    def redo(self) -> None:
        """Does what an earlier process had not ended."""
        for number, (kind, account, region, arguments, named) in list(self._pending.items()):
            with request_scope(account, region):
                if kind in NOTIFIERS:
                    self.start(NOTIFIERS[kind], arguments, named)
                else:
                    WORK[kind](*arguments)
            self.end(number)

    def start(self, notify: Callable[..., None], arguments: list[Any], named: Json) -> None:
        target = copy_context().run
        PromisedThread(self, target=target, args=(notify, *arguments), kwargs=named, daemon=True).start()

    def install(self) -> None:
        """Has MiniStack promise what it starts threads for, and do what was promised at its start."""
        promising = SimpleNamespace(**{**vars(threading), "Thread": partial(PromisedThread, self)})
        sns._threading = eventbridge.threading = lambda_svc.threading = s3.threading = promising
        dispatch, invoke_async = eventbridge._dispatch_to_lambda, lambda_svc.invoke_async_with_retry

        def dispatch_promised(function: str, payload: str) -> None:
            with promise("event", function, payload):
                dispatch(function, payload)

        def invoke_promised(func: Json, event: Json) -> None:
            with promise("invocation", func["config"]["FunctionArn"], event):
                invoke_async(func, event)

        eventbridge._dispatch_to_lambda = dispatch_promised
        lambda_svc.invoke_async_with_retry = invoke_promised
        restore = ministack._load_persisted_state

        def restore_and_redo() -> None:
            restore()
            self.redo()

        ministack._load_persisted_state = restore_and_redo


class PromisedThread(threading.Thread):
    """A thread of MiniStack; one that does what was promised is pending from its start to its end."""

    def __init__(self, work: PromisedWork, **settings: Any) -> None:  # noqa: ANN401 (as of a thread)
        super().__init__(**settings)
        self._work = work
        self._promise = promise_of(**settings)

    def start(self) -> None:
        if self._promise:
            self._number = self._work.begin(self._promise)
        super().start()

    def run(self) -> None:
        try:
            super().run()
        finally:
            if self._promise:
                self._work.end(self._number)


@contextmanager
def promise(kind: str, *arguments: object) -> Iterator[None]:
    """The thread that is started within this does ``WORK[kind]``."""
    token = _promise.set((kind, arguments))
    try:
        yield
    finally:
        _promise.reset(token)


def promise_of(
    target: Any = None,  # noqa: ANN401 (as of a thread)
    args: tuple[Any, ...] = (),
    kwargs: Json | None = None,
    **_more: object,
) -> Promise | None:
    """What a thread with these settings does that was promised, if anything."""
    context = getattr(target, "__self__", None)
    run = context.run if isinstance(context, Context) else copy_context().run
    kind = next((kind for kind, notify in NOTIFIERS.items() if args and args[0] is notify), None)
    if kind:
        return [kind, run(get_account_id), run(get_region), args[1:], kwargs or {}]
    promised = _promise.get()
    if promised is None:
        return None
    run(_promise.set, None)  # the threads that this one starts were not promised
    return [promised[0], get_account_id(), get_region(), promised[1], {}]

"""Answers again what was done already, when an SDK asks again because the answer did not reach it.

An SDK repeats a request, with the same ``amz-sdk-invocation-id``, when its connection ends before the
answer is there. On a busy laptop that happens: Terraform asked again for policies that had just been made,
and was told ``EntityAlreadyExists``. A request that succeeded is not done a second time: its answer is given
again.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

Json = dict[str, Any]
Receive = Callable[[], Awaitable[Json]]
Send = Callable[[Json], Awaitable[None]]
Asgi = Callable[[Json, Receive, Send], Awaitable[None]]

KEPT_ANSWERS = 256
MAX_ANSWER_BYTES = 64 * 1024


def with_repetition(app: Asgi) -> Asgi:
    """An application with its latest answers to requests of AWS's query and JSON protocols kept in memory."""
    kept: OrderedDict[bytes, list[Json]] = OrderedDict()

    async def repeating(scope: Json, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", []))
        invocation = headers.get(b"amz-sdk-invocation-id")
        if invocation is None or scope.get("method") != "POST" or scope.get("path") != "/":
            await app(scope, receive, send)
            return
        again = re.search(rb"attempt=(\d+)", headers.get(b"amz-sdk-request", b""))
        if again and int(again[1]) > 1 and (answer := kept.get(invocation)):
            while (await receive()).get("more_body"):
                pass
            for message in answer:
                await send(message)
            return
        sent: list[Json] = []

        async def keep(message: Json) -> None:
            sent.append(message)
            if (
                not message.get("more_body")
                and message["type"] == "http.response.body"
                and worth_keeping(sent)
            ):
                kept[invocation] = sent  # before it is sent, as it may be lost then
                while len(kept) > KEPT_ANSWERS:
                    kept.popitem(last=False)
            await send(message)

        await app(scope, receive, keep)

    return repeating


def worth_keeping(answer: list[Json]) -> bool:
    """Whether a request succeeded, with a small answer: one that failed may succeed the next time."""
    size = sum(len(message.get("body", b"")) for message in answer)
    return 200 <= answer[0].get("status", 0) < 300 and size <= MAX_ANSWER_BYTES

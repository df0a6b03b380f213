"""What policies about SNS ask for and MiniStack lacks: ``sns:Protocol`` and ``sns:Endpoint`` of a request."""

from __future__ import annotations

from typing import Any

from ministack.core import iam_actions

Json = dict[str, Any]


def install() -> None:
    """Adds the condition keys of Subscribe to those that MiniStack reads from every request."""
    context_of = iam_actions.request_tag_context

    def with_sns(service: str, action: str, body: bytes, query: Json, *rest: str) -> Json:
        context: Json = dict(context_of(service, action, body, query, *rest) or {})
        if service == "sns":
            for name in ("Protocol", "Endpoint"):
                value = iam_actions._query_param(query, name)
                if value:
                    context[f"sns:{name}"] = value
        return context

    iam_actions.request_tag_context = with_sns

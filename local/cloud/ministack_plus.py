"""MiniStack, plus the three things that the laptop target needs and MiniStack lacks.

* ``POST /_slipway/authorize``: may this signed request do this SageMaker action? Answered by
  MiniStack's own policy evaluation, so that the local SageMaker refuses what AWS would.
* ``POST /_slipway/events``: an event from ``aws.sagemaker`` on the default event bus (PutEvents
  rightly refuses ``aws.*`` sources; AWS services have another way in, and so has this).
* SNS emails are handed to the inbox (``SLIPWAY_INBOX_URL``); MiniStack only logs them.

State is saved every few seconds as well as at shutdown, so that a crash loses little. Everything is
configured by MiniStack's own environment variables (GATEWAY_PORT, BIND_HOST, AUTH, STATE_DIR, ...).
"""

from __future__ import annotations

import base64
import contextvars
import json
import os
import sys
import threading
import time
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app as ministack
from ministack.core import iam_evaluator
from ministack.core.iam_actions import identity_denial_message
from ministack.core.persistence import PERSIST_STATE, save_all
from ministack.core.responses import set_request_account_id, set_request_region
from ministack.core.router import extract_access_key_id, extract_region
from ministack.services import eventbridge, sns

SAVE_INTERVAL_SECONDS = 5.0
MAX_BODY_BYTES = 32 * 1024 * 1024

Asgi = Callable[[dict[str, Any], Callable[..., Awaitable[Any]], Callable[..., Awaitable[Any]]], Awaitable[None]]


def authorize(request: dict[str, Any]) -> dict[str, Any]:
    """Decides one request that another local service has received.

    ``request``: method, path, query (name to list of values), headers, optional bodyBase64, action
    (``sagemaker:InvokeEndpoint``) and resource (ARN). Answers ``{"allowed": bool, ...}``.
    """
    headers = {name.lower(): str(value) for name, value in request["headers"].items()}
    query = {name: value if isinstance(value, list) else [value] for name, value in request.get("query", {}).items()}
    access_key = extract_access_key_id(headers, query)
    region = extract_region(headers, query)
    set_request_account_id(ministack._request_account_scope(access_key))
    set_request_region(region)
    raw_headers = [(name.encode(), value.encode()) for name, value in headers.items()]
    iam_evaluator.pin_signed_request(request["method"], request["path"], query, raw_headers)
    iam_evaluator.pin_signed_body(base64.b64decode(request.get("bodyBase64", "")))
    action, resource = request["action"], request["resource"]
    principal = iam_evaluator.request_caller_arn(headers, query)
    denied = iam_evaluator.enforce(access_key, action, "sagemaker", region, resource_arn=resource)
    if denied is None:
        return {"allowed": True, "principal": principal}
    if isinstance(denied, iam_evaluator.AuthError):
        return {"allowed": False, "principal": principal, "code": denied.code, "message": denied.message}
    message = identity_denial_message(action, denied.principal_arn, resource, denied.decision == "Deny")
    return {
        "allowed": False,
        "principal": denied.principal_arn,
        "code": "AccessDeniedException",
        "message": message,
    }


def put_event(event: dict[str, Any]) -> dict[str, Any]:
    """Puts one EventBridge event of an AWS service on the default bus."""
    entry = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event.get("detail", {})),
        "Resources": event.get("resources", []),
    }
    _status, _headers, body = eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    answer: dict[str, Any] = json.loads(body)
    return answer


ROUTES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "/_slipway/authorize": authorize,
    "/_slipway/events": put_event,
}


def with_routes(app: Asgi) -> Asgi:
    """MiniStack's ASGI application with ``ROUTES`` in front."""

    async def plus(scope: dict[str, Any], receive: Callable[..., Awaitable[Any]], send: Callable[..., Awaitable[Any]]) -> None:
        route = ROUTES.get(scope.get("path", "")) if scope["type"] == "http" and scope["method"] == "POST" else None
        if route is None:
            await app(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if not message.get("more_body") or len(body) > MAX_BODY_BYTES:
                break
        try:
            # A context of its own: MiniStack keeps the caller in context variables.
            status, answer = 200, contextvars.copy_context().run(route, json.loads(body))
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            status, answer = 400, {"message": f"{scope['path']}: {type(error).__name__}: {error}"}
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    return plus


def deliver_email(inbox_url: str, mail: dict[str, Any]) -> None:
    """Hands one email to the inbox, trying a few times while the inbox restarts."""
    request = urllib.request.Request(
        f"{inbox_url}/deliveries", json.dumps(mail).encode(), {"content-type": "application/json"}, method="POST"
    )
    for pause in (0.2, 1, 3, 10):
        try:
            urllib.request.urlopen(request, timeout=5).close()
            return
        except OSError as error:
            print(f"inbox: {error}; the email {mail['messageId']} is tried again in {pause} s", file=sys.stderr)
            time.sleep(pause)


def send_emails_to(inbox_url: str) -> None:
    """Makes SNS deliver to email subscribers by way of the inbox."""
    fanout = sns._fanout

    def fanout_with_email(
        topic_arn: str,
        msg_id: str,
        message: str,
        subject: str,
        message_structure: str = "",
        message_attributes: dict[str, Any] | None = None,
        **fifo: Any,
    ) -> None:
        fanout(topic_arn, msg_id, message, subject, message_structure, message_attributes, **fifo)
        topic = sns._topic_by_arn_any_scope(topic_arn)
        for subscription in topic["subscriptions"] if topic else []:
            if subscription["protocol"] != "email" or not subscription.get("confirmed"):
                continue
            body = sns._resolve_message_for_protocol(message, message_structure, "email")
            if not sns._matches_filter_policy(subscription, message_attributes or {}, body):
                continue
            attributes = {name: value.get("StringValue", "") for name, value in (message_attributes or {}).items()}
            mail = {
                "to": subscription["endpoint"],
                "subject": subject or "AWS Notification Message",
                "body": body,
                "topicArn": topic_arn,
                "messageId": msg_id,
                "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "attributes": attributes,
            }
            threading.Thread(target=deliver_email, args=(inbox_url, mail), daemon=True).start()

    sns._fanout = fanout_with_email


def save_regularly() -> None:
    """Saves the state every ``SAVE_INTERVAL_SECONDS``, from a thread of its own."""

    def run() -> None:
        while True:
            time.sleep(SAVE_INTERVAL_SECONDS)
            try:
                save_all(ministack._build_persistence_save_dict())
            except RuntimeError as error:  # a dictionary that changed while it was written: the next round gets it
                print(f"state not saved this time: {error}", file=sys.stderr)

    threading.Thread(target=run, daemon=True, name="save-state").start()


def main() -> None:
    inbox_url = os.environ.get("SLIPWAY_INBOX_URL")
    if inbox_url:
        send_emails_to(inbox_url)
    if PERSIST_STATE:
        save_regularly()
    ministack.app = with_routes(ministack.app)
    sys.argv = ["ministack"]
    ministack.main()


if __name__ == "__main__":
    main()

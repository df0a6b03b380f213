"""MiniStack, plus the things that the laptop target needs and MiniStack lacks.

* ``POST /_slipway/authorize``: may this signed request do this SageMaker action? Answered by
  MiniStack's own policy evaluation, so that the local SageMaker refuses what AWS would.
* ``POST /_slipway/events``: an event from ``aws.sagemaker`` on the default event bus (PutEvents
  rightly refuses ``aws.*`` sources; AWS services have another way in, and so has this).
* Log groups as targets of EventBridge rules.
* ``aws:SourceAccount`` in the trust policies of roles that services assume; requests from this machine
  count as sent over TLS.
* What IAM knows of a request beyond that: see ``iam.details``.
* HTTP by a faster server than its own: see ``server.http_server``.
* CloudWatch alarms that are evaluated as on AWS: see ``cloudwatch.metric_alarms``.
* Kinesis records that survive a crash, and shards with limits: see ``kinesis.records``.
* Firehose delivery streams that buffer, transform, compress and lose nothing: see ``firehose.buffer``.
* API Gateway tells Lambdas which API key a request came with: see ``api_gateway.api_keys``; it
  updates usage plans: ``api_gateway.usage_plans``.
* A request that an SDK repeats, as its answer was lost, is not done twice: see ``server.repeated_requests``.
* DynamoDB exports that write their objects: see ``dynamodb.export``.
* RDS instances with a real PostgreSQL behind them (``SLIPWAY_DATABASES_DIR``): see ``rds.databases``.
* Condition keys of SNS in policies (``sns.permissions``), metrics of queues (``cloudwatch.queue_metrics``),
  saved queries of CloudWatch Logs Insights (``cloudwatch.log_queries``).
* SNS emails, with confirmation, by way of the inbox (``SLIPWAY_INBOX_URL``): see ``sns.email``.
* State that survives a crash (``state.saving``), and work that was promised (``state.promised_work``).

Everything is configured by MiniStack's own environment variables (GATEWAY_PORT, BIND_HOST, AUTH, STATE_DIR,
...).
"""

from __future__ import annotations

import base64
import contextvars
import dataclasses
import hashlib
import json
import logging
import os
import re
import time
import traceback
import urllib.parse
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import api_gateway.api_keys
import api_gateway.usage_plans
import cloudwatch.log_queries
import cloudwatch.metric_alarms
import dynamodb.export
import firehose.buffer
import iam.details
import iam.session_credentials
import kinesis.records
import rds.databases
import server.http_server
import server.repeated_requests
import sns.email
import sns.permissions
import state.journaled_logs
import state.journaled_metrics
import state.journaled_queues
import state.journaled_tables
import state.promised_work
import state.saving
from ministack import app as ministack
from ministack.core import iam_evaluator, persistence, sigv4
from ministack.core.iam_actions import identity_denial_message
from ministack.core.responses import set_request_account_id, set_request_region
from ministack.core.router import extract_access_key_id, extract_region
from ministack.services import cloudwatch_logs, eventbridge

LOOPBACK = ("127.0.0.1", "::1")
MAX_BODY_BYTES = 32 * 1024 * 1024

Json = dict[str, Any]
Receive = Callable[[], Awaitable[Json]]
Send = Callable[[Json], Awaitable[None]]
Asgi = Callable[[Json, Receive, Send], Awaitable[None]]


def authorize(request: Json) -> Json:
    """Decides one request that another local service has received.

    ``request``: method, path (as sent, still escaped), query (name to value or list of values), headers,
    optional bodyBase64, action (``sagemaker:InvokeEndpoint``), resource (ARN), optional context (condition
    keys such as ``iam:PassedToService``, name to value). Answers ``{"allowed": bool, "principal": ARN}`` and,
    when allowed, the ``signingKey`` by which a service can check further signatures of the same credential;
    when refused, AWS's ``code`` and ``message``.
    """
    headers = {name.lower(): joined(value) for name, value in request["headers"].items()}
    query = {
        name: value if isinstance(value, list) else [value]
        for name, value in request.get("query", {}).items()
    }
    action, resource = request["action"], request["resource"]
    access_key = extract_access_key_id(headers, query)
    region = extract_region(headers, query)
    set_request_region(region)
    try:
        set_request_account_id(ministack._request_account_scope(access_key))
    except ministack.AmbiguousAccessKeyError:
        message = "The security token included in the request is invalid."
        return {"allowed": False, "principal": "", "code": "InvalidClientTokenId", "message": message}
    iam_evaluator.pin_request_origin("127.0.0.1", True)
    body = base64.b64decode(request.get("bodyBase64", ""))
    if "bodyBase64" in request and re.fullmatch("[0-9a-f]{64}", headers.get("x-amz-content-sha256", "")):
        # MiniStack believes this header; AWS computes it, and finds the signature wrong when it differs.
        headers["x-amz-content-sha256"] = hashlib.sha256(body).hexdigest()
    raw_headers = [(name.encode(), value.encode()) for name, value in headers.items()]
    iam_evaluator.pin_signed_request(request["method"], request["path"], query, raw_headers)
    iam_evaluator.pin_signed_body(body)
    denied = iam_evaluator.enforce(
        access_key,
        action,
        action.partition(":")[0],
        region,
        resource_arn=resource,
        service_context=request.get("context") or {},
    )
    if denied is None:
        principal = iam_evaluator.request_caller_arn(headers, query)
        return {"allowed": True, "principal": principal, "signingKey": signing_key(access_key, headers)}
    if isinstance(denied, iam_evaluator.AuthError):
        return {"allowed": False, "principal": "", "code": denied.code, "message": denied.message}
    message = identity_denial_message(action, denied.principal_arn, resource, denied.decision == "Deny")
    return {
        "allowed": False,
        "principal": denied.principal_arn,
        "code": "AccessDeniedException",
        "message": message,
    }


def signing_key(access_key: str, headers: Json) -> str | None:
    """The key of a signature's date, region and service (base64); None where no header has the signature."""
    signature = sigv4.parse_header_signature(headers)
    credential = iam_evaluator.resolve_credential(access_key)
    if isinstance(signature, tuple) or isinstance(credential, iam_evaluator.CredentialResolutionError):
        return None
    secret = credential.secret_access_key
    key = sigv4._cached_signing_key(secret, signature.date_stamp, signature.region, signature.service)
    return base64.b64encode(key).decode()


def joined(value: str | list[str]) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


def put_event(event: Json) -> Json:
    """Puts one EventBridge event of an AWS service on the default bus; answers as PutEvents does."""
    entry = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event.get("detail", {})),
        "Resources": event.get("resources", []),
    }
    _status, _headers, body = eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    answer: Json = json.loads(body)
    return answer


def deliver_to_log_groups() -> None:
    """Lets EventBridge rules have log groups as targets; each event gets its own log stream, as on AWS."""
    invoke_target = eventbridge._invoke_target

    def invoke_target_or_log(target: Json, event: Json, rule: Json, view: object = None) -> None:
        if ":log-group:" not in target.get("Arn", ""):
            invoke_target(target, event, rule, view)
            return
        document = eventbridge._pattern_event_view(event).event_with_detail()
        group = cloudwatch_logs._log_group_name_from_identifier_arn(target["Arn"])
        names = {"logGroupName": group, "logStreamName": event["EventId"]}
        log_event = {"timestamp": int(time.time() * 1000), "message": json.dumps(document)}
        cloudwatch_logs._create_log_stream(names)
        status, _headers, body = cloudwatch_logs._put_log_events({**names, "logEvents": [log_event]})
        if status != 200:
            logging.warning("EventBridge -> log group %s: %s", target["Arn"], body)

    eventbridge._invoke_target = invoke_target_or_log


def name_source_account() -> None:
    """Lets trust policies ask for which account a service assumes a role (``aws:SourceAccount``).

    On AWS a service says so. On the laptop services call as root, which MiniStack takes for the services that
    a trust policy names, but without that key: such policies would let nobody in.
    """
    evaluate = iam_evaluator.evaluate_trust_policy

    def evaluate_with_source_account(
        trust_doc: str | Json, caller_arn: str, ctx: iam_evaluator.EvalContext | None = None
    ) -> bool:
        if ctx is not None and caller_arn.endswith(":root"):
            named = {**ctx.service_context, "aws:sourceaccount": ctx.principal_account}
            ctx = dataclasses.replace(ctx, service_context=named)
        allowed: bool = evaluate(trust_doc, caller_arn, ctx)
        return allowed

    iam_evaluator.evaluate_trust_policy = evaluate_with_source_account


def trust_loopback() -> None:
    """Counts requests that never leave this machine as sent over TLS (``aws:SecureTransport``).

    The program's policies refuse plain HTTP, as they must on AWS; a laptop has no certificate for 127.0.0.1.
    """

    def pin_request_origin(source_ip: str, secure: bool) -> None:
        iam_evaluator.pin_request_origin(source_ip, secure or source_ip in LOOPBACK)

    ministack.pin_request_origin = pin_request_origin


Answer = tuple[int, bytes, str]
CALLS: dict[str, Callable[[Json], Json]] = {"/_slipway/authorize": authorize, "/_slipway/events": put_event}
PAGES: dict[str, Callable[[sns.email.Query], tuple[int, str]]] = {
    sns.email.CONFIRM_PATH: sns.email.confirmation_page,
    sns.email.UNSUBSCRIBE_PATH: sns.email.unsubscribe_page,
}


def answer_call(path: str, body: bytes) -> Answer:
    try:
        status, answer = 200, CALLS[path](json.loads(body))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        traceback.print_exc()
        status, answer = 400, {"message": f"{path}: {type(error).__name__}: {error}"}
    return status, json.dumps(answer).encode(), "application/json"


def answer_page(path: str, query_string: bytes) -> Answer:
    status, text = PAGES[path](urllib.parse.parse_qs(query_string.decode()))
    return status, text.encode(), "text/html; charset=utf-8"


async def read_body(receive: Receive) -> bytes:
    """The request's body; cut off (so no JSON) above ``MAX_BODY_BYTES`` or where the client went away."""
    body = b""
    while len(body) <= MAX_BODY_BYTES:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body


def with_routes(app: Asgi, kept: state.saving.SavedState) -> Asgi:
    """MiniStack's application with ``CALLS`` and ``PAGES`` in front; ``kept`` is told of each write."""

    async def plus(scope: Json, receive: Receive, send: Send) -> None:
        path, method = scope.get("path", ""), scope.get("method", "")
        # A context of its own: MiniStack keeps the caller in context variables.
        context = contextvars.copy_context()
        if method == "POST" and path in CALLS:
            answer = context.run(answer_call, path, await read_body(receive))
        elif method == "GET" and path in PAGES:
            answer = context.run(answer_page, path, scope["query_string"])
            await kept.saved("sns")
        else:
            await app(scope, receive, send)
            if method not in ("", "GET", "HEAD"):
                kept.changed()
            return
        if path == "/_slipway/events":
            kept.changed()
        status, content, content_type = answer
        headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return plus


def main() -> None:
    kept = state.saving.SavedState(Path(persistence.STATE_DIR))
    inbox_url = os.environ.get("SLIPWAY_INBOX_URL")
    outbox = sns.email.Outbox(inbox_url, kept.folder / "journal" / "email") if inbox_url else None
    if outbox:
        cloud_url = f"http://{os.environ.get('BIND_HOST', '127.0.0.1')}:{os.environ['GATEWAY_PORT']}"
        sns.email.EmailSubscriptions(cloud_url, outbox).install()
    deliver_to_log_groups()
    name_source_account()
    trust_loopback()
    iam.details.install()
    api_gateway.api_keys.install()
    api_gateway.usage_plans.install()
    cloudwatch.metric_alarms.install()
    cloudwatch.log_queries.install()
    sns.permissions.install()
    dynamodb.export.install()
    databases = rds.databases.Databases(Path(os.environ["SLIPWAY_DATABASES_DIR"]))
    databases.install()
    state.journaled_queues.install(kept.journal("sqs", state.journaled_queues.apply))
    state.journaled_tables.install(kept.journal("dynamodb", state.journaled_tables.apply))
    state.journaled_logs.install(kept.journal("cloudwatch_logs", state.journaled_logs.apply))
    state.journaled_metrics.install(kept.journal("cloudwatch", state.journaled_metrics.apply))
    kinesis.records.install()
    firehose.buffer.install()
    iam.session_credentials.install()
    kept.install()
    state.promised_work.PromisedWork(kept.folder / "journal" / "promised").install()
    app = firehose.buffer.with_delivery(cloudwatch.metric_alarms.with_evaluation(ministack.app))
    app = server.repeated_requests.with_repetition(with_routes(app, kept))
    try:
        server.http_server.serve(
            app, os.environ.get("BIND_HOST", "127.0.0.1"), int(os.environ["GATEWAY_PORT"])
        )
    finally:
        databases.stop_all()
    if outbox:
        outbox.drain(seconds=2)


if __name__ == "__main__":
    main()

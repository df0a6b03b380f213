"""What MiniStack's policy evaluation leaves out: what some requests are about, and the boundary of a role.

For a request of which MiniStack says only that it is about ``*``, the ARN that AWS would check; for requests
about a role, the condition key ``iam:PermissionsBoundary``: the boundary that it is given, or that it has
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html);
for metrics that are put, ``cloudwatch:namespace``;
for simulations, the ``ContextEntries`` that they are given. And a policy is parsed once, not at every request
of every role that has it, and who sends a request is found without gathering what they may do.
"""

from __future__ import annotations

import contextvars
import functools
import json
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import _account_from_sts_session, get_account_id
from ministack.core.router import extract_access_key_id
from ministack.services import iam

Json = dict[str, Any]

KEPT_POLICIES = 4096


def install() -> None:
    """Makes MiniStack ask here, too."""
    resource_of, context_of = iam_actions.extract_resource_arn, iam_actions.request_tag_context

    def resource(
        service: str,
        method: str,
        path: str,
        headers: Json,
        body: bytes,
        params: Json,
        region: str,
        account: str,
    ) -> str:
        found: str = resource_of(service, method, path, headers, body, params, region, account)
        found = found.replace(":rule/default/", ":rule/")  # as AWS names rules of the default bus
        unclear = found == "*" or ":event-bus/" in found  # of a rule's targets, it names the bus
        return (unclear and named_in(service, path, body, params, region, account)) or found

    def context(service: str, action: str, body: bytes, params: Json) -> Json:
        found: Json = context_of(service, action, body, params)
        if action.endswith(":PutMetricData"):
            return {**found, "cloudwatch:namespace": namespace_in(body, params)}
        boundary = boundary_in(params) if service == "iam" else None
        return {**found, "iam:PermissionsBoundary": boundary} if boundary else found

    iam_actions.extract_resource_arn = resource
    iam_actions.request_tag_context = context
    simulate_with_context()
    parse_policies_once()
    iam_evaluator.request_caller_arn = caller_arn


def caller_arn(headers: Json, query_params: Json | None = None) -> str:
    """Who sends a request, as MiniStack finds it, without gathering what they may do."""
    account = get_account_id()
    access_key = extract_access_key_id(headers or {}, query_params or {})
    account = _account_from_sts_session(access_key) or account
    found = iam_evaluator.resolve_credential(access_key, account) if access_key else None
    arn: str = getattr(found, "principal_arn", "")
    return arn or f"arn:aws:iam::{account}:root"


def parse_policies_once() -> None:
    """Keeps what the texts of policies say."""
    parse = iam_evaluator.parse_policy_document
    parse_text = functools.lru_cache(KEPT_POLICIES)(parse)

    def parsed(document: str | Json) -> list[iam_evaluator.ParsedStatement]:
        found: list[iam_evaluator.ParsedStatement] = (
            parse_text(document) if isinstance(document, str) else parse(document)
        )
        return found

    iam_evaluator.parse_policy_document = parsed


def simulate_with_context() -> None:
    """Makes a simulation take the condition keys that it is asked with."""
    params_of, results_of = iam._extract_simulate_params, iam._build_simulate_results_real
    evaluate = iam_evaluator.evaluate
    asked: contextvars.ContextVar[Json | None] = contextvars.ContextVar("asked", default=None)
    simulating: contextvars.ContextVar[Json | None] = contextvars.ContextVar("simulating", default=None)

    def params(request: Json) -> object:
        asked.set(context_entries(request))
        return params_of(request)

    def results(*args: object) -> object:
        token = simulating.set(asked.get())
        try:
            return results_of(*args)
        finally:
            simulating.reset(token)

    def evaluated(context: iam_evaluator.EvalContext, *policies: object) -> object:
        context.service_context.update(simulating.get() or {})
        return evaluate(context, *policies)

    iam._extract_simulate_params, iam._build_simulate_results_real = params, results
    iam_evaluator.evaluate = evaluated


def context_entries(request: Json) -> Json:
    """``ContextEntries`` of a request of the query protocol, name to first value."""
    found: Json = {}
    for index in range(1, 100):
        entry = f"ContextEntries.member.{index}."
        name = first(request, f"{entry}ContextKeyName")
        if name is None:
            break
        found[name] = first(request, f"{entry}ContextKeyValues.member.1")
    return found


def named_in(service: str, path: str, body: bytes, params: Json, region: str, account: str) -> str | None:
    """The ARN of what a request, of the query protocol or in JSON, is about, if it says so."""
    try:
        request = json.loads(body)
    except ValueError:
        request = None
    if not isinstance(request, dict):
        request = {name: first(params, name) for name in params}
    for field in ("ResourceARN", "resourceArn", "ResourceArn", "PolicySourceArn"):
        if isinstance(arn := request.get(field), str):
            return arn
    if dashboard := first(request, "DashboardName") or first(request, "DashboardNames"):
        return f"arn:aws:cloudwatch::{account}:dashboard/{dashboard}"
    if service == "lambda" and path.rstrip("/").endswith("/functions") and "FunctionName" in request:
        return f"arn:aws:lambda:{region}:{account}:function:{request['FunctionName']}"
    if service == "ecr" and len(names := request.get("repositoryNames") or []) == 1:
        return f"arn:aws:ecr:{region}:{account}:repository/{names[0]}"
    if service == "events" and isinstance(rule := request.get("Rule"), str):
        return f"arn:aws:events:{region}:{account}:rule/{rule}"
    if service == "ssm" and isinstance(above := request.get("Path"), str):
        return f"arn:aws:ssm:{region}:{account}:parameter/{above.strip('/')}"
    return None


def namespace_in(body: bytes, params: Json) -> str | None:
    """The namespace of the metrics that a request puts, in JSON or in the query protocol."""
    try:
        request = json.loads(body)
    except ValueError:
        request = None
    return first(request if isinstance(request, dict) else params, "Namespace")


def boundary_in(params: Json) -> str | None:
    """The permissions boundary of the role that a request of IAM's query protocol creates, or is about."""
    if given := first(params, "PermissionsBoundary"):
        return given
    role = iam._roles.get_scoped(get_account_id(), None, first(params, "RoleName") or "") or {}
    boundary = role.get("PermissionsBoundary")
    return boundary if isinstance(boundary, str) else None


def first(params: Json, name: str) -> str | None:
    """A parameter of the query protocol, which come as lists."""
    value = params.get(name)
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, str) else None

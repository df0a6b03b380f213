"""What MiniStack's policy evaluation leaves out: what some requests are about, and the boundary of a role.

For a request of which MiniStack says only that it is about ``*``, the ARN that AWS would check; for requests
about a role, the condition key ``iam:PermissionsBoundary``: the boundary that it is given, or that it has
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html).
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core import iam_actions
from ministack.core.responses import get_account_id
from ministack.services import iam

Json = dict[str, Any]


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
        boundary = boundary_in(params) if service == "iam" else None
        return {**found, "iam:PermissionsBoundary": boundary} if boundary else found

    iam_actions.extract_resource_arn = resource
    iam_actions.request_tag_context = context


def named_in(service: str, path: str, body: bytes, params: Json, region: str, account: str) -> str | None:
    """The ARN of what a request, of the query protocol or in JSON, is about, if it says so."""
    try:
        request = json.loads(body)
    except ValueError:
        request = None
    if not isinstance(request, dict):
        request = {name: first(params, name) for name in params}
    for field in ("ResourceARN", "resourceArn", "ResourceArn"):
        if isinstance(arn := request.get(field), str):
            return arn
    if service == "lambda" and path.rstrip("/").endswith("/functions") and "FunctionName" in request:
        return f"arn:aws:lambda:{region}:{account}:function:{request['FunctionName']}"
    if service == "ecr" and len(names := request.get("repositoryNames") or []) == 1:
        return f"arn:aws:ecr:{region}:{account}:repository/{names[0]}"
    if service == "events" and isinstance(rule := request.get("Rule"), str):
        return f"arn:aws:events:{region}:{account}:rule/{rule}"
    if service == "ssm" and isinstance(above := request.get("Path"), str):
        return f"arn:aws:ssm:{region}:{account}:parameter/{above.strip('/')}"
    return None


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

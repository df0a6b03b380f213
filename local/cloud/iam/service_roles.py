"""May a service, with the role that it was given, do what it is about to do?

MiniStack's services act as themselves. Where AWS would have them assume a role, this asks what AWS would ask,
by MiniStack's own evaluation: the role's trust policy, its permissions and boundary, the resource's policy.
"""

from __future__ import annotations

from ministack import app as ministack
from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam


class AccessDeniedError(Exception):
    """A role may not do what its service has to do."""


def require(service: str, role_arn: str, action: str, resource: str) -> None:
    """Raises AccessDeniedError unless ``service`` (``firehose``), as its role, may do ``action``."""
    if not ministack.AUTH:
        return
    account = get_account_id()
    name = role_arn.rpartition("/")[2]
    role = iam._roles.get_scoped(account, None, name)
    if role is None:
        raise AccessDeniedError(f"The role {role_arn} does not exist.")
    if not trusts(role["AssumeRolePolicyDocument"], service, account):
        raise AccessDeniedError(f"The role {role_arn} does not trust {service}.amazonaws.com.")
    session = f"arn:aws:sts::{account}:assumed-role/{name}/{service}"
    context = iam_evaluator.EvalContext(
        principal_arn=session,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        source_ip="127.0.0.1",
        secure_transport=True,
    )
    policies = iam_evaluator._gather_role_policies(name, account)
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    result = iam_evaluator.evaluate(context, policies, *limits)
    owner = action.partition(":")[0]
    found = iam_evaluator._resource_policy(owner, resource)
    if found is not None:
        required = owner in iam_evaluator._POLICY_REQUIRED
        result = iam_evaluator.combine_resource_policy(
            result, context, *found, required=required, limits=limits
        )
    if result.decision != "Allow":
        raise AccessDeniedError(f"{session} is not authorized to perform: {action} on resource: {resource}")


def trusts(document: object, service: str, account: str) -> bool:
    """Whether a trust policy lets the service, acting for this account, assume the role."""
    context = iam_evaluator.EvalContext(
        principal_arn=f"{service}.amazonaws.com",
        principal_type="Service",
        principal_account=account,
        action="sts:AssumeRole",
        resource_arn="*",
        region=get_region(),
        service_context={"aws:sourceaccount": account, "sts:externalid": account},
    )
    result = iam_evaluator.evaluate_resource_policy(document, context, service=f"{service}.amazonaws.com")
    return bool(result.decision == "Allow")

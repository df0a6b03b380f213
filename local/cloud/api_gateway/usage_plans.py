"""Usage plans of API Gateway, of which an update adds and removes API stages one by one, as on AWS.

MiniStack takes the list of stages for a value that an update replaces. The paths are those of
https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateUsagePlan-Patch.
"""

from __future__ import annotations

from typing import Any

from ministack.services import apigateway_v1

Json = dict[str, Any]


def install() -> None:
    """Makes updates of a plan's stages as AWS does; all else is MiniStack's."""
    update = apigateway_v1._update_usage_plan

    def update_with_stages(plan_id: str, data: Json) -> object:
        plan = apigateway_v1._usage_plans.get(plan_id)
        others = []
        for operation in data.get("patchOperations", []):
            _, name, *path = operation.get("path", "").split("/")
            if name != "apiStages":
                others.append(operation)
            elif plan:
                change_stage(plan, path, operation)
        return update(plan_id, {**data, "patchOperations": others})

    apigateway_v1._update_usage_plan = update_with_stages


def change_stage(plan: Json, path: list[str], operation: Json) -> None:
    """Does an operation on ``/apiStages``, or on ``/apiStages/<api>:<stage>/throttle/<method>/<limit>``."""
    api, _, stage = (path[0] if path else operation.get("value", "")).partition(":")
    stages: dict[tuple[str, str], Json] = {
        (one["apiId"], one["stage"]): one for one in plan.get("apiStages", [])
    }
    changed = stages.setdefault((api, stage), {"apiId": api, "stage": stage})
    if operation["op"] == "remove" and len(path) < 2:
        del stages[api, stage]
    plan["apiStages"] = list(stages.values())
    if len(path) > 3:  # a limit of a method, whose path has its slashes escaped
        method = "/".join(path[2:-1]).replace("~1", "/")
        changed.setdefault("throttle", {}).setdefault(method, {})[path[-1]] = float(operation["value"])

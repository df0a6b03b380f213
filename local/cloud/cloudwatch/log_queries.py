"""What MiniStack lacks of CloudWatch Logs: saved queries, and log events by the prefix of their streams."""

from __future__ import annotations

import copy
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, error_response_json, json_response
from ministack.services import cloudwatch_logs

Json = dict[str, Any]
Answer = tuple[int, Json, bytes]
Handle = Callable[[str, str, Json, bytes, Json], Awaitable[Answer]]

_definitions = AccountRegionScopedDict()  # by id, as DescribeQueryDefinitions answers them


def put_query_definition(data: Json) -> Answer:
    identifier = data.get("queryDefinitionId") or str(uuid.uuid4())
    if "queryDefinitionId" in data and identifier not in _definitions:
        return not_found(identifier)
    _definitions[identifier] = {
        "queryDefinitionId": identifier,
        "name": data["name"],
        "queryString": data["queryString"],
        "logGroupNames": data.get("logGroupNames") or [],
        "lastModified": int(time.time() * 1000),
    }
    return answer({"queryDefinitionId": identifier})


def describe_query_definitions(data: Json) -> Answer:
    prefix = data.get("queryDefinitionNamePrefix") or ""
    found = [one for one in _definitions.values() if one["name"].startswith(prefix)]
    return answer({"queryDefinitions": sorted(found, key=lambda one: str(one["name"]))})


def delete_query_definition(data: Json) -> Answer:
    identifier = data["queryDefinitionId"]
    if _definitions.pop(identifier, None) is None:
        return not_found(identifier)
    return answer({"success": True})


def answer(content: Json) -> Answer:
    found: Answer = json_response(content)
    return found


def not_found(identifier: str) -> Answer:
    message = f"The specified query definition does not exist: {identifier}"
    found: Answer = error_response_json("ResourceNotFoundException", message, 400)
    return found


OPERATIONS: dict[str, Callable[[Json], Answer]] = {
    "PutQueryDefinition": put_query_definition,
    "DescribeQueryDefinitions": describe_query_definitions,
    "DeleteQueryDefinition": delete_query_definition,
}


def install() -> None:
    """Adds the operations, and keeps what they save with MiniStack's own state."""
    handle, filter_events = cloudwatch_logs.handle_request, cloudwatch_logs._filter_log_events
    get_state, load = cloudwatch_logs.get_state, cloudwatch_logs.load_persisted_state

    async def handle_more(method: str, path: str, headers: Json, body: bytes, query: Json) -> Answer:
        operation = OPERATIONS.get(headers.get("x-amz-target", "").rpartition(".")[2])
        if operation:
            return operation(json.loads(body))
        answered: Answer = await handle(method, path, headers, body, query)
        return answered

    def filter_by_prefix(data: Json) -> Answer:
        prefix = data.get("logStreamNamePrefix")
        group = cloudwatch_logs._log_groups.get(cloudwatch_logs._resolve_log_group_name(data))
        if prefix and group:
            names = [name for name in list(group["streams"]) if name.startswith(prefix)]
            if not names:
                return answer({"events": [], "searchedLogStreams": []})
            data = {**data, "logStreamNames": names}
        found: Answer = filter_events(data)
        return found

    def load_with_queries(data: Json) -> None:
        load(data)
        _definitions.update((data or {}).get("slipway_queries", {}))

    cloudwatch_logs.handle_request = handle_more
    cloudwatch_logs._filter_log_events = filter_by_prefix
    cloudwatch_logs.get_state = lambda: {**get_state(), "slipway_queries": copy.deepcopy(_definitions)}
    cloudwatch_logs.load_persisted_state = load_with_queries

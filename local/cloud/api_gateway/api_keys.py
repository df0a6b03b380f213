"""API Gateway tells Lambdas which API key a request came with.

As on AWS, in ``requestContext.identity``; MiniStack checks keys, but does not tell.
"""

from __future__ import annotations

from typing import Any

from ministack.services import apigateway_v1

Json = dict[str, Any]


def install() -> None:
    """Adds ``apiKey`` and ``apiKeyId`` to the events of methods that need a key."""
    build = apigateway_v1._build_lambda_event_v1

    def build_with_key(*args: object, **options: object) -> Json:
        event: Json = build(*args, **options)
        resource, method = event["requestContext"]["resourceId"], event["httpMethod"]
        if needs_key(event["requestContext"]["apiId"], resource, method):
            key = apigateway_v1._resolve_api_key(apigateway_v1._api_key_from_request(event["headers"]))
            if key is not None:
                event["requestContext"]["identity"].update(apiKey=key["value"], apiKeyId=key["id"])
        return event

    apigateway_v1._build_lambda_event_v1 = build_with_key


def needs_key(api_id: str, resource_id: str, method: str) -> bool:
    methods = apigateway_v1._resources[api_id][resource_id].get("resourceMethods", {})
    return bool((methods.get(method) or methods.get("ANY") or {}).get("apiKeyRequired"))

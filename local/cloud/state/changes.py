"""Which requests change a state that must be saved before they are answered."""

from __future__ import annotations

import re
from typing import Any

READS = re.compile(
    "(BatchGet|Decrypt|Describe|Encrypt|Filter|Generate|Get|Head|List|Lookup|Query|Receive|Scan|Select|Simulate"
    "|StartQuery|StopQuery|Test)"
)

# Whose effect survives otherwise: by a journal, a file of their own (records), or with who is told.
SAFE_WITHOUT = {
    "dynamodb": {
        "BatchWriteItem",
        "DeleteItem",
        "ExecuteStatement",
        "PutItem",
        "TransactWriteItems",
        "UpdateItem",
    },
    "events": {"PutEvents"},
    "firehose": {"PutRecord", "PutRecordBatch"},
    "kinesis": {"PutRecord", "PutRecords"},
    "logs": {"CreateLogStream", "PutLogEvents"},
    "monitoring": {"PutMetricData"},
    "sns": {"Publish", "PublishBatch"},
    "sqs": {
        "ChangeMessageVisibility",
        "ChangeMessageVisibilityBatch",
        "DeleteMessage",
        "DeleteMessageBatch",
        "PurgeQueue",
        "SendMessage",
        "SendMessageBatch",
    },
}

Json = dict[str, Any]


def changes_state(service: str, method: str, path: str, headers: Json, body: bytes, query: Json) -> bool:
    """Whether the state of a service is another one after this request."""
    operation = operation_of(path, headers, body, query)
    if service == "sts":
        return operation != "GetCallerIdentity"  # the others give credentials
    if operation:
        return not READS.match(operation) and operation not in SAFE_WITHOUT.get(service, ())
    if service == "s3":
        return method not in ("GET", "HEAD") and "/" not in path.strip("/")  # of a bucket, not of an object
    if service == "lambda" and path.endswith("/invocations"):
        return False
    return method not in ("GET", "HEAD")


def operation_of(path: str, headers: Json, body: bytes, query: Json) -> str:
    """The name of the operation in AWS's JSON, CBOR and query protocols; empty in REST."""
    if target := headers.get("x-amz-target"):
        return str(target).rpartition(".")[2]
    if "/operation/" in path:
        return path.rpartition("/")[2]
    if action := query.get("Action"):
        return str(action[0] if isinstance(action, list) else action)
    if "x-www-form-urlencoded" in headers.get("content-type", ""):
        form = re.search(rb"(?:^|&)Action=(\w+)", body)
        return form[1].decode() if form else ""
    return ""

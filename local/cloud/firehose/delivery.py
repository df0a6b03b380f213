"""The objects that Firehose writes to S3: their names, their compression, and what its role must allow."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Iterable
from typing import Any

from iam.service_roles import AccessDeniedError, require
from ministack.core.responses import new_uuid
from ministack.services import cloudwatch, firehose, kms, s3

from firehose.transform import Failure

PROCESSING_FAILED = "processing-failed"
S3_TIMEOUT_SECONDS = 60.0

Json = dict[str, Any]


class DeliveryError(Exception):
    """The destination cannot be written now; Firehose keeps the records and tries again."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def deliver(stream: Json, config: Json, data: list[bytes], failures: list[Failure], oldest: float) -> None:
    """Writes one object of the data and one of the failures.

    ``oldest``: arrival of the first record, in seconds since 1970.
    """
    moment = time.gmtime(oldest)
    suffix = f"{stream['name']}-{stream['version']}-{time.strftime('%Y-%m-%d-%H-%M-%S', moment)}"
    if data:
        content = b"".join(data)
        extension = config.get("FileExtension") or ""
        if config.get("CompressionFormat", "UNCOMPRESSED") == "GZIP":
            content = gzip.compress(content, compresslevel=6, mtime=0)
            extension = extension or ".gz"
        prefix = firehose._evaluate_prefix(config.get("Prefix", ""), moment)
        put_object(config, f"{prefix}{suffix}-{new_uuid()}{extension}", content)
        put_delivery_metrics(stream, len(data), len(content), oldest)
    if failures:
        prefix = error_prefix(config, moment)
        put_object(config, f"{prefix}{suffix}-{new_uuid()}", "".join(map(Failure.line, failures)).encode())


def error_prefix(config: Json, moment: time.struct_time) -> str:
    given = config.get("ErrorOutputPrefix")
    template = given or f"{config.get('Prefix', '')}!{{firehose:error-output-type}}/"
    prefix: str = firehose._evaluate_prefix(template, moment, error_type=PROCESSING_FAILED)
    return prefix


_loop: asyncio.AbstractEventLoop | None = None


def use_loop(loop: asyncio.AbstractEventLoop) -> None:
    """S3 is written on MiniStack's event loop, as requests write it."""
    global _loop
    _loop = loop


def put_object(config: Json, key: str, content: bytes) -> None:
    """Writes an object with the role of the destination. Raises DeliveryError."""
    bucket = config["BucketARN"].rpartition(":")[2]
    try:
        require("firehose", config["RoleARN"], "s3:PutObject", f"{config['BucketARN']}/{key}")
        for key_arn in encryption_keys(config, bucket):
            require("firehose", config["RoleARN"], "kms:GenerateDataKey", key_arn)
    except AccessDeniedError as error:
        raise DeliveryError("S3.AccessDenied", str(error)) from error
    headers = {
        "content-type": "application/octet-stream",
        "content-length": str(len(content)),
        "host": "s3.localhost",
    }
    assert _loop is not None
    request = s3.handle_request("PUT", f"/{bucket}/{key}", headers, content, {}, internal=True)
    answer = asyncio.run_coroutine_threadsafe(request, _loop).result(S3_TIMEOUT_SECONDS)
    if answer[0] != 200:
        raise DeliveryError("S3.PutFailed", f"s3://{bucket}/{key}: HTTP {answer[0]} {answer[2][:300]!r}")


def encryption_keys(config: Json, bucket: str) -> Iterable[str]:
    """ARNs of the customer's keys that an object of the bucket is encrypted with."""
    own = (config.get("EncryptionConfiguration") or {}).get("KMSEncryptionConfig") or {}
    header = "x-amz-server-side-encryption-aws-kms-key-id"
    key = own.get("AWSKMSKeyARN") or s3._bucket_default_sse_headers(bucket).get(header)
    return customer_keys(key)


def customer_keys(key: str | None) -> Iterable[str]:
    """The ARN of the key, or nothing for a key that AWS manages: everybody may use those."""
    if not key or "alias/aws/" in key:
        return []
    found = kms._resolve_key(key)
    return [found["Arn"]] if found else [key]


def put_delivery_metrics(stream: Json, records: int, size: int, oldest: float) -> None:
    dimensions = {"DeliveryStreamName": stream["name"]}
    for metric, value, unit in (
        ("DeliveryToS3.Records", records, "Count"),
        ("DeliveryToS3.Bytes", size, "Bytes"),
        ("DeliveryToS3.Success", 1, "Count"),
        ("DeliveryToS3.DataFreshness", time.time() - oldest, "Seconds"),
    ):
        cloudwatch.record_metric("AWS/Firehose", metric, value, unit, dimensions)

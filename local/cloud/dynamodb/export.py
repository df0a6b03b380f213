"""DynamoDB exports to S3 as AWS makes them: MiniStack says that they are complete, and writes nothing.

* ``AWSDynamoDB/<export id>/``: ``manifest-summary.json``, ``manifest-files.json``, their MD5 sums and
  ``_started``; data of a full export below it in ``data/``, of an incremental one in ``AWSDynamoDB/data/``.
* A table with point-in-time recovery remembers its changes, so that it can be exported as it was, and so that
  an incremental export has what changed: one record an item, with its first old and last new image.
* The caller needs ``dynamodb:ExportTableToPointInTime`` on the table, and for the objects ``s3:PutObject``,
  ``s3:PutObjectAcl`` and ``s3:AbortMultipartUpload``; ``kms:GenerateDataKey``, ``kms:Decrypt`` on a KMS key.

Unlike on AWS a table counts as recoverable since ever, and changes by time to live are not remembered.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import error_response_json, get_region, json_response
from ministack.services import dynamodb, s3

from dynamodb import changes

PARTITIONS = 3
SHORTEST_WINDOW_SECONDS, LONGEST_WINDOW_SECONDS = 15 * 60, 24 * 3600

Json = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
_running: set[str] = set()  # ARNs of exports that this process is writing
_tasks: set[asyncio.Task[None]] = set()  # the event loop keeps no task alive by itself


class RefusedError(Exception):
    """An export that cannot begin: AWS's name for the reason, and its words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class FailedError(Exception):
    """An export that fails on its way: FailureCode and FailureMessage."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def export_table(data: Json) -> Answer:
    """ExportTableToPointInTime."""
    token = data.get("ClientToken")
    exports = dynamodb._exports.values()
    known = next((one for one in exports if token and one.get("ClientToken") == token), None)
    try:
        if known is not None:
            if known["_request"] != data:
                raise RefusedError("ExportConflictException", "There was a conflict with the client token.")
            return described(known)
        return described(begin(data))
    except RefusedError as error:
        refusal: Answer = error_response_json(error.code, str(error), 400)
        return refusal


def begin(data: Json) -> Json:
    name = dynamodb._table_name_from_arn(data.get("TableArn", "")) or ""
    if name not in dynamodb._tables:
        raise RefusedError("TableNotFoundException", f"Table not found: {data.get('TableArn')}")
    if not dynamodb._pitr_settings.get(name):
        message = f"Point in time recovery is not enabled for table '{name}'"
        raise RefusedError("PointInTimeRecoveryUnavailableException", message)
    if data.get("ExportFormat", "DYNAMODB_JSON") != "DYNAMODB_JSON":
        raise RefusedError("ValidationException", "The laptop target exports DYNAMODB_JSON only.")
    if not data.get("S3Bucket"):
        raise RefusedError("ValidationException", "Value null at 's3Bucket': Member must not be null")
    now = time.time()
    incremental = data.get("ExportType") == "INCREMENTAL_EXPORT"
    asked = data.get("IncrementalExportSpecification") or {}
    shown = {name: value for name, value in data.items() if name.startswith("S3")}
    arn = dynamodb._export_arn(data["TableArn"])
    export: Json = {
        **{"ExportArn": arn, "ExportStatus": "IN_PROGRESS", "StartTime": now, "TableArn": data["TableArn"]},
        **{"TableId": dynamodb._tables[name]["TableId"], "ExportFormat": "DYNAMODB_JSON", **shown},
        **{"ExportType": "INCREMENTAL_EXPORT" if incremental else "FULL_EXPORT", "_request": data},
    }
    if data.get("ClientToken"):
        export["ClientToken"] = data["ClientToken"]
    if incremental:
        window = window_of(asked, now)
        export["IncrementalExportSpecification"] = window
        with_old = window["ExportViewType"] == "NEW_AND_OLD_IMAGES"
        lines = changes.between(name, window["ExportFromTime"], window["ExportToTime"], with_old)
    else:
        export["ExportTime"] = data.get("ExportTime", now)
        if export["ExportTime"] > now:
            raise RefusedError("InvalidExportTimeException", "The export time is in the future.")
        lines = [{"Item": item} for item in changes.items_at(name, export["ExportTime"])]
    dynamodb._exports[arn] = export
    denied = refusal_of_caller(data, export)
    _running.add(arn)
    task = asyncio.get_running_loop().create_task(write(export, lines, denied))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return export


def window_of(asked: Json, now: float) -> Json:
    """The window of an incremental export, in whole seconds, as AWS takes it."""
    since, until = asked.get("ExportFromTime"), asked.get("ExportToTime", int(now))
    if since is None:
        raise RefusedError("ValidationException", "ExportFromTime is required for an incremental export.")
    if until > now:
        raise RefusedError("InvalidExportTimeException", "The export's end is in the future.")
    if not SHORTEST_WINDOW_SECONDS <= until - since <= LONGEST_WINDOW_SECONDS:
        message = f"The export period is {until - since:g} s: it must be from 15 minutes to 24 hours."
        raise RefusedError("ValidationException", message)
    view = asked.get("ExportViewType", "NEW_AND_OLD_IMAGES")
    return {"ExportFromTime": since, "ExportToTime": until, "ExportViewType": view}


def refusal_of_caller(data: Json, export: Json) -> str | None:
    """What the caller lacks to have the objects written; asked now, as later there is no request any more."""
    access_key = iam_evaluator._verified_key.get()
    if not access_key:
        return None  # root
    objects = f"arn:aws:s3:::{data['S3Bucket']}/{folder_of(export)}*"
    needs = [(f"s3:{action}", objects) for action in ("PutObject", "PutObjectAcl", "AbortMultipartUpload")]
    if data.get("S3SseAlgorithm") == "KMS":
        key = data.get("S3SseKmsKeyId", "*")
        needs += [("kms:GenerateDataKey", key), ("kms:Decrypt", key)]
    for action, resource in needs:
        service = action.partition(":")[0]
        denied = iam_evaluator.enforce(access_key, action, service, get_region(), resource)
        if denied is not None:
            return f"Access denied when writing to S3: {action} on {resource} is not allowed."
    return None


def folder_of(export: Json) -> str:
    prefix = export.get("S3Prefix", "").rstrip("/")
    return f"{prefix}/AWSDynamoDB/" if prefix else "AWSDynamoDB/"


async def write(export: Json, lines: list[Json], denied: str | None) -> None:
    """Writes everything, the manifests last, and ends the export."""
    try:
        if denied:
            raise FailedError("S3AccessDenied", denied)
        await write_objects(export, lines)
        export["ExportStatus"] = "COMPLETED"
    except FailedError as error:
        export.update(ExportStatus="FAILED", FailureCode=error.code, FailureMessage=str(error))
    except Exception as error:
        export.update(ExportStatus="FAILED", FailureCode="UNKNOWN", FailureMessage=repr(error))
    finally:
        export["EndTime"] = time.time()
        _running.discard(export["ExportArn"])


async def write_objects(export: Json, lines: list[Json]) -> None:
    incremental = export["ExportType"] == "INCREMENTAL_EXPORT"
    folder = f"{folder_of(export)}{export['ExportArn'].rsplit('/', 1)[-1]}/"
    data_folder = f"{folder_of(export)}data/" if incremental else f"{folder}data/"
    await put(export, f"{folder}_started", b"")
    partitions: list[list[Json]] = [[] for _ in range(PARTITIONS)]
    for number, line in enumerate(lines):
        partitions[number % PARTITIONS].append(line)
    entries, size = [], 0
    for partition in partitions:
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in partition).encode()
        body = await asyncio.to_thread(gzip.compress, text, 6, mtime=0)
        key = f"{data_folder}{secrets.token_hex(13)}.json.gz"
        etag = await put(export, key, body)
        md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
        entries.append({"itemCount": len(partition), "md5Checksum": md5, "etag": etag, "dataFileS3Key": key})
        size += len(text)
    export.update(ItemCount=len(lines), BilledSizeBytes=size, ExportManifest=f"{folder}manifest-summary.json")
    files = "".join(json.dumps(entry) + "\n" for entry in entries).encode()
    await put_with_sum(export, f"{folder}manifest-files", files)
    await put_with_sum(export, f"{folder}manifest-summary", json.dumps(summary(export, folder)).encode())


def summary(export: Json, folder: str) -> Json:
    window = export.get("IncrementalExportSpecification")
    when = (
        {
            "exportFromTime": iso(window["ExportFromTime"]),
            "exportToTime": iso(window["ExportToTime"]),
            "outputView": window["ExportViewType"],
            "exportType": "INCREMENTAL_EXPORT",
        }
        if window
        else {"exportTime": iso(export["ExportTime"])}
    )
    return {
        "version": "2023-08-01" if window else "2020-06-30",
        "exportArn": export["ExportArn"],
        "startTime": iso(export["StartTime"]),
        "endTime": iso(time.time()),
        "tableArn": export["TableArn"],
        "tableId": export["TableId"],
        **when,
        "s3Bucket": export["S3Bucket"],
        "s3Prefix": export.get("S3Prefix"),
        "s3SseAlgorithm": export.get("S3SseAlgorithm", "AES256"),
        "s3SseKmsKeyId": export.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": f"{folder}manifest-files.json",
        "billedSizeBytes": export["BilledSizeBytes"],
        "itemCount": export["ItemCount"],
        "outputFormat": "DYNAMODB_JSON",
    }


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def put_with_sum(export: Json, stem: str, body: bytes) -> None:
    await put(export, f"{stem}.checksum", base64.b64encode(hashlib.md5(body).digest()))
    await put(export, f"{stem}.json", body)


async def put(export: Json, key: str, body: bytes) -> str:
    """Writes one object; answers its ETag. @raise FailedError."""
    headers = {
        **{"content-type": "application/octet-stream", "content-length": str(len(body)), "host": "localhost"},
    }
    if export.get("S3SseAlgorithm") == "KMS":
        headers["x-amz-server-side-encryption"] = "aws:kms"
        headers["x-amz-server-side-encryption-aws-kms-key-id"] = export.get("S3SseKmsKeyId", "alias/aws/s3")
    path = f"/{export['S3Bucket']}/{key}"
    status, answered, content = await s3.handle_request("PUT", path, headers, body, {}, internal=True)
    if status == 404:
        raise FailedError("S3NoSuchBucket", f"The specified bucket does not exist: {export['S3Bucket']}")
    if status != 200:
        raise FailedError("S3Error", f"S3 answered {status}: {content!r}")
    etags = [value for name, value in answered.items() if name.lower() == "etag"]
    return str(etags[0]).strip('"')


def describe_export(data: Json) -> Answer:
    """DescribeExport."""
    export = dynamodb._exports.get(data.get("ExportArn"))
    if export is None:
        refusal: Answer = error_response_json(
            "ExportNotFoundException", f"Export not found: {data.get('ExportArn')}", 400
        )
        return refusal
    if export["ExportStatus"] == "IN_PROGRESS" and export["ExportArn"] not in _running:
        interrupted = "The export was interrupted."  # with the process that wrote it
        export.update(ExportStatus="FAILED", FailureCode="UNKNOWN", FailureMessage=interrupted)
    return described(export)


def described(export: Json) -> Answer:
    shown = {name: value for name, value in export.items() if not name.startswith("_")}
    answer: Answer = json_response({"ExportDescription": shown})
    return answer


def name_tables_by_arn() -> None:
    """Asks for permission on the table or export that a request names by ARN, too."""
    by_name = iam_actions.dynamodb_resource_arns

    def dynamodb_resource_arns(body: bytes, region: str, account_id: str) -> list[str]:
        arns: list[str] = by_name(body, region, account_id)
        named = (iam_actions._safe_json_field(body, field) for field in ("ExportArn", "TableArn"))
        return arns or [arn for arn in named if isinstance(arn, str) and arn]

    iam_actions.dynamodb_resource_arns = dynamodb_resource_arns


def install() -> None:
    """Puts all of this into MiniStack."""
    dynamodb._export_table_to_point_in_time = export_table
    dynamodb._describe_export = describe_export
    name_tables_by_arn()
    changes.install()

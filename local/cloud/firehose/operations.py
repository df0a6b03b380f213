"""The operations of Firehose that have to do with buffered delivery: checked streams, records made safe.

What is put directly is in a file (``state.record_log``) before it is acknowledged; ``firehose.buffer``
delivers it.
"""

from __future__ import annotations

import base64
import binascii
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack.core import persistence
from ministack.core.responses import error_response_json, json_response
from ministack.services import cloudwatch, firehose, kinesis
from state.record_log import RecordLog

MAX_RECORD_BYTES = 1000 * 1024

Json = dict[str, Any]
Answer = tuple[int, Json, bytes]
Operation = Callable[[Json], Answer]
EndDelivery = Callable[[Json], None]
Put = tuple[str, bytes]  # partition key, data


def handles(stream: Json) -> bool:
    """Whether the stream is delivered here, and not by MiniStack."""
    if len(stream["destinations"]) != 1 or stream["destinations"][0]["type"] not in ("S3", "ExtendedS3"):
        return False
    config = stream["destinations"][0]["config"]
    conversion = config.get("DataFormatConversionConfiguration") or {}
    partitioning = config.get("DynamicPartitioningConfiguration") or {}
    processors = (config.get("ProcessingConfiguration") or {}).get("Processors") or []
    return (
        not (conversion and conversion.get("Enabled", True))
        and not partitioning.get("Enabled")
        and all(processor.get("Type") == "Lambda" for processor in processors)
        and config.get("CompressionFormat", "UNCOMPRESSED") in ("UNCOMPRESSED", "GZIP")
    )


def folder_of(stream: Json) -> Path:
    account, region = stream["arn"].split(":")[4], stream["arn"].split(":")[3]
    return (
        Path(persistence.STATE_DIR)
        / "firehose"
        / f"{account}-{region}-{stream['name']}-{stream['created_at']}"
    )


_queues: dict[str, RecordLog] = {}  # what was put directly, by the delivery stream's folder


def queue_of(stream: Json) -> RecordLog:
    folder = folder_of(stream)
    if str(folder) not in _queues:
        _queues[str(folder)] = RecordLog(folder / "records")
    return _queues[str(folder)]


def put_record(original: Operation) -> Operation:
    def put(data: Json) -> Answer:
        stream = firehose._streams.get(data.get("DeliveryStreamName", ""))
        if stream is None or not handles(stream):
            return original(data)
        if problem := problem_of(data.get("Record", {})):
            return invalid(problem)
        [record_id] = accept(stream, [data["Record"]])
        answer: Answer = json_response({"RecordId": record_id, "Encrypted": False})
        return answer

    return put


def put_record_batch(original: Operation) -> Operation:
    def put(data: Json) -> Answer:
        stream = firehose._streams.get(data.get("DeliveryStreamName", ""))
        if stream is None or not handles(stream):
            return original(data)
        records = data.get("Records") or []
        if not 1 <= len(records) <= 500:
            return invalid(f"A batch has 1 to 500 records, not {len(records)}.")
        problem = next((problem for record in records if (problem := problem_of(record))), None)
        if problem:
            return invalid(problem)
        responses = [{"RecordId": record_id} for record_id in accept(stream, records)]
        answer: Answer = json_response(
            {"FailedPutCount": 0, "Encrypted": False, "RequestResponses": responses}
        )
        return answer

    return put


def problem_of(record: Json) -> str | None:
    try:
        size = len(base64.b64decode(record.get("Data", ""), validate=True))
    except (binascii.Error, TypeError):
        return "Record.Data must be valid base64."
    return "Record size exceeds 1,000 KiB limit." if size > MAX_RECORD_BYTES else None


def accept(stream: Json, records: list[Json]) -> list[str]:
    """Writes the records to the stream's log. Returns their ids; they are safe then."""
    queue = queue_of(stream)
    ids: list[str] = []
    for record in records:
        ids.append(kinesis._next_sequence_number())
        queue.append(
            {
                "SequenceNumber": ids[-1],
                "ApproximateArrivalTimestamp": round(time.time(), 3),
                "Data": record["Data"],
                "PartitionKey": "",
            }
        )
    queue.flush()
    name = {"DeliveryStreamName": stream["name"]}
    cloudwatch.record_metric("AWS/Firehose", "IncomingRecords", len(ids), "Count", name)
    return ids


def invalid(message: str) -> Answer:
    answer: Answer = error_response_json("InvalidArgumentException", message, 400)
    return answer


def prefix_problem(data: Json) -> str | None:
    """What AWS says against the prefixes (https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html)."""
    for name in (
        "ExtendedS3DestinationConfiguration",
        "S3DestinationConfiguration",
        "ExtendedS3DestinationUpdate",
    ):
        config = data.get(name) or {}
        prefix, errors = config.get("Prefix") or "", config.get("ErrorOutputPrefix") or ""
        if "!{firehose:error-output-type}" in prefix:
            return "Prefix cannot contain !{firehose:error-output-type}."
        if errors and "!{firehose:error-output-type}" not in errors:
            return "ErrorOutputPrefix must contain !{firehose:error-output-type}."
        if "!{" in prefix and not errors:
            return "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions."
    return None


def configure(original: Operation) -> Operation:
    """CreateDeliveryStream and UpdateDestination, checked."""

    def change(data: Json) -> Answer:
        if problem := prefix_problem(data):
            return invalid(problem)
        return original(data)

    return change


def delete(original: Operation, end_delivery: EndDelivery) -> Operation:
    def delete_stream(data: Json) -> Answer:
        stream = firehose._streams.get(data.get("DeliveryStreamName", ""))
        answer = original(data)
        if stream is not None and answer[0] == 200:
            end_delivery(stream)
            folder = folder_of(stream)
            _queues.pop(str(folder), None)
            shutil.rmtree(folder, ignore_errors=True)
        return answer

    return delete_stream


def deliver_others(original: Callable[[str, list[Put]], None]) -> Callable[[str, list[Put]], None]:
    """MiniStack's own way from a data stream, for the delivery streams that are left to it."""

    def ingest(stream_arn: str, records: list[Put]) -> None:
        readers = [
            stream
            for stream in firehose._streams.values()
            if (stream.get("kinesis_source") or {}).get("KinesisStreamARN") == stream_arn
        ]
        if not all(map(handles, readers)):
            original(stream_arn, records)

    return ingest


def install(end_delivery: EndDelivery) -> None:
    """Puts these operations into MiniStack."""
    operations: dict[str, Operation] = firehose._HANDLERS
    operations["PutRecord"] = put_record(operations["PutRecord"])
    operations["PutRecordBatch"] = put_record_batch(operations["PutRecordBatch"])
    operations["CreateDeliveryStream"] = configure(operations["CreateDeliveryStream"])
    operations["UpdateDestination"] = configure(operations["UpdateDestination"])
    operations["DeleteDeliveryStream"] = delete(operations["DeleteDeliveryStream"], end_delivery)
    firehose.ingest_from_kinesis_source = deliver_others(firehose.ingest_from_kinesis_source)
    deliver_to_s3 = firehose._deliver_records_to_s3

    def deliver_unless_handled(stream: Json, destination: Json, records: list[Any]) -> None:
        if not handles(stream):
            deliver_to_s3(stream, destination, records)

    firehose._deliver_records_to_s3 = deliver_unless_handled

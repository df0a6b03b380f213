"""Kinesis data streams whose records survive, and whose shards have AWS's limits.

MiniStack keeps records in memory and copies all of them into each save of its state: what was put since the
last one is lost when it is killed, and a busy stream is mostly saving. Here

* a record is in a file before PutRecord(s) acknowledges it (``state.record_log``), and not in MiniStack's
  state;
* a shard of a provisioned stream takes 1,000 records and 1 MiB a second, and refuses what is above with
  ``ProvisionedThroughputExceededException``; an on-demand stream has no limit here (AWS's grows with use);
* a stream that is resharded keeps its records;
* streams have their metrics: IncomingRecords, IncomingBytes, WriteProvisionedThroughputExceeded.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from ministack.core import persistence
from ministack.core.responses import error_response_json, json_response
from ministack.services import cloudwatch, kinesis
from state.record_log import Record, RecordLog, size_of

SHARD_RECORDS_PER_SECOND = 1000
SHARD_BYTES_PER_SECOND = 1024 * 1024

Json = dict[str, Any]
Answer = tuple[int, Json, bytes]
Operation = Callable[[Json], Answer]
Handler = Callable[[str, str, Json, bytes, Json], Awaitable[Answer]]


class ShardRecords(list[Record]):
    """A shard's records, which also go to the stream's log. A copy of MiniStack's state leaves them out."""

    def __init__(self, records: list[Record], log: RecordLog, shard: str) -> None:
        super().__init__(records)
        self._log = log
        self._shard = shard

    def append(self, record: Record) -> None:
        super().append(record)
        self._log.append(record, self._shard)

    def __reduce__(self) -> tuple[object, ...]:
        return list, ()


class Meter:
    """What one shard may still take: a second's worth at most."""

    def __init__(self) -> None:
        self.records: float = SHARD_RECORDS_PER_SECOND
        self.bytes: float = SHARD_BYTES_PER_SECOND
        self._at = time.monotonic()

    def admits(self, size: int) -> bool:
        now = time.monotonic()
        seconds, self._at = now - self._at, now
        self.records = min(self.records + seconds * SHARD_RECORDS_PER_SECOND, SHARD_RECORDS_PER_SECOND)
        self.bytes = min(self.bytes + seconds * SHARD_BYTES_PER_SECOND, SHARD_BYTES_PER_SECOND)
        if self.records < 1 or self.bytes < size:
            return False
        self.records -= 1
        self.bytes -= size
        return True


_logs: dict[str, RecordLog] = {}  # by stream ARN
_meters: dict[tuple[str, str], Meter] = {}  # by stream ARN and shard


def log_of(stream: Json) -> RecordLog:
    """The stream's records, in the order in which they came. Opens the log when it is first asked for."""
    arn = stream["StreamARN"]
    log = _logs.get(arn)
    if log is None:
        _, _, _, region, account, name = arn.split(":", 5)
        folder = f"{account}-{region}-{name.replace('/', '-')}-{stream['CreationTimestamp']}"
        log = _logs[arn] = RecordLog(Path(persistence.STATE_DIR) / "kinesis" / folder)
        spread(stream, log)
    return log


def spread(stream: Json, log: RecordLog) -> None:
    """Puts the log's records into the stream's shards: the one that each was in, or that has its key now."""
    shards: dict[str, list[Record]] = {shard: [] for shard in stream["shards"]}
    for place, record in zip(log.places, log.records, strict=True):
        if place not in shards:
            place = kinesis._route_to_shard(kinesis._partition_key_to_hash(record["PartitionKey"]), stream)
        shards[place].append(record)
    for shard, records in shards.items():
        stream["shards"][shard]["records"] = ShardRecords(records, log, shard)


def expire(stream: Json) -> None:
    """Drops the records that are older than the stream's retention."""
    log = log_of(stream)
    cutoff = time.time() - stream["RetentionPeriodHours"] * 3600
    if not log.records or log.records[0]["ApproximateArrivalTimestamp"] >= cutoff:
        return
    old = [record for record in log.records if record["ApproximateArrivalTimestamp"] < cutoff]
    log.drop_through(old[-1]["SequenceNumber"])
    spread(stream, log)


def admits(stream: Json, record: Json) -> bool:
    """Whether the record's shard has room for it in this second."""
    if stream["StreamModeDetails"]["StreamMode"] == "ON_DEMAND":
        return True
    key, explicit = record.get("PartitionKey", ""), record.get("ExplicitHashKey")
    hash_key = int(explicit) if explicit else kinesis._partition_key_to_hash(key)
    shard = kinesis._route_to_shard(hash_key, stream)
    meter = _meters.setdefault((stream["StreamARN"], shard), Meter())
    return meter.admits(len(record.get("Data", "")) * 3 // 4 + len(key))


def put_metrics(stream: Json, records: list[Json], refused: int) -> None:
    dimensions = {"StreamName": stream["StreamName"]}
    incoming = sum(size_of(record) for record in records)
    for metric, value, unit in (
        ("IncomingRecords", len(records), "Count"),
        ("IncomingBytes", incoming, "Bytes"),
        ("WriteProvisionedThroughputExceeded", refused, "Count"),
    ):
        cloudwatch.record_metric("AWS/Kinesis", metric, value, unit, dimensions)


def refusal(stream: Json) -> Json:
    return {
        "ErrorCode": "ProvisionedThroughputExceededException",
        "ErrorMessage": f"Rate exceeded for shard in stream {stream['StreamName']}.",
    }


def put_record(original: Operation) -> Operation:
    def put(data: Json) -> Answer:
        _name, stream = kinesis._resolve_stream(data)
        if stream is None:
            return original(data)
        log = log_of(stream)
        if not admits(stream, data):
            put_metrics(stream, [], 1)
            problem = refusal(stream)
            refused: Answer = error_response_json(problem["ErrorCode"], problem["ErrorMessage"], 400)
            return refused
        answer = original(data)
        log.flush()
        put_metrics(stream, [data], 0)
        return answer

    return put


def put_records(original: Operation) -> Operation:
    """PutRecords that takes what the shards have room for and says which records it refuses."""

    def put(data: Json) -> Answer:
        _name, stream = kinesis._resolve_stream(data)
        if stream is None:
            return original(data)
        log = log_of(stream)
        records: list[Json] = data.get("Records", [])
        taken = [admits(stream, record) for record in records]
        wanted = [record for record, ok in zip(records, taken, strict=True) if ok]
        status, headers, body = original({**data, "Records": wanted})
        log.flush()
        refused = len(records) - len(wanted)
        put_metrics(stream, wanted, refused)
        if status != 200 or refused == 0:
            return status, headers, body
        answer = json.loads(body)
        results = iter(answer["Records"])
        answer["Records"] = [next(results) if ok else refusal(stream) for ok in taken]
        answer["FailedRecordCount"] = refused
        merged: Answer = json_response(answer)
        return merged

    return put


def put_internal(original: Callable[[str, str, bytes], bool]) -> Callable[[str, str, bytes], bool]:
    """What other services put (DynamoDB's stream of a table)."""

    def put(stream_arn: str, partition_key: str, data: bytes) -> bool:
        stream = kinesis._resolve_stream_by_arn(stream_arn)
        if stream is None:
            return False
        log = log_of(stream)
        accepted = original(stream_arn, partition_key, data)
        log.flush()
        return accepted

    return put


def reshard(original: Operation) -> Operation:
    def change(data: Json) -> Answer:
        _name, stream = kinesis._resolve_stream(data)
        if stream is None:
            return original(data)
        log = log_of(stream)
        answer = original(data)
        spread(stream, log)
        return answer

    return change


def delete(original: Operation) -> Operation:
    def delete_stream(data: Json) -> Answer:
        _name, stream = kinesis._resolve_stream(data)
        answer = original(data)
        if stream is not None:
            log_of(stream).remove()
            _logs.pop(stream["StreamARN"], None)
        return answer

    return delete_stream


def create(original: Operation) -> Operation:
    def create_stream(data: Json) -> Answer:
        if data.get("StreamModeDetails", {}).get("StreamMode") == "ON_DEMAND":
            data = {"ShardCount": 4, **data}  # as AWS begins
        answer = original(data)
        _name, stream = kinesis._resolve_stream(data)
        if answer[0] == 200 and stream is not None:
            log_of(stream)
        return answer

    return create_stream


def with_update_stream_mode(original: Handler) -> Handler:
    """UpdateStreamMode, which MiniStack does not have; the shards stay what they are, as on AWS."""

    async def handle(method: str, path: str, headers: Json, body: bytes, query: Json) -> Answer:
        if not headers.get("x-amz-target", "").endswith(".UpdateStreamMode"):
            return await original(method, path, headers, body, query)
        data = json.loads(body)
        stream = kinesis._resolve_stream_by_arn(data.get("StreamARN", ""))
        if stream is None:
            message = f"Stream {data.get('StreamARN')} not found."
            missing: Answer = error_response_json("ResourceNotFoundException", message, 400)
            return missing
        stream["StreamModeDetails"] = data["StreamModeDetails"]
        answer: Answer = json_response({})
        return answer

    return handle


def restore(original: Callable[[Json], None]) -> Callable[[Json], None]:
    def load(data: Json) -> None:
        original(data)
        for stream in kinesis._streams._data.values():
            log_of(stream)

    return load


def install() -> None:
    """Puts all of this into MiniStack."""
    kinesis._expire_records = expire
    kinesis.load_persisted_state = restore(kinesis.load_persisted_state)
    kinesis._put_record = put_record(kinesis._put_record)
    kinesis._put_records = put_records(kinesis._put_records)
    kinesis.handle_request = with_update_stream_mode(kinesis.handle_request)
    kinesis.put_record_internal = put_internal(kinesis.put_record_internal)
    kinesis._create_stream = create(kinesis._create_stream)
    kinesis._delete_stream = delete(kinesis._delete_stream)
    for operation in ("_split_shard", "_merge_shards", "_update_shard_count"):
        setattr(kinesis, operation, reshard(getattr(kinesis, operation)))

"""Firehose delivery streams to S3 that buffer, transform and compress as on AWS.

MiniStack writes one object a record, at once, and forgets a record that it could not deliver. Here a thread
for each delivery stream

* reads from its Kinesis data stream, or from the log of what was put directly (``state.record_log``);
* gathers records for the transformation Lambda, and what it answers for S3, up to the hints of size and time;
* writes objects under the evaluated prefixes, and what the Lambda did not take under the error prefix;
* then notes in a file how far it has come, so that a new process goes on there: each record is delivered at
  least once, and more than once only if the process dies between the two.

The roles of the stream and of the destination must allow what Firehose does (``iam.service_roles``); while
they do not, and while S3 cannot be written, records wait. Other destinations, format conversion and dynamic
partitioning are left to MiniStack.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from iam.service_roles import AccessDeniedError, require
from kinesis import records
from ministack.core.responses import request_scope
from ministack.services import cloudwatch, firehose, kinesis
from state.record_log import Record, RecordLog, size_of

from firehose import operations
from firehose.delivery import DeliveryError, customer_keys, deliver, use_loop
from firehose.operations import folder_of, handles, queue_of
from firehose.transform import MEGABYTE, Failure, Processor, StoppedError, log_error, processor_of, transform

TICK_SECONDS = 0.2
METRICS_EVERY_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 10.0
STOP_WITHIN_SECONDS = 3.0
SETTLE_SECONDS = 0.05
DEFAULT_HINTS = {"SizeInMBs": 5, "IntervalInSeconds": 300}

Json = dict[str, Any]
Receive = Callable[[], Awaitable[Json]]
Send = Callable[[Json], Awaitable[None]]
Asgi = Callable[[Json, Receive, Send], Awaitable[None]]
Key = tuple[str, str, str]  # account, region, name


class Source:
    """Where a delivery stream's records come from."""

    def __init__(self, stream: Json) -> None:
        self.start = ""
        self._kinesis = stream.get("kinesis_source") if stream["type"] == "KinesisStreamAsSource" else None
        self._stream = stream
        if self._kinesis:
            self.start = f"{int(self._kinesis['DeliveryStartTimestamp'] * 1000):020d}"

    def read(self, position: str, most_bytes: int) -> list[Record]:
        """The records after ``position``. Raises AccessDeniedError."""
        log = self.log()
        if log is None:
            return []
        # A writer on another thread has its sequence number a moment before it appends.
        settled = time.time() - SETTLE_SECONDS
        records = log.after(position, most_bytes)
        return [record for record in records if record["ApproximateArrivalTimestamp"] < settled]

    def log(self) -> RecordLog | None:
        if not self._kinesis:
            return queue_of(self._stream)
        arn, role = self._kinesis["KinesisStreamARN"], self._kinesis["RoleARN"]
        found: Json | None = kinesis._resolve_stream_by_arn(arn)
        if found is None:
            return None
        for action in ("DescribeStream", "GetShardIterator", "GetRecords"):
            require("firehose", role, f"kinesis:{action}", arn)
        for key in customer_keys(found.get("KeyId")):
            require("firehose", role, "kms:Decrypt", key)
        return records.log_of(found)

    def delivered(self, position: str) -> None:
        if not self._kinesis:
            queue_of(self._stream).drop_through(position)


class Buffer:
    """Records, or what became of them, until there are enough or they have waited long enough."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.records: list[Record] = []
        self.data: list[bytes] = []
        self.failures: list[Failure] = []
        self.bytes = 0
        self.oldest: float | None = None  # arrival of the first record, in seconds since 1970
        self._since = 0.0

    def add(self, oldest: float, size: int) -> None:
        if self.oldest is None:
            self.oldest, self._since = oldest, time.monotonic()
        self.bytes += size

    def is_due(self, most_bytes: float, most_seconds: float) -> bool:
        waited = time.monotonic() - self._since
        return self.oldest is not None and (self.bytes >= most_bytes or waited >= most_seconds)


class Delivery(threading.Thread):
    """Delivers one stream for as long as it exists."""

    def __init__(self, key: Key, stream: Json) -> None:
        super().__init__(daemon=True, name=f"firehose-{key[2]}")
        self._key = key
        self._arn = stream["arn"]
        self._source = Source(stream)
        self._folder = folder_of(stream)
        self._position_file = self._folder / "position"
        self._read = self._processed = self._position()
        self._incoming = Buffer()
        self._ready = Buffer()
        self._metrics_at = 0.0
        self.stopping = threading.Event()

    def _position(self) -> str:
        if self._position_file.exists():
            return self._position_file.read_text()
        return self._source.start

    def _commit(self) -> None:
        """Notes that everything processed so far is delivered."""
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._position_file.with_suffix(".new")
        draft.write_text(self._processed)
        draft.replace(self._position_file)
        self._source.delivered(self._processed)

    def run(self) -> None:
        account, region, name = self._key
        pause = TICK_SECONDS
        while not self.stopping.wait(pause):
            with request_scope(account, region):
                stream = firehose._streams.get(name)
                if stream is None or not handles(stream):
                    return
                try:
                    self._deliver(stream)
                    pause = TICK_SECONDS
                except StoppedError:
                    return
                except Exception as error:
                    pause = min(max(1.0, pause * 2), LONGEST_PAUSE_SECONDS)
                    code = error.code if isinstance(error, DeliveryError) else "InternalError"
                    code = "Kinesis.AccessDenied" if isinstance(error, AccessDeniedError) else code
                    log_error(stream, code, str(error) or type(error).__name__)
                    if code == "InternalError":
                        logging.getLogger("firehose").exception("%s", name)
                self._measure(stream)

    def _deliver(self, stream: Json) -> None:
        """Reads what there is, and delivers each buffer that is full or has waited long enough."""
        config = stream["destinations"][0]["config"]
        hints = {**DEFAULT_HINTS, **(config.get("BufferingHints") or {})}
        size, seconds = hints["SizeInMBs"] * MEGABYTE, hints["IntervalInSeconds"]
        processor = processor_of(config)
        chunk = min(size, processor.buffer_bytes) if processor else size
        wait = processor.buffer_seconds if processor else 0
        while not self.stopping.is_set():
            ready = self._ready
            if ready.is_due(size, seconds):
                deliver(stream, config, ready.data, ready.failures, ready.oldest or time.time())
                self._commit()
                ready.clear()
            records = self._take(int(chunk - self._incoming.bytes))
            if self._incoming.is_due(chunk, wait):
                self._process(stream, processor)
            elif not records:
                return

    def _take(self, most_bytes: int) -> list[Record]:
        if most_bytes <= 0:
            return []
        records = self._source.read(self._read, most_bytes)
        if records:
            self._incoming.records.extend(records)
            self._incoming.add(records[0]["ApproximateArrivalTimestamp"], sum(map(size_of, records)))
            self._read = records[-1]["SequenceNumber"]
        return records

    def _process(self, stream: Json, processor: Processor | None) -> None:
        records = self._incoming.records
        if processor:
            data, failures = transform(stream, processor, records, self.stopping)
        else:
            data, failures = [base64.b64decode(record["Data"]) for record in records], []
        self._ready.data.extend(data)
        self._ready.failures.extend(failures)
        size = sum(map(len, data)) + sum(size_of(failure.record) for failure in failures)
        self._ready.add(records[0]["ApproximateArrivalTimestamp"], size)
        self._processed = records[-1]["SequenceNumber"]
        self._incoming.clear()

    def _measure(self, stream: Json) -> None:
        """How far the stream is behind, as metrics, while there is anything to deliver."""
        if time.monotonic() < self._metrics_at:
            return
        self._metrics_at = time.monotonic() + METRICS_EVERY_SECONDS
        waiting = [buffer.oldest for buffer in (self._ready, self._incoming) if buffer.oldest is not None]
        if waiting:
            age = time.time() - min(waiting)
            name = {"DeliveryStreamName": stream["name"]}
            cloudwatch.record_metric("AWS/Firehose", "DeliveryToS3.DataFreshness", age, "Seconds", name)
        if source := stream.get("kinesis_source"):
            with contextlib.suppress(AccessDeniedError):  # nobody knows how far behind it is
                unread = self._source.read(self._read, 1)
                behind = (time.time() - unread[0]["ApproximateArrivalTimestamp"]) * 1000 if unread else 0
                own = {"DeliveryStreamName": stream["name"]}
                metric = "KinesisMillisBehindLatest"
                cloudwatch.record_metric("AWS/Firehose", metric, behind, "Milliseconds", own)
                name = {"StreamName": source["KinesisStreamARN"].rpartition("/")[2]}
                metric = "GetRecords.IteratorAgeMilliseconds"
                cloudwatch.record_metric("AWS/Kinesis", metric, behind, "Milliseconds", name)


_deliveries: dict[str, Delivery] = {}  # by the delivery stream's folder


def start_deliveries() -> None:
    """Starts a thread for each delivery stream that has none."""
    for key, stream in list(firehose._streams._data.items()):
        folder = str(folder_of(stream))
        running = _deliveries.get(folder)
        if handles(stream) and (running is None or not running.is_alive()):
            _deliveries[folder] = Delivery(key, stream)
            _deliveries[folder].start()


async def keep_delivering() -> None:
    use_loop(asyncio.get_running_loop())
    while True:
        start_deliveries()
        await asyncio.sleep(TICK_SECONDS)


def stop_deliveries() -> None:
    for delivery in _deliveries.values():
        delivery.stopping.set()


def with_delivery(app: Asgi) -> Asgi:
    """The application, with its delivery streams served for as long as it lives."""

    async def delivering(scope: Json, receive: Receive, send: Send) -> None:
        if scope.get("type") != "lifespan":
            await app(scope, receive, send)
            return
        task = asyncio.get_running_loop().create_task(keep_delivering())

        async def receive_and_stop() -> Json:
            message = await receive()
            if message.get("type") == "lifespan.shutdown":
                task.cancel()
                stop_deliveries()  # before MiniStack ends the Lambdas that they wait for
            return message

        await app(scope, receive_and_stop, send)

    return delivering


def end_delivery(stream: Json) -> None:
    """Ends the stream's thread, before its records are deleted."""
    delivery = _deliveries.pop(str(folder_of(stream)), None)
    if delivery:
        delivery.stopping.set()
        delivery.join(STOP_WITHIN_SECONDS)


def install() -> None:
    """Puts all of this into MiniStack."""
    operations.install(end_delivery)

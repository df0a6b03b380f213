"""The transformation of Firehose's records by a Lambda function, with AWS's retries and error records."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

from iam.service_roles import AccessDeniedError, require
from ministack.core.responses import get_region, new_uuid
from ministack.services import cloudwatch, cloudwatch_logs, lambda_svc
from state.record_log import Record

MEGABYTE = 1024 * 1024
FIRST_RETRY_SECONDS = 0.2

Json = dict[str, Any]


class StoppedError(Exception):
    """This process ends; nothing may be concluded from a Lambda that fails now."""


class TransformationError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Failure:
    """A record that the transformation has not taken."""

    record: Record
    code: str
    message: str
    attempts: int
    ended: float  # seconds since 1970
    lambda_arn: str

    def line(self) -> str:
        """As Firehose writes it below the error prefix.

        https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html
        """
        document = {
            "attemptsMade": self.attempts,
            "arrivalTimestamp": milliseconds(self.record["ApproximateArrivalTimestamp"]),
            "errorCode": self.code,
            "errorMessage": self.message,
            "attemptEndingTimestamp": milliseconds(self.ended),
            "rawData": self.record["Data"],
            "lambdaArn": self.lambda_arn,
        }
        return json.dumps(document) + "\n"


@dataclass(frozen=True)
class Processor:
    """The Lambda function that transforms records, as the delivery stream is configured."""

    lambda_arn: str
    role_arn: str
    retries: int
    buffer_bytes: float
    buffer_seconds: float


def milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def processor_of(config: Json) -> Processor | None:
    """The destination's Lambda processor; the defaults are AWS's (API reference, ProcessorParameter)."""
    processing = config.get("ProcessingConfiguration") or {}
    if not processing.get("Enabled"):
        return None
    for processor in processing.get("Processors") or []:
        given = {one["ParameterName"]: one["ParameterValue"] for one in processor.get("Parameters") or []}
        if processor.get("Type") == "Lambda" and given.get("LambdaArn"):
            return Processor(
                lambda_arn=given["LambdaArn"],
                role_arn=given.get("RoleArn") or config["RoleARN"],
                retries=int(given.get("NumberOfRetries", 3)),
                buffer_bytes=float(given.get("BufferSizeInMBs", 1)) * MEGABYTE,
                buffer_seconds=float(given.get("BufferIntervalInSeconds", 60)),
            )
    return None


def transform(
    stream: Json, processor: Processor, records: list[Record], stopping: threading.Event
) -> tuple[list[bytes], list[Failure]]:
    """Has the Lambda function transform the records: their new data in order, and those that it did not take.

    A call that fails is repeated; when all have failed, so have the records, as on AWS.
    """
    pause = FIRST_RETRY_SECONDS
    attempts, code, message = 0, "", ""
    while attempts <= processor.retries:
        if attempts:
            stopping.wait(pause)
            pause *= 2
        attempts += 1
        started = time.time()
        try:
            answer = invoke(stream, processor, records)
            transformed = match(processor, records, answer, attempts)
        except TransformationError as error:
            if stopping.is_set():
                raise StoppedError from error
            code, message = error.code, str(error)
            put_processing_metrics(stream, started, succeeded=False)
            log_error(stream, code, message, processor.lambda_arn)
        else:
            put_processing_metrics(stream, started, succeeded=True)
            return transformed
    ended = time.time()
    return [], [Failure(record, code, message, attempts, ended, processor.lambda_arn) for record in records]


def invoke(stream: Json, processor: Processor, records: list[Record]) -> object:
    """The function's answer. Raises TransformationError with the code of Firehose's own log."""
    try:
        require("firehose", processor.role_arn, "lambda:InvokeFunction", processor.lambda_arn)
    except AccessDeniedError as error:
        raise TransformationError("Lambda.InvokeAccessDenied", str(error)) from error
    name, qualifier = lambda_svc._resolve_name_and_qualifier(processor.lambda_arn)
    function, _config = lambda_svc._get_func_record_for_qualifier(name, qualifier)
    if function is None:
        raise TransformationError("Lambda.ResourceNotFound", f"Function not found: {processor.lambda_arn}")
    event = {
        "invocationId": new_uuid(),
        "deliveryStreamArn": stream["arn"],
        "region": get_region(),
        "records": [
            {
                "recordId": record["SequenceNumber"],
                "approximateArrivalTimestamp": milliseconds(record["ApproximateArrivalTimestamp"]),
                "data": record["Data"],
            }
            for record in records
        ],
    }
    if source := stream.get("kinesis_source"):
        event["sourceKinesisStreamArn"] = source["KinesisStreamARN"]
    started = time.time()
    result = lambda_svc._execute_function(function, event)
    if result.get("throttle"):
        raise TransformationError("Lambda.InvokeLimitExceeded", "The concurrent execution limit is exceeded.")
    failed = bool(result.get("error"))
    lambda_svc._emit_lambda_metrics(name, milliseconds(time.time() - started), failed, throttle=False)
    if failed:
        reason = json.dumps(result.get("body"))[:500]
        message = f"The Lambda function was successfully invoked but it returned an error result. {reason}"
        raise TransformationError("Lambda.FunctionError", message)
    body = result.get("body")
    try:
        return json.loads(body) if isinstance(body, str | bytes) else body
    except ValueError as error:
        raise TransformationError("Lambda.JsonProcessingException", str(error)) from error


def match(
    processor: Processor, records: list[Record], answer: object, attempts: int
) -> tuple[list[bytes], list[Failure]]:
    """Finds for each record what the function has made of it."""
    results = answer.get("records") if isinstance(answer, dict) else None
    if not isinstance(results, list):
        raise TransformationError("Lambda.JsonProcessingException", "The answer has no list of records.")
    by_id = {result.get("recordId"): result for result in results if isinstance(result, dict)}
    if len(by_id) != len(results):
        raise TransformationError("Lambda.DuplicatedRecordId", "The answer has a record id more than once.")
    ended = time.time()
    data: list[bytes] = []
    failures: list[Failure] = []
    for record in records:
        result = by_id.get(record["SequenceNumber"])
        if result is None:
            raise TransformationError(
                "Lambda.MissingRecordId", "The answer lacks a record id of the request."
            )
        status = result.get("result")
        if status == "Ok":
            data.append(base64.b64decode(result.get("data") or ""))
        elif status != "Dropped":
            message = "ProcessingFailed status set for record"
            failed = "Lambda.ProcessingFailedStatus"
            failures.append(Failure(record, failed, message, attempts, ended, processor.lambda_arn))
    return data, failures


def put_processing_metrics(stream: Json, started: float, *, succeeded: bool) -> None:
    dimensions = {"DeliveryStreamName": stream["name"]}
    took = milliseconds(time.time() - started)
    cloudwatch.record_metric("AWS/Firehose", "ExecuteProcessing.Duration", took, "Milliseconds", dimensions)
    cloudwatch.record_metric("AWS/Firehose", "ExecuteProcessing.Success", int(succeeded), "Count", dimensions)


def log_error(stream: Json, code: str, message: str, processor: str = "") -> None:
    """Writes to the delivery stream's log as Firehose does, and to MiniStack's own."""
    logging.getLogger("firehose").warning("%s: %s: %s", stream["name"], code, message)
    config = stream["destinations"][0]["config"]
    options = config.get("CloudWatchLoggingOptions") or {}
    if not options.get("Enabled"):
        return
    document = {
        "deliveryStreamARN": stream["arn"],
        "destination": config["BucketARN"],
        "deliveryStreamVersionId": stream["version"],
        "message": message,
        "errorCode": code,
        **({"processor": processor} if processor else {}),
    }
    event = {"timestamp": milliseconds(time.time()), "message": json.dumps(document)}
    names = {"logGroupName": options["LogGroupName"], "logStreamName": options["LogStreamName"]}
    cloudwatch_logs._create_log_stream(names)
    cloudwatch_logs._put_log_events({**names, "logEvents": [event]})

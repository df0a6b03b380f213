"""Asks a Slipway API for predictions, with nothing but Python's standard library (3.9 or newer).

As a module:

    from slipway_client import predict
    answer = predict("https://abc.execute-api.eu-west-1.amazonaws.com/v1", api_key, {"distance": 1.6, ...})

As a program, with one JSON record a line on its standard input:

    API_URL=https://... API_KEY=... python slipway_client.py < records.jsonl
"""

import json
import os
import sys
import urllib.error
import urllib.request
from typing import Any

MAX_RECORDS = 1000


class Refused(Exception):
    """The API's answer is no prediction. `problem` is its problem document (RFC 9457)."""

    def __init__(self, problem: dict[str, Any]) -> None:
        self.problem = problem
        super().__init__(": ".join(str(problem[key]) for key in ("title", "detail") if key in problem))


def predict(url: str, api_key: str, *records: dict[str, Any], timeout: float = 30) -> list[dict[str, Any]]:
    """Return one prediction for each of 1 to 1,000 records, in their order.

    Raises Refused when the API refuses the request or has no model, and urllib.error.URLError when it
    cannot be reached. `timeout` is in seconds.
    """
    request = urllib.request.Request(
        url.rstrip("/") + "/predict",
        data=json.dumps({"instances": records}).encode(),
        headers={"x-api-key": api_key, "content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            predictions: list[dict[str, Any]] = json.load(response)["predictions"]
            return predictions
    except urllib.error.HTTPError as error:
        raise Refused(_problem(error)) from None


def _problem(error: urllib.error.HTTPError) -> dict[str, Any]:
    """Return the problem document of an answer, or one made from what API Gateway itself says."""
    try:
        body = json.loads(error.read())
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    return {"title": body.get("message", error.reason), "status": error.code, **body}


def main() -> None:
    records = [json.loads(line) for line in sys.stdin if line.strip()]
    for start in range(0, len(records), MAX_RECORDS):
        chunk = records[start : start + MAX_RECORDS]
        for prediction in predict(os.environ["API_URL"], os.environ["API_KEY"], *chunk):
            print(json.dumps(prediction))


if __name__ == "__main__":
    try:
        main()
    except Refused as refused:
        sys.exit(str(refused))

"""Generated requests: never a 5xx, and the fast and the slow check agree.

FUZZ_EXAMPLES=3400 sends 10,200 requests instead of 300.
"""

import json
import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slipway_model import payloads
from slipway_model.schema import SCHEMA
from tests.support import RECORD, Server

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([*RECORD.values(), "green", "EWR", 0, 9, 10, 200, 200.1, -0.0, "2019-02-29 00:00:00"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
RECORDS = st.fixed_dictionaries(
    {}, optional={name: st.just(value) | VALUES for name, value in RECORD.items()}
) | (
    st.dictionaries(st.sampled_from([*RECORD, "fare", "x", ""]), VALUES, max_size=2).map(
        lambda d: {**RECORD, **d}
    )
)
ENDLESS = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "100")),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@ENDLESS
@given(record=RECORDS)
def test_fast_and_slow_check_agree(record: dict[str, Any]) -> None:
    data = json.dumps(record).encode()
    fast, reasons = payloads._json_row(data)
    slow, slow_reasons = SCHEMA.request.validate(json.loads(data))
    assert fast == slow
    assert [r.field for r in reasons] == [r.field for r in slow_reasons]


@ENDLESS
@given(records=st.lists(RECORDS | VALUES, max_size=3), kind=st.sampled_from(payloads.KINDS))
def test_records_that_may_be_wrong(server: Server, records: list[Any], kind: str) -> None:
    count = len(records)
    if kind == payloads.JSON:
        body = json.dumps({"instances": records})
    elif kind == payloads.LINES:
        body = "\n".join(json.dumps(record) for record in records)
    else:
        rows = [record.values() if isinstance(record, dict) else [record] for record in records]
        body = "\n".join(",".join(f'"{value}"' for value in row) for row in rows)
        count = sum(len(row) > 0 for row in rows)  # empty lines are skipped
    reply = server.invoke(body.encode("utf-8", "surrogatepass"), kind)
    assert reply.status in (200, 400)
    if reply.status == 200:
        assert len(reply.json["predictions"]) == count
    else:
        assert reply.json["message"]


@ENDLESS
@given(body=st.binary(max_size=60), kind=st.sampled_from(payloads.KINDS))
def test_bodies_of_any_bytes(server: Server, body: bytes, kind: str) -> None:
    assert server.invoke(body, kind).status == 400


@ENDLESS
@given(start=st.integers(0, 120), end=st.integers(0, 120), insert=st.binary(max_size=3))
def test_bodies_that_were_valid_once(server: Server, start: int, end: int, insert: bytes) -> None:
    valid = json.dumps({"instances": [RECORD]}).encode()
    assert server.invoke(valid[:start] + insert + valid[end:]).status in (200, 400)

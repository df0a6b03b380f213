"""Serving, through a real server process over HTTP."""

import csv
import io
import json
import socket
from typing import Any

import pytest

from slipway_model import artifact, payloads
from slipway_model.layout import Layout
from slipway_model.predictor import Predictor
from tests import support
from tests.support import RECORD, Server

CSV_ROW = ",".join(str(value) for value in RECORD.values())


def expected(trained: Layout, *records: dict[str, Any]) -> list[dict[str, float]]:
    """What the artifact predicts for `records`, computed here."""
    predictor = Predictor(artifact.load(trained.model))
    read = payloads.read(payloads.JSON, json.dumps({"instances": records}).encode())
    rows = [predictor.predict_record(record) for record in read]
    return [dict(zip(("value", "lower", "upper"), row, strict=True)) for row in rows]


class TestContract:
    def test_ping(self, server: Server) -> None:
        reply = server.request("GET", "/ping")
        assert (reply.status, reply.body) == (200, b"")

    def test_execution_parameters(self, server: Server) -> None:
        reply = server.request("GET", "/execution-parameters")
        assert reply.json["BatchStrategy"] == "MULTI_RECORD"
        assert reply.json["MaxPayloadInMB"] == 6
        assert reply.json["MaxConcurrentTransforms"] >= 1

    def test_names_its_release_in_every_answer(self, server: Server) -> None:
        for reply in (server.ask(RECORD), server.ask({})):
            assert reply.headers["x-amzn-sagemaker-custom-attributes"] == "release=r-42"

    @pytest.mark.parametrize(
        ("method", "path", "status", "allow"),
        [
            ("GET", "/", 404, None),
            ("POST", "/invocation", 404, None),
            ("GET", "/invocations", 405, "POST"),
            ("POST", "/ping", 405, "GET"),
            ("PUT", "/execution-parameters", 405, "GET"),
        ],
    )
    def test_other_paths_and_methods(
        self, server: Server, method: str, path: str, status: int, allow: str | None
    ) -> None:
        reply = server.request(method, path)
        assert (reply.status, reply.headers.get("allow")) == (status, allow)
        assert reply.json["message"]

    def test_keeps_connections(self, server: Server) -> None:
        connection = server.connect()
        for _ in range(3):
            connection.request("GET", "/ping")
            assert connection.getresponse().read() == b""
            assert connection.sock is not None
        connection.close()


BAD = {**RECORD, "distance": -1}
PLACE_OF_BAD = {
    "message": "distance must be at least 0, not -1",
    "errors": [{"field": "distance", "value": -1, "rule": "must be at least 0"}],
}


class TestPartialAnswers:
    def test_when_asked_for(self, server: Server, trained: Layout) -> None:
        body = json.dumps({"instances": [RECORD, BAD, 7, RECORD]})
        good = expected(trained, RECORD, RECORD)
        for attributes in ("partial=true", "trace=1; Partial=True", "a,partial=true"):
            reply = server.invoke(body, x_amzn_sagemaker_custom_attributes=attributes)
            assert reply.status == 200
            first, second, third, fourth = reply.json["predictions"]
            assert [first, fourth] == good
            assert second == PLACE_OF_BAD
            assert third["message"] == "record must be an object, not 7"
        for attributes in ("", "partial=false", "impartial=true"):
            assert server.invoke(body, x_amzn_sagemaker_custom_attributes=attributes).status == 400

    @pytest.mark.parametrize("accept", ["application/jsonlines", "text/csv"])
    def test_lines_are_answered_line_by_line(self, server: Server, trained: Layout, accept: str) -> None:
        lines = [RECORD, BAD, RECORD, {}]
        cells = [CSV_ROW, CSV_ROW.replace("1.6", "-1"), CSV_ROW, "1,2"]
        bodies = {
            payloads.LINES: "\n".join(json.dumps(line) for line in lines) + "\n",
            payloads.CSV: "\n".join(cells),
        }
        (good,) = expected(trained, RECORD)
        for kind, body in bodies.items():
            reply = server.invoke(body, kind, accept=accept)
            assert reply.status == 200
            answered = reply.body.decode().splitlines()
            assert len(answered) == 4
            if accept == "text/csv":
                assert answered[0] == answered[2] == ",".join(repr(v) for v in good.values())
                assert answered[1] == ',,,"distance must be at least 0, not -1"'
            else:
                assert json.loads(answered[0]) == json.loads(answered[2]) == good
                assert json.loads(answered[1]) == PLACE_OF_BAD
                assert "value" not in json.loads(answered[3])

    def test_messages_stay_one_csv_cell(self, server: Server) -> None:
        record = {**RECORD, "color": 'a "quoted",\n text'}
        reply = server.invoke(json.dumps(record), "application/jsonlines", accept="text/csv")
        (cells,) = csv.reader(io.StringIO(reply.body.decode()))
        assert cells[:3] == ["", "", ""]
        assert "quoted" in cells[3]

    def test_nothing_but_bad_records(self, server: Server) -> None:
        reply = server.invoke("{}\n{}", "application/jsonlines", accept="application/jsonlines")
        assert [len(json.loads(line)["errors"]) for line in reply.body.splitlines()] == [4, 4]

    def test_too_many_bad_records_are_refused(self, server: Server) -> None:
        reply = server.invoke("{}\n" * 10_001, "application/jsonlines", accept="text/csv")
        assert (reply.status, len(reply.json["errors"])) == (400, 100)
        reply = server.invoke("{}\n" * 10_000, "application/jsonlines", accept="text/csv")
        assert (reply.status, reply.body.count(b"\n")) == (200, 10_000)

    def test_a_body_that_cannot_be_read_is_refused(self, server: Server) -> None:
        reply = server.invoke(f'{CSV_ROW}\n"open', "text/csv", accept="text/csv")
        assert reply.status == 400


class TestTypes:
    def test_json(self, server: Server, trained: Layout) -> None:
        farther = {**RECORD, "distance": 9.5}
        reply = server.ask(RECORD, farther)
        assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
        assert reply.json == {"predictions": expected(trained, RECORD, farther)}
        for prediction in reply.json["predictions"]:
            assert 0 < prediction["lower"] <= prediction["value"] <= prediction["upper"]
        assert reply.json["predictions"][1]["value"] > reply.json["predictions"][0]["value"] + 5

    def test_one_row_is_the_same_as_one_of_many(self, server: Server) -> None:
        assert server.ask(RECORD).json["predictions"][0] == server.ask(RECORD, RECORD).json["predictions"][1]

    def test_optional_fields_may_be_null_or_absent(self, server: Server) -> None:
        without = {k: v for k, v in RECORD.items() if "zone" not in k}
        first, second = (
            server.ask(without),
            server.ask({**without, "pickup_zone": None, "dropoff_zone": None}),
        )
        assert first.status == 200
        assert first.json == second.json

    def test_a_zone_that_training_has_not_seen_counts_as_missing(self, server: Server) -> None:
        unseen, missing = ({**RECORD, "pickup_zone": zone} for zone in ("Atlantis", None))
        assert server.ask(unseen).json == server.ask(missing).json

    def test_integers_for_numbers_and_whole_numbers_for_integers(self, server: Server) -> None:
        first, second = server.ask({**RECORD, "distance": 2}), server.ask({**RECORD, "distance": 2.0})
        assert first.json == second.json
        assert server.ask({**RECORD, "passengers": 1.0}).json == server.ask(RECORD).json

    def test_jsonlines(self, server: Server, trained: Layout) -> None:
        farther = {**RECORD, "distance": 9.5}
        body = f"{json.dumps(RECORD)}\r\n\n{json.dumps(farther)}"
        assert server.invoke(body, "application/jsonlines").json == {
            "predictions": expected(trained, RECORD, farther)
        }

    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            ("text/csv", f"{CSV_ROW}\n{CSV_ROW}\n"),
            ("text/csv", f"{','.join(RECORD)}\n{CSV_ROW}\n{CSV_ROW}"),
            (
                "text/csv; charset=utf-8; header=present",
                f"\ufeff{','.join(RECORD)}\r\n{CSV_ROW}\r\n{CSV_ROW}\r\n",
            ),
            ("text/csv; header=absent", f"{CSV_ROW}\n\n{CSV_ROW}\n"),
            (
                "text/csv",
                f"fare,{','.join(reversed(RECORD))}\n"
                + 2 * f"7.0,{','.join(str(v) for v in reversed(RECORD.values()))}\n",
            ),
        ],
    )
    def test_csv(self, server: Server, trained: Layout, kind: str, body: str) -> None:
        reply = server.invoke(body, kind)
        assert reply.json == {"predictions": expected(trained, RECORD, RECORD)}

    def test_raw_file_can_be_scored(self, server: Server) -> None:
        body = b"\n".join(support.TAXIS.read_bytes().split(b"\n")[:501])
        reply = server.invoke(body, "text/csv", accept="text/csv")
        assert reply.status == 200
        assert reply.body.count(b"\n") == 500

    @pytest.mark.parametrize(
        ("accept", "kind"),
        [
            ("", "application/json"),
            ("*/*", "application/json"),
            ("application/*", "application/json"),
            ("text/*", "text/csv"),
            ("text/csv", "text/csv"),
            ("application/jsonlines", "application/jsonlines"),
            ("image/png, text/csv;q=0.5, application/jsonlines;q=0.9", "application/jsonlines"),
            ("text/html, */*;q=0.1", "application/json"),
        ],
    )
    def test_accept_decides_the_type_of_the_answer(self, server: Server, accept: str, kind: str) -> None:
        reply = server.invoke(json.dumps({"instances": [RECORD, RECORD]}), accept=accept)
        assert reply.headers["content-type"] == kind
        predictions = server.ask(RECORD, RECORD).json["predictions"]
        lines = reply.body.splitlines()
        if kind == "application/json":
            assert reply.json == {"predictions": predictions}
        elif kind == "application/jsonlines":
            assert [json.loads(line) for line in lines] == predictions
        else:
            assert [[float(cell) for cell in line.split(b",")] for line in lines] == [
                [p["value"], p["lower"], p["upper"]] for p in predictions
            ]

    @pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "nonsense"])
    def test_406(self, server: Server, accept: str) -> None:
        assert server.invoke(json.dumps({"instances": [RECORD]}), accept=accept).status == 406


class TestBadRequests:
    @pytest.mark.parametrize(
        ("changes", "value", "rule"),
        [
            ({"distance": -1}, -1, "must be at least 0"),
            ({"distance": "1.6"}, "1.6", "must be a number"),
            ({"distance": True}, True, "must be a number"),
            ({"distance": None}, None, "must be a number"),
            ({"distance": [1]}, "[...]", "must be a number"),
            ({"distance": float("nan")}, "NaN", "must be a finite number"),
            ({"distance": float("-inf")}, "-Infinity", "must be a finite number"),
            ({"distance": 10**400}, "Infinity", "must be a finite number"),
            ({"distance": 1e300}, "1e+300", "must be at most 200"),
            ({"passengers": 1.5}, 1.5, "must be an integer"),
            ({"passengers": 10**30}, str(10**30), "must be at most 9"),
            ({"color": "blue"}, "blue", "must be one of green, yellow"),
            ({"color": 7}, 7, "must be one of green, yellow"),
            ({"pickup": "yesterday"}, "yesterday", "must be a date and time like 2019-03-23 20:21:09"),
            ({"pickup": "2019-02-30 10:00"}, "2019-02-30 10:00", "must be a date and time that exists"),
            ({"pickup_zone": ""}, "", "must have at least 1 characters"),
            ({"pickup_zone": "\ud800"}, "?", "must be valid Unicode text"),
            ({"fare": 7}, 7, "is not a known field"),
            ({"distanse": 7}, 7, "is not a known field; did you mean distance?"),
        ],
    )
    def test_400_names_field_value_and_rule(
        self, server: Server, changes: dict[str, object], value: object, rule: str
    ) -> None:
        (field,) = changes
        error = {"field": field, "value": value, "rule": rule}
        reply = server.ask(RECORD, {**RECORD, **changes})
        assert reply.status == 400
        assert reply.json["errors"] == [{"instance": 1, **error}]
        assert reply.json["message"].startswith(f"instance 1: {field} {rule}")
        lines = f"{json.dumps(RECORD)}\n{json.dumps({**RECORD, **changes})}"
        reply = server.invoke(lines, "application/jsonlines")
        assert (reply.status, reply.json["errors"]) == (400, [{"instance": 1, **error}])

    def test_all_errors_of_a_request(self, server: Server) -> None:
        reply = server.ask(
            {**RECORD, "distance": -1, "color": "blue"}, RECORD, {"pickup": "2019-03-23 20:21"}
        )
        assert [(e["instance"], e["field"], e["rule"]) for e in reply.json["errors"]] == [
            (0, "distance", "must be at least 0"),
            (0, "color", "must be one of green, yellow"),
            (2, "passengers", "is required"),
            (2, "distance", "is required"),
            (2, "color", "is required"),
        ]
        assert reply.json["message"] == "instance 0: distance must be at least 0, not -1 (and 4 more)"

    def test_a_name_twice(self, server: Server) -> None:
        for again in ('"distance": 2', '"dist\\u0061nce": 2'):
            row = json.dumps(RECORD)[:-1] + f", {again}}}"
            for body, kind in ((f'{{"instances": [{row}]}}', payloads.JSON), (row, payloads.LINES)):
                reply = server.invoke(body, kind)
                assert reply.status == 400
                assert "distance" in reply.json["message"]
        assert server.invoke(f'{{"instances": [], "instances": [{json.dumps(RECORD)}]}}').status == 400

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ("", "the body is empty"),
            (" \n", "the body is empty"),
            ("{", "the body is not valid JSON"),
            (b"\xff\xfe{\x00}\x00", "the body is not valid JSON"),
            ("[" * 100_000, "nested too deeply"),
            ('{"instances": [{"distance": ' + "[" * 100_000 + "]" * 100_000 + "}]}", "nested too deeply"),
            ("[]", "the body holds no list named instances"),
            ("7", "the body holds no list named instances"),
            ('{"instances": {}}', "the body holds no list named instances"),
            ('{"instances": []}', "the body holds no record"),
            ('{"instances": [{}], "model": 1}', "the body has an unknown member 'model'"),
            ('{"instances": [7]}', "instance 0: record must be an object, not 7"),
            ('{"instances": [null]}', "instance 0: record must be an object, not null"),
            ('{"instances": [{"distance": 1' + "0" * 5000 + "}]}", "instance 0: pickup is required"),
        ],
    )
    def test_json_traps(self, server: Server, body: bytes | str, message: str) -> None:
        reply = server.invoke(body)
        assert reply.status == 400
        assert message in reply.json["message"]
        assert server.is_well()

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ("\n\n", "the body is empty"),
            (",".join(RECORD), "the body holds no record"),
            ("1,2", "instance 0: record must have 8 cells, in this order: pickup, passengers,"),
            (CSV_ROW.replace("1.6", "-1.6"), "instance 0: distance must be at least 0, not -1.6"),
            (CSV_ROW.replace("1.6", ""), "instance 0: distance is required"),
            (CSV_ROW.replace("1.6", "nan"), 'instance 0: distance must be a number, not "nan"'),
            (f"pickup,distance\n{CSV_ROW}", "instance 0: record must have 2 cells"),
            ("pickup,distance\n2019-03-23 20:21,1", "instance 0: passengers is required"),
            (
                "pickup,distanse\n",
                "the header has a column 'distanse', which is not a known field; did you mean",
            ),
            ("pickup,pickup\n", "the header has the column 'pickup' twice"),
            (f'{CSV_ROW}\n"open', "the body is not valid CSV at line 2"),
            (b"\xff\n", "the body is not valid UTF-8"),
            ("a" * 200_000, "the body is not valid CSV at line 1"),
            ("a," * 1_000_000, "instance 0: record must have 8 cells"),
        ],
    )
    def test_csv_traps(self, server: Server, body: bytes | str, message: str) -> None:
        reply = server.invoke(body, "text/csv")
        assert reply.status == 400
        assert message in reply.json["message"]
        assert server.is_well()

    def test_many_unknown_fields(self, server: Server) -> None:
        reply = server.ask({**RECORD, **{f"column_{i}": i for i in range(50_000)}})
        assert reply.status == 400
        assert len(reply.json["errors"]) <= 100

    def test_a_thousand_bad_rows(self, server: Server) -> None:
        reply = server.invoke("{}\n" * 10_000, "application/jsonlines")
        assert reply.status == 400
        assert len(reply.json["errors"]) == 100

    @pytest.mark.parametrize(
        ("kind", "headers"),
        [
            ("", {}),
            ("application/x-www-form-urlencoded", {}),
            ("application/json; charset=utf-16", {}),
            ("application/json", {"content_encoding": "gzip"}),
        ],
    )
    def test_415(self, server: Server, kind: str, headers: dict[str, str]) -> None:
        assert server.invoke(json.dumps({"instances": [RECORD]}), kind, **headers).status == 415

    def test_413(self, server: Server) -> None:
        reply = server.invoke(b" " * 20_000_000)
        assert reply.status == 413
        assert reply.json["message"] == "the body is larger than 6 MiB: send fewer records at a time"
        assert server.is_well()

    def test_413_without_an_announced_length(self, server: Server) -> None:
        connection = server.connect()
        headers = {"content-type": "application/json"}
        connection.request("POST", "/invocations", iter([b" " * 1_000_000] * 8), headers, encode_chunked=True)
        assert connection.getresponse().status == 413
        connection.close()

    def test_client_that_hangs_up(self, server: Server) -> None:
        start = (
            b"POST /invocations HTTP/1.1\r\nhost: x\r\n"
            b"content-type: application/json\r\ncontent-length: 100\r\n"
        )
        for sent in (start, start + b"\r\n", start + b'\r\n{"instances"', b"\x00\x01nonsense\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", server.port)) as client:
                client.sendall(sent)
        assert server.is_well()

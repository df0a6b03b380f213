"""Several hosts: training that agrees, processing that shares the work, and what either refuses."""

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slipway_model import places, processing
from slipway_model.failure import Failure
from slipway_model.layout import Layout
from tests import support
from tests.support import command, environment, read_csv, taxi_rows, wait_until, write_csv
from tests.test_training import figures

HOSTS = ["algo-1", "algo-2"]


def addresses() -> str:
    """HOST_ADDRESSES with ports that are free now."""
    entries, held = [], []
    for name in HOSTS:
        while True:
            first, second = socket.socket(), socket.socket()
            held += [first, second]
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            entries.append(f"{name}=127.0.0.1:{port}")
            break
    for one in held:
        one.close()
    return ",".join(entries)


class Hosts:
    """Two training hosts as processes, each with folders of its own."""

    def __init__(self, base: Path, rows: dict[str, list[dict[str, str]]], **hyperparameters: str) -> None:
        self.layouts = [Layout(base / name) for name in HOSTS]
        for name, layout in zip(HOSTS, self.layouts, strict=True):
            for channel, part in rows.items():
                write_csv(layout.channel(channel) / "data.csv", part)
            layout.resources.parent.mkdir(parents=True)
            layout.resources.write_text(json.dumps({"current_host": name, "hosts": HOSTS}))
            layout.hyperparameters.write_text(json.dumps(hyperparameters))
        self.processes: list[subprocess.Popen[bytes]] = []

    def distribute(self, **channels: str) -> None:
        """SageMaker's inputdataconfig.json: how the files of each channel were given to the hosts."""
        config = {name: {"S3DistributionType": kind} for name, kind in channels.items()}
        for layout in self.layouts:
            (layout.resources.parent / "inputdataconfig.json").write_text(json.dumps(config))

    def start(self) -> None:
        where = addresses()
        for layout in self.layouts:
            with (layout.base / "train.log").open("w") as log:
                self.processes.append(
                    subprocess.Popen(
                        command("train"),
                        cwd=support.PACKAGE,
                        env=environment(layout.base, HOST_ADDRESSES=where),
                        stdout=log,
                        stderr=subprocess.STDOUT,
                    )
                )

    def wait(self) -> list[int]:
        """Exit codes, by host."""
        return [process.wait(timeout=60) for process in self.processes]


@pytest.fixture
def rows(trained: Layout) -> dict[str, list[dict[str, str]]]:
    """All channels of all taxi trips."""
    return {name: read_csv(trained.channel(name) / "data.csv") for name in ("train", "validation", "test")}


@pytest.fixture
def started() -> Iterator[list[Hosts]]:
    """What a test has started and is to be ended whatever happens."""
    made: list[Hosts] = []
    yield made
    for process in [process for hosts in made for process in hosts.processes]:
        process.kill()
        process.wait()


def test_two_hosts_reach_the_error_of_one(
    trained: Layout, rows: dict[str, list[dict[str, str]]], tmp_path: Path, started: list[Hosts]
) -> None:
    hosts = Hosts(tmp_path, rows)
    started.append(hosts)
    hosts.start()
    assert hosts.wait() == [0, 0]
    leader, other = hosts.layouts
    alone, together = figures(trained), figures(leader)
    # One model of each, which differ by chance: over three seeds the mean is within 1 % (bench/README.md).
    assert together["test:mae"] == pytest.approx(alone["test:mae"], rel=0.02)
    for name in ("train:rows", "test:mae_median_baseline", "test:mae_distance_baseline"):
        assert together[name] == pytest.approx(alone[name], rel=1e-9)
    assert (leader.model / "encoder.json").read_bytes() == (trained.model / "encoder.json").read_bytes()
    assert not other.model.exists()
    assert "2733 rows learned; algo-1 writes the model" in (other.base / "train.log").read_text()


def test_hosts_with_other_files_each_learn_from_all(
    rows: dict[str, list[dict[str, str]]], tmp_path: Path, started: list[Hosts]
) -> None:
    hosts = Hosts(tmp_path, rows, num_iterations="20")
    started.append(hosts)
    hosts.distribute(train="ShardedByS3Key")
    colors = {row["color"] for row in rows["train"]}
    for color, layout in zip(sorted(colors), hosts.layouts, strict=True):
        own = [row for row in rows["train"] if row["color"] == color]
        write_csv(layout.channel("train") / "data.csv", own)
    hosts.start()
    assert hosts.wait() == [0, 0]
    leader = hosts.layouts[0]
    encoder = json.loads((leader.model / "encoder.json").read_text())
    learned = [*rows["train"], *rows["validation"]]
    trips = [(r["pickup_zone"] or None, r["dropoff_zone"] or None, float(r["distance"])) for r in learned]
    assert encoder["learned"] == places.learn([places.observe(trips)])
    assert figures(leader)["train:rows"] == len(rows["train"])
    card = json.loads((leader.model / "model-card.json").read_text())
    assert card["data"]["train"]["from"] == min(row["pickup"] for row in rows["train"]).replace("T", " ")


def test_refuses_validation_rows_that_no_host_has_all_of(
    rows: dict[str, list[dict[str, str]]], tmp_path: Path, started: list[Hosts]
) -> None:
    hosts = Hosts(tmp_path, rows)
    started.append(hosts)
    hosts.distribute(validation="ShardedByS3Key")
    hosts.start()
    assert hosts.wait() == [1, 1]
    for layout in hosts.layouts:
        assert layout.failure.read_text().startswith("the channel validation is ShardedByS3Key")


def test_a_host_whose_peer_fails_says_so_and_ends(
    rows: dict[str, list[dict[str, str]]], tmp_path: Path, started: list[Hosts]
) -> None:
    hosts = Hosts(tmp_path, rows)
    started.append(hosts)
    (hosts.layouts[1].channel("train") / "data.csv").write_text("")
    hosts.start()
    assert hosts.wait() == [1, 1]
    assert hosts.layouts[1].failure.read_text().startswith("input/data/train/data.csv has no header")
    assert hosts.layouts[0].failure.read_text() == (
        "algo-2 has ended before this host was done: its log says why"
    )


def test_sigterm_ends_a_host_that_waits_within_lightgbm(
    rows: dict[str, list[dict[str, str]]], tmp_path: Path, started: list[Hosts]
) -> None:
    hosts = Hosts(tmp_path, rows, num_iterations="100000", early_stopping_rounds="10000")
    started.append(hosts)
    hosts.start()
    log = hosts.layouts[0].base / "train.log"
    wait_until("both hosts in LightGBM", lambda: "total number of machines: 2" in log.read_text())
    first, second = hosts.processes
    second.send_signal(signal.SIGSTOP)  # from now on the first waits for it
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=10) == 128 + signal.SIGTERM
    second.kill()


@pytest.mark.parametrize("entry", ["algo-1", "algo-9=127.0.0.1:1", "algo-2=127.0.0.1", "algo-2=:http"])
def test_refuses_addresses(tmp_path: Path, entry: str) -> None:
    layout = Hosts(tmp_path, {"train": taxi_rows(3)}).layouts[0]
    done = support.run(layout.base, "train", HOST_ADDRESSES=entry)
    assert done.returncode == 1
    assert layout.failure.read_text().startswith(f"HOST_ADDRESSES has the entry '{entry}'")


def instances(base: Path, rows: list[dict[str, str]], kind: str = "ShardedByS3Key") -> list[Layout]:
    """The folders of two processing instances, with one half of the rows each."""
    source = {"LocalPath": "/opt/ml/processing/input/raw", "S3DataDistributionType": kind}
    job = {"ProcessingInputs": [{"InputName": "raw", "S3Input": source}]}
    layouts = [Layout(base / name) for name in HOSTS]
    for place, (name, layout) in enumerate(zip(HOSTS, layouts, strict=True)):
        write_csv(layout.raw / "trips.csv", rows[place::2])
        (layout.base / "config").mkdir()
        resources = {"current_host": name, "hosts": HOSTS}
        for file, content in (("resourceconfig.json", resources), ("processingjobconfig.json", job)):
            (layout.base / "config" / file).write_text(json.dumps(content))
    return layouts


def _requests(layouts: list[Layout]) -> list[Path]:
    return [
        layout.processed("holdout") / f"requests-algo-{place}.jsonl"
        for place, layout in enumerate(layouts, 1)
    ]


@pytest.mark.parametrize(
    "variables", [{"SPLIT": "random", "SEED": "3"}, {"SPLIT_AT": "2019-03-21,2019-03-26T12:00:00"}]
)
def test_instances_process_their_shards_into_files_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    rows = taxi_rows(2000)
    twice = [*rows, rows[0]]  # the copy is in the other shard when the number of rows is odd
    layouts = instances(tmp_path, [*twice, *rows[1:2]])
    for layout in layouts:
        processing.process(layout)
    keys: dict[str, set[Any]] = {}
    for part in ("train", "validation", "test"):
        files = [file for layout in layouts for file in layout.processed(part).iterdir()]
        assert [file.name for file in files] == ["data-algo-1.csv", "data-algo-2.csv"]
        found = [row for file in files for row in read_csv(file)]
        assert found
        keys[part] = {tuple(row.values()) for row in found}
        if part == "test":
            sent = [len(file.read_text().splitlines()) for file in _requests(layouts)]
            assert sent == [len(read_csv(file)) for file in files]
        if "SPLIT_AT" in variables:
            first, second = (moment.replace("T", " ") for moment in variables["SPLIT_AT"].split(","))
            low, high = {"train": ("", first), "validation": (first, second), "test": (second, "3")}[part]
            assert all(low <= row["pickup"].replace("T", " ") < high for row in found)
    assert sum(map(len, keys.values())) == len(set().union(*keys.values()))
    if "SEED" in variables:
        assert len(keys["train"]) / 2000 == pytest.approx(0.7, abs=0.04)
    reports = sorted(file.name for layout in layouts for file in layout.processed("report").iterdir())
    assert reports == [
        f"{name}-{host}.{suffix}"
        for name, suffix in (("profile", "json"), ("rejected", "jsonl"), ("report", "json"))
        for host in HOSTS
    ]


@pytest.mark.parametrize(
    ("kind", "variables", "message"),
    [
        ("FullyReplicated", {"SPLIT": "random"}, "the input raw is FullyReplicated: each of 2 instances"),
        ("ShardedByS3Key", {}, "SPLIT is time on 2 instances, none of which sees all rows"),
        ("ShardedByS3Key", {"SPLIT_AT": "2019-03-21"}, "SPLIT_AT must be the two moments"),
        ("ShardedByS3Key", {"SPLIT_AT": "2019-03-26,2019-03-21"}, "SPLIT_AT must be the two moments"),
        ("ShardedByS3Key", {"SPLIT_AT": "2019-03-21Z,2019-03-26"}, "SPLIT_AT must be the two moments"),
        ("ShardedByS3Key", {"SPLIT_AT": "2019-03-21,2019-03-26", "SPLIT": "random"}, "and SPLIT random"),
    ],
)
def test_refuses_instances_that_would_not_share_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, variables: dict[str, str], message: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    layout = instances(tmp_path, taxi_rows(100), kind)[0]
    with pytest.raises(Failure, match=re.escape(message)):
        processing.process(layout)
    assert not layout.processed("train").exists()


def test_one_instance_may_be_told_when_to_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPLIT_AT", "2019-03-21,2019-03-26")
    layout = Layout(tmp_path)
    write_csv(layout.raw / "trips.csv", taxi_rows(300))
    processing.process(layout)
    report = json.loads((layout.processed("report") / "report.json").read_text())
    assert report["time"]["train"]["to"].replace("T", " ") < "2019-03-21"
    assert "2019-03-21" <= report["time"]["validation"]["from"] < "2019-03-26"
    assert sum(report["rows"][name] for name in ("train", "validation", "test")) == 300

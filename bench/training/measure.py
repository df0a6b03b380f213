"""One run of one trainer, alone in its process, so that its peak memory is its own: prints one line of JSON.

    python measure.py container|two-hosts|scikit-learn ROWS

Rows are drawn with replacement from the sample data, distance and fare moved by normal noise (5 % and 3 %).
The clock runs from records in memory to a model: features are computed by the container's code for all. One
model each, the point prediction, of as many trees; the error is on rows seen in training and only tells that
all learn. Two hosts are two processes on this machine with half the rows each, and the container's own way of
reaching each other; the peak memory is that of one of them.
"""

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "model-image"))

from slipway_model import features, hosts, tables  # noqa: E402
from slipway_model.encoder import Encoder, Matrix  # noqa: E402
from slipway_model.layout import Layout  # noqa: E402
from slipway_model.metrics import Vector  # noqa: E402
from slipway_model.schema import SCHEMA  # noqa: E402

TREES = 100
LEAVES = 31
LAST = 10_000


def main() -> None:
    """Time one trainer."""
    trainer, count = sys.argv[1], int(sys.argv[2])
    if trainer == "two-hosts":
        _start_hosts(count)
        return
    # SAGEMAKER_BASE_DIR is a host's own folder; without one there is a single host.
    group = hosts.join(Layout.from_environment())
    records, target = _rows(count, group)
    began = time.perf_counter()
    encoder = Encoder(**group.leaders(Encoder.learn(group.gather(Encoder.observe(records)))))
    matrix = encoder.matrix(records)
    computed = time.perf_counter()
    error = _scikit_learn(matrix, target) if trainer == "scikit-learn" else _container(matrix, target, group)
    ended = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    if group.leads:
        figures = {"features": computed - began, "fit": ended - computed, "peak": peak, "error": error}
        print(json.dumps(figures))


def _start_hosts(count: int) -> None:
    """Run `container` as two hosts; the first prints the figures."""
    names = ["algo-1", "algo-2"]
    first, second = _free_port(), _free_port()
    addresses = f"algo-1=127.0.0.1:{first},algo-2=127.0.0.1:{second}"
    with tempfile.TemporaryDirectory() as folder:
        started = []
        for name in names:
            layout = Layout(Path(folder) / name)
            layout.resources.parent.mkdir(parents=True)
            layout.resources.write_text(json.dumps({"current_host": name, "hosts": names}))
            # A core for each, as if they were machines of one core.
            variables = {"HOST_ADDRESSES": addresses, "SAGEMAKER_BASE_DIR": str(layout.base), "THREADS": "1"}
            command = [sys.executable, __file__, "container", str(count)]
            started.append(subprocess.Popen(command, env={**os.environ, **variables}))
        if any(process.wait() != 0 for process in started):
            raise SystemExit("a host has failed")


def _free_port() -> int:
    """A port that is free, as the one after it is."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port: int = server.getsockname()[1]
            try:
                socket.create_server(("127.0.0.1", port + 1)).close()
            except OSError:
                continue
            return port


def _rows(count: int, group: hosts.Group) -> tuple[list[Any], Vector]:
    """This host's share of `count` rows, and their fares."""
    known = {field.name for field in SCHEMA.fields}
    path = ROOT / "data" / "taxis.csv"
    sample = [row.record for row in tables.read(path, path.name, known, SCHEMA.training) if not row.reasons]
    random = np.random.default_rng(0)
    drawn = random.integers(len(sample), size=count)[group.rank :: group.size]
    moved, paid = (random.normal(1, spread, count)[group.rank :: group.size] for spread in (0.05, 0.03))
    records = [
        msgspec.structs.replace(sample[i], distance=float(sample[i].distance * abs(m)))
        for i, m in zip(drawn, moved, strict=True)
    ]
    return records, np.array([record.fare for record in records]) * paid


def _container(matrix: Matrix, target: Vector, group: hosts.Group) -> float:
    """The point model with the container's parameters, but for a fixed number of trees."""
    from slipway_model import hyperparameters, machine, regression
    from slipway_model.boosting import Boosting, Rows

    if "THREADS" in os.environ:
        machine.cores = lambda: int(os.environ["THREADS"])
    start = matrix[:, features.NAMES.index(features.START)]
    values = {**hyperparameters.read(Path("none")), "num_leaves": LEAVES}
    with group.learning() as network:
        rows = Rows(matrix, target - start)
        trained = Boosting(values, group, network).fit(rows, TREES, regression.POINT)
    return float(np.mean(np.abs(start[-LAST:] + trained.predict(matrix[-LAST:]) - target[-LAST:])))


def _scikit_learn(matrix: Matrix, target: Vector) -> float:
    """HistGradientBoostingRegressor as near to it as its parameters allow."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(
        loss="absolute_error", max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=0.05, min_samples_leaf=10,
        l2_regularization=1.0, max_bins=63, early_stopping=False, random_state=0,
    )  # fmt: skip
    model.fit(matrix, target)
    return float(np.mean(np.abs(model.predict(matrix[-LAST:]) - target[-LAST:])))


if __name__ == "__main__":
    main()

"""One model and one server for the whole session."""

import shutil
from collections.abc import Iterator

import pytest

from slipway_model.layout import Layout
from tests import support
from tests.support import Server


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """The folders after `process` and `train` on all taxi trips."""
    layout = Layout(tmp_path_factory.mktemp("trained"))
    layout.raw.mkdir(parents=True)
    shutil.copy(support.TAXIS, layout.raw)
    for command in ("process", "train"):
        done = support.run(layout.base, command)
        assert done.returncode == 0, done.stderr
        (layout.base / f"{command}.log").write_text(done.stdout)
        if command == "process":
            support.use_as_channels(layout)
    return layout


@pytest.fixture(scope="session")
def server(trained: Layout) -> Iterator[Server]:
    """A server of that model, release r-42."""
    with Server(trained.base, RELEASE_ID="r-42") as running:
        yield running

"""Entry point of the container: `python -m slipway_model process | train | serve`."""

import os
import signal
import sys
from types import FrameType

from slipway_model import failure
from slipway_model.layout import Layout

USAGE = """usage: python -m slipway_model process | train | serve

  process   validate the CSV files in processing/input/raw and split them
  train     train on the channels in input/data and write the artifact to model
  serve     answer GET /ping and POST /invocations

The folders are below SAGEMAKER_BASE_DIR (default /opt/ml)."""


def stop(signum: int, _frame: FrameType | None) -> None:
    """End a job at once on SIGTERM; what it had not finished writing is not a result."""
    print(f"stopped by {signal.Signals(signum).name}", file=sys.stderr, flush=True)
    # Not sys.exit: native training threads may be running, and a library could catch SystemExit.
    os._exit(128 + signum)


# Imported where needed: each command starts without what only the others use, and what is wrong with
# schema.json, which the import finds, is reported like any other failure.
def process(layout: Layout) -> None:
    """`process`"""
    from slipway_model import processing

    processing.process(layout)


def train(layout: Layout) -> None:
    """`train`"""
    from slipway_model import training

    training.train(layout)


def serve(layout: Layout) -> None:
    """`serve`"""
    from slipway_model import serving

    serving.serve(layout)


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit code: 0 done, 1 failed, 2 misused."""
    command = arguments[0] if len(arguments) == 1 else None
    layout = Layout.from_environment()
    if command == "process":
        signal.signal(signal.SIGTERM, stop)
        return failure.run(lambda: process(layout), [layout.failure, layout.message])
    if command == "train":
        signal.signal(signal.SIGTERM, stop)
        return failure.run(lambda: train(layout), [layout.failure])
    if command == "serve":
        return failure.run(lambda: serve(layout), [])
    if arguments in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

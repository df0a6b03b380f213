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


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit code: 0 done, 1 failed, 2 misused."""
    command = arguments[0] if len(arguments) == 1 else None
    layout = Layout.from_environment()
    # Imported where needed: each command starts without what only the others use.
    if command == "process":
        from slipway_model import processing

        signal.signal(signal.SIGTERM, stop)
        return failure.run(lambda: processing.process(layout), [layout.failure, layout.message])
    if command == "train":
        from slipway_model import training

        signal.signal(signal.SIGTERM, stop)
        return failure.run(lambda: training.train(layout), [layout.failure])
    if command == "serve":
        from slipway_model import serving

        return failure.run(lambda: serving.serve(layout), [])
    if arguments in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How a job fails: one line for people in the failure file, and exit code 1."""

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

LIMIT = 1024


class Failure(Exception):
    """Something that the user can put right; the message says what happened and what to do."""


def reason(error: BaseException) -> str:
    """One line of at most 1,024 characters: all that SageMaker shows as FailureReason."""
    text = str(error) if isinstance(error, Failure) else f"unexpected {type(error).__name__}: {error}"
    line = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
    return line if len(line) <= LIMIT else line[: LIMIT - 1] + "…"


def run(job: Callable[[], None], files: list[Path]) -> int:
    """Run `job`; on failure write the reason into each of `files`. Returns the exit code.

    The traceback of an error that nobody foresaw goes to stderr (the log), never into the files.
    """
    try:
        job()
    except Exception as error:
        line = reason(error)
        if not isinstance(error, Failure):
            traceback.print_exc()
        print(f"error: {line}", file=sys.stderr, flush=True)
        for file in files:
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(line, encoding="utf-8")
            except OSError as problem:
                print(f"error: {file} cannot be written: {problem}", file=sys.stderr, flush=True)
        return 1
    return 0

"""Classification: the outcome that an exit code and a traceback amount to."""

from __future__ import annotations

import os
import re
import signal
from dataclasses import replace
from typing import IO

from envs.model import outcomes
from envs.model.outcomes import Kind, Outcome

_TAIL = 64 * 1024
"""Bytes of each output of a script that are kept, from its end."""


def classify_exit(returncode: int, err: IO[bytes]) -> Outcome:
    """The outcome that an exit code and what was written to the standard error amount to."""
    if returncode < 0:
        return Outcome(Kind.CRASHES, message=f"ended by {_signal(-returncode)}")
    # What Python ignores as it ends, it says so of; that is not the script's.
    ignored = r"(?m)^Exception ignored in.*\nTraceback \(most recent call last\):$"
    said = re.sub(ignored, "", read_tail(err).replace("\r\n", "\n"))
    _, traceback, after = said.rpartition("Traceback (most recent call last):\n")
    failed = read_exception(after) if traceback else None
    if returncode == 0:
        return replace(failed, kind=Kind.HIDES_AN_ERROR) if failed else Outcome(Kind.WORKS)
    if failed:
        return failed
    if returncode == 1:
        return Outcome(Kind.FAILS, "SystemExit", "1")
    return Outcome(Kind.CRASHES, message=f"exit code {returncode} without a traceback")


def read_exception(said: str) -> Outcome | None:
    """The outcome that the end of a traceback names, from its frames on; None if it names none."""
    # The frames are indented; the first line that is not names the exception.
    found = re.search(r"(?m)^([A-Za-z_][\w.]*)(?:: (.*))?$", said)
    return (
        Outcome(Kind.FAILS, found[1], outcomes.normalise_message(found[2] or "")) if found else None
    )


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def read_tail(stream: IO[bytes]) -> str:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _TAIL))
    text = stream.read().decode("utf-8", errors="replace")
    return text if size <= _TAIL else f"[the last {_TAIL} of {size} bytes]\n{text}"

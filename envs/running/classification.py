"""Classification: turn an exit code and a traceback into an outcome."""

from __future__ import annotations

import os
import re
import signal
from dataclasses import replace
from typing import IO

from envs.model import outcomes
from envs.model.outcomes import Kind, Outcome

_TAIL = 64 * 1024
"""How many bytes are kept from the end of each output stream of a script."""

_EXCEPTIONS = 0xC0000000
"""The first exit code on Windows that is an exception (NTSTATUS) which nothing caught."""

_NAMES = {
    0xC0000005: "ACCESS_VIOLATION",
    0xC000001D: "ILLEGAL_INSTRUCTION",
    0xC00000FD: "STACK_OVERFLOW",
    0xC0000135: "DLL_NOT_FOUND",
    0xC0000139: "ENTRYPOINT_NOT_FOUND",
    0xC0000374: "HEAP_CORRUPTION",
    0xC0000409: "STACK_BUFFER_OVERRUN",
    0xC0000602: "FAIL_FAST_EXCEPTION",
}
"""What Windows calls them, in Microsoft's list of NTSTATUS values."""


def classify_exit(returncode: int, err: IO[bytes]) -> Outcome:
    """The outcome of a script, from its exit code and its standard error.

    A negative exit code is the number of the signal that ended the script. On Windows, a large one
    is the exception that ended it.
    """
    if returncode < 0:
        return Outcome(Kind.CRASHES, message=f"ended by {_signal(-returncode)}")
    if returncode >= _EXCEPTIONS:
        name = _NAMES.get(returncode, "an exception of Windows")
        return Outcome(Kind.CRASHES, message=f"ended by {name} (0x{returncode:X})")
    # While it shuts down, Python prints errors that it ignores. They do not decide the outcome.
    ignored = r"(?m)^Exception ignored in.*\nTraceback \(most recent call last\):$"
    errors = re.sub(ignored, "", read_tail(err).replace("\r\n", "\n"))
    _, traceback, after = errors.rpartition("Traceback (most recent call last):\n")
    failure = read_exception(after) if traceback else None
    if returncode == 0:
        return replace(failure, kind=Kind.HIDES_AN_ERROR) if failure else Outcome(Kind.WORKS)
    if failure:
        return failure
    if returncode == 1:
        return Outcome(Kind.FAILS, "SystemExit", "1")
    return Outcome(Kind.CRASHES, message=f"exit code {returncode} without a traceback")


def read_exception(frames: str) -> Outcome | None:
    """The failure that a traceback ends with; None if it names no exception.

    `frames` is the text after the line "Traceback (most recent call last):".
    """
    # The frames are indented. The first line that is not indented names the exception.
    match = re.search(r"(?m)^([A-Za-z_][\w.]*)(?:: (.*))?$", frames)
    if match is None:
        return None
    return Outcome(Kind.FAILS, match[1], outcomes.normalise_message(match[2] or ""))


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def read_tail(stream: IO[bytes]) -> str:
    """The end of an output stream, with a note if the beginning was left out."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _TAIL))
    text = stream.read().decode("utf-8", errors="replace")
    return text if size <= _TAIL else f"[the last {_TAIL} of {size} bytes]\n{text}"

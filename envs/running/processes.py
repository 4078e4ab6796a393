"""Processes: what a script starts and leaves behind, found and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from envs.model import outcomes

GRACE = 2.0
"""Seconds in which what a script started may end after it."""

_START = 1.0
"""Seconds in which what a script started as it ended must show what it is."""


def end_script(process: subprocess.Popen[bytes], home: str) -> None:
    """End a script and whatever it started and left behind."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    for number in _alive(home):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(number, signal.SIGKILL)


def _alive(home: str) -> dict[int, str]:
    """Process -> command line of what runs with a home, in whichever session; Linux only."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            environ, words = _proc(path)
            until = time.monotonic() + _START
            while not environ and not words and _starts(path) and time.monotonic() < until:
                time.sleep(0.001)
                environ, words = _proc(path)
            if f"HOME={home}".encode() in environ.split(b"\0"):
                found[int(path.name)] = words.replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def _proc(path: Path) -> tuple[bytes, bytes]:
    return (path / "environ").read_bytes(), (path / "cmdline").read_bytes()


def _starts(path: Path) -> bool:
    """Whether a process that shows nothing of itself is on the way from one program to another.

    What has ended shows nothing either, nor does the kernel's own.
    """
    state, parent = (path / "stat").read_text().rpartition(")")[2].split()[:2]
    return state != "Z" and parent not in ("0", "2")


def find_survivors(home: str) -> str:
    """What still runs with a home when the grace is over; empty if nothing does."""
    until = time.monotonic() + GRACE
    while (left := _alive(home)) and time.monotonic() < until:
        time.sleep(0.05)
    return outcomes.normalise_message("; ".join(left.values()))

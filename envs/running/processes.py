"""Processes: find and end what a script started and left running."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from envs.model import outcomes

GRACE = 2.0
"""How many seconds the processes that a script started may go on after it ended."""

_START = 1.0
"""How many seconds to wait for a new process to show its variables and command line."""


def end_script(process: subprocess.Popen[bytes], home: str) -> None:
    """Kill a script and every process that it started.

    `home` is the script's home folder. On Linux it also identifies processes that left the group.
    """
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
    """Process id -> command line of every process with this home folder; Linux only."""
    processes = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            environ, words = _proc(path)
            deadline = time.monotonic() + _START
            while not environ and not words and _starts(path) and time.monotonic() < deadline:
                time.sleep(0.001)
                environ, words = _proc(path)
            if f"HOME={home}".encode() in environ.split(b"\0"):
                command = words.replace(b"\0", b" ").decode(errors="replace").strip()
                processes[int(path.name)] = command
    return processes


def _proc(path: Path) -> tuple[bytes, bytes]:
    """The variables and the command line of a process, as Linux shows them."""
    return (path / "environ").read_bytes(), (path / "cmdline").read_bytes()


def _starts(path: Path) -> bool:
    """Whether a process without variables and command line is just starting a program.

    Processes that have ended (state Z) and those of the kernel (parent 0 or 2) have none either.
    """
    state, parent = (path / "stat").read_text().rpartition(")")[2].split()[:2]
    return state != "Z" and parent not in ("0", "2")


def find_survivors(home: str) -> str:
    """The commands that still run with this home folder after the grace period; or empty."""
    deadline = time.monotonic() + GRACE
    while (left := _alive(home)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return outcomes.normalise_message("; ".join(left.values()))

"""Processes: find and end what a script started and left running."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

import psutil

from envs.model import outcomes

GRACE = 2.0
"""How many seconds the processes that a script started may go on after it ended."""

_START = 1.0
"""How many seconds to wait for a new process to show its variables and command line."""


def end_script(process: subprocess.Popen[bytes], home: str) -> None:
    """Kill a script and every process that it started.

    `home` is the script's home folder. It identifies processes that left the script's group, or
    whose parent has ended.
    """
    # In a virtual environment on Windows, even the interpreter is a child: of its launcher.
    started = _descendants(process)
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    ended = {*started, *_alive(home)}
    for one in ended:
        with contextlib.suppress(psutil.Error):
            one.kill()
    # Windows removes no file that a process still has open.
    psutil.wait_procs(ended, timeout=_START)


def _descendants(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The processes below a script that still runs."""
    below: list[psutil.Process] = []
    with contextlib.suppress(psutil.Error):
        if process.poll() is None:
            below = psutil.Process(process.pid).children(recursive=True)
    return below


def _alive(home: str) -> dict[psutil.Process, str]:
    """Process -> command line of every process with this home folder."""
    processes = {}
    for number in psutil.pids():
        # Those of other users do not show their variables; nor do those that have ended.
        with contextlib.suppress(psutil.Error, OSError):
            process = psutil.Process(number)
            environ, words = _shown(process)
            deadline = time.monotonic() + _START
            while not environ and not words and _starts(process) and time.monotonic() < deadline:
                time.sleep(0.001)
                environ, words = _shown(process)
            if environ.get("HOME") == home:
                processes[process] = " ".join(words).strip()
    return processes


def _shown(process: psutil.Process) -> tuple[dict[str, str], list[str]]:
    """The variables and the command line of a process, as the system shows them."""
    return process.environ(), process.cmdline()


def _starts(process: psutil.Process) -> bool:
    """Whether a process without variables and command line is just starting a program.

    Only Linux shows a process so early. Those of its kernel (parent 0 or 2), and processes that
    have ended, have none either.
    """
    ended = process.status() == psutil.STATUS_ZOMBIE
    return psutil.LINUX and not ended and process.ppid() not in (0, 2)


def find_survivors(home: str) -> str:
    """The commands that still run with this home folder after the grace period; or empty."""
    deadline = time.monotonic() + GRACE
    while (left := _alive(home)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return "; ".join(dict.fromkeys(map(outcomes.normalise_message, left.values())))

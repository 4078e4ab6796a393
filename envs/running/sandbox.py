"""The sandbox: run a script in a fresh, isolated interpreter with an empty home folder."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from envs.model import disk
from envs.model.outcomes import Kind, Outcome, Run
from envs.running import classification, processes

TIMEOUT = 300.0
"""How many seconds a script may take; on a slow machine, the first import takes 30."""

# The variables that a script inherits. None of them changes which Keras is imported.
_ENVIRON = (
    *("PATH", "LANG", "LC_ALL"),
    # Windows: without these, Python does not start, or does not know its processor.
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT"),
    *("PROCESSOR_ARCHITECTURE", "NUMBER_OF_PROCESSORS"),
)


def run_script(
    script: Path,
    python: Path,
    env: Mapping[str, str],
    timeout: float = TIMEOUT,
    args: Sequence[str] = (),
    bytecode: Path | None = None,
    project: Path | None = None,
) -> Run:
    """Run a script in a fresh, isolated interpreter, in an empty folder that is also its home.

    With `project`, it runs in that folder instead, as a user runs it there: not isolated, so that
    modules beside the script can be imported, and its variables count.

    `env` are the variables that it sees beside a few of this machine, and `timeout` is in seconds.
    `bytecode` is a folder for the bytecode of imported modules, outside the environment; Python 3.7
    does not support this, and ignores it.
    """
    began = time.monotonic()
    with (
        disk.temporary_folder() as folder,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        home = str(folder)
        # The temporary folder too: a script that is ended leaves its files there.
        homes = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), home)
        isolated = [] if project else ["-I"]
        environ = {name: os.environ[name] for name in _ENVIRON if name in os.environ}
        options = []
        if bytecode:
            # For processes that the script starts: the script itself ignores variables (`-I`).
            environ["PYTHONPYCACHEPREFIX"] = str(bytecode)
            options = ["-X", f"pycache_prefix={bytecode}"]
        process = subprocess.Popen(
            [python, *isolated, *options, script, *args],
            cwd=project or home,
            env=environ | homes | dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        outcome = _wait(process, home, err, timeout)
        output = classification.read_tail(out) + classification.read_tail(err)
    return Run(outcome, output, time.monotonic() - began)


def _wait(process: subprocess.Popen[bytes], home: str, err: IO[bytes], timeout: float) -> Outcome:
    """Wait for a script, end it and its processes, and return its outcome.

    `err` is its standard error, and `timeout` is in seconds.
    """
    late = threading.Event()

    def end_late() -> None:
        late.set()
        processes.end_script(process, home)

    # `wait` with a timeout checks only twenty times a second, so a timer ends the script.
    timer = threading.Timer(timeout, end_late)
    timer.start()
    try:
        exit_code = process.wait()
        timer.cancel()
        if late.is_set():
            return Outcome(Kind.TIMES_OUT, message=f"after {timeout:g} seconds")
        # What the script forked may still be writing its traceback: it is read after their end.
        left = processes.find_survivors(home)
        outcome = classification.classify_exit(exit_code, err)
        if left and outcome.kind in (Kind.WORKS, Kind.FAILS):
            message = f"still running {processes.GRACE:g} seconds after its end: {left}"
            return Outcome(Kind.LEAVES_A_PROCESS, message=message)
        return outcome
    finally:
        timer.cancel()
        processes.end_script(process, home)

"""The sandbox: a script run by a fresh, isolated interpreter in an empty home."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from envs.model.outcomes import Kind, Outcome, Run
from envs.running import classification, processes

TIMEOUT = 300.0
"""Seconds that one script may take; a slow machine takes 30 for its first import."""

# What a script sees of this process's variables: nothing that changes which Keras is imported.
_ENVIRON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "COMSPEC", "PATHEXT")


def run_script(
    script: Path,
    python: Path,
    env: Mapping[str, str],
    timeout: float = TIMEOUT,
    args: Sequence[str] = (),
    bytecode: Path | None = None,
) -> Run:
    """Run a script in a fresh, isolated interpreter, in an empty folder that is also its home.

    With `bytecode`, that folder holds the bytecode of what is imported, instead of the environment;
    Python 3.7 does not know how.
    """
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        environ = {name: os.environ[name] for name in _ENVIRON if name in os.environ}
        options = []
        if bytecode:
            # What the script starts may read the variable; the script itself is isolated from it.
            environ["PYTHONPYCACHEPREFIX"] = str(bytecode)
            options = ["-X", f"pycache_prefix={bytecode}"]
        process = subprocess.Popen(
            [python, "-I", *options, script, *args],
            cwd=home,
            env=environ | {"HOME": home, "USERPROFILE": home} | dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        late = threading.Event()

        def end_late() -> None:
            late.set()
            processes.end_script(process, home)

        # With a timeout of its own, `wait` would look only twenty times a second.
        timer = threading.Timer(timeout, end_late)
        timer.start()
        try:
            outcome = classification.classify_exit(process.wait(), err)
            timer.cancel()
            if late.is_set():
                outcome = Outcome(Kind.TIMES_OUT, message=f"after {timeout:g} seconds")
            elif (left := processes.find_survivors(home)) and outcome.kind in (
                Kind.WORKS,
                Kind.FAILS,
            ):
                what = f"still running {processes.GRACE:g} seconds after its end: {left}"
                outcome = Outcome(Kind.LEAVES_A_PROCESS, message=what)
        finally:
            timer.cancel()
            processes.end_script(process, home)
        output = classification.read_tail(out) + classification.read_tail(err)
    return Run(outcome, output, time.monotonic() - began)

"""Faults of an example: it hangs, forks, prints too much, hides an error, leaves a process."""

from __future__ import annotations

import sys
import tracemalloc
from pathlib import Path

import pytest
from faults import Fault
from samples import PYTHON, RULES, TF212
from test_nox import nox

from envs.model import outcome_records
from envs.model.outcomes import Kind, Outcome
from envs.running import sandbox, sessions

pytestmark = pytest.mark.faults

DENSE = RULES.failures["dense-not-imported"].outcome
START = (
    "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(90)']"
)
FORK = "import os, time\nif os.fork() == 0:\n    time.sleep(90)\n"

SCRIPTS = {
    "hangs": ("import time\ntime.sleep(90)", Kind.TIMES_OUT, "times out: after 4 seconds"),
    "hangs and ignores what would end it": (
        "import signal, time\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\n"
        "while True: time.sleep(9)",
        Kind.TIMES_OUT,
        "times out: after 4 seconds",
    ),
    "hangs in a session of its own": (
        f"{START}, start_new_session=True)\nimport time\ntime.sleep(90)",
        Kind.TIMES_OUT,
        "times out: after 4 seconds",
    ),
    "forks": (FORK, Kind.LEAVES_A_PROCESS, "leaves a process: still running 2 seconds"),
    "forks and both go on": (
        "import os\nfor _ in range(5): os.fork()\nraise ValueError('x')",
        Kind.FAILS,
        "fails: ValueError: x",
    ),
    "leaves a background process": (
        f"{START})",
        Kind.LEAVES_A_PROCESS,
        "leaves a process: still running 2 seconds after its end: <path> -c import time",
    ),
    "leaves one in a session of its own": (
        f"{START}, start_new_session=True)",
        Kind.LEAVES_A_PROCESS,
        "leaves a process: still running",
    ),
    "fails and leaves a background process": (
        f"{START})\nDense",
        Kind.LEAVES_A_PROCESS,
        "leaves a process: still running",
    ),
    "prints 100 MB": (
        "import sys\nfor _ in range(100): sys.stdout.write('x' * 2**20)\nDense2",
        Kind.FAILS,
        r"\[the last 65536 of 104857600 bytes\]",
    ),
    "prints 100 MB of errors": (
        "import sys\nfor _ in range(100): sys.stderr.write('x' * 2**20)\nsys.exit(1)",
        Kind.FAILS,
        r"\[the last 65536 of 104857600 bytes\]",
    ),
    "writes what is not UTF-8": (
        "import sys\nsys.stdout.buffer.write(b'\\xff\\xfe\\n')\nraise ValueError('x')",
        Kind.FAILS,
        "fails: ValueError: x",
    ),
    "exits 0 after a traceback": (
        "import traceback\ntry: Dense\nexcept NameError: traceback.print_exc()",
        Kind.HIDES_AN_ERROR,
        "hides an error: NameError: name 'Dense' is not defined",
    ),
    "exits 0 after an error in a thread": (
        "import threading\nthreading.Thread(target=lambda: Dense).start()",
        Kind.HIDES_AN_ERROR,
        "hides an error: NameError: name 'Dense' is not defined",
    ),
    "raises SystemExit": ("raise SystemExit", Kind.WORKS, "works"),
    "raises SystemExit with a code": ("raise SystemExit(1)", Kind.FAILS, "fails: SystemExit: 1"),
    "raises SystemExit with a text": (
        "raise SystemExit('NameError: name Dense is not defined')",
        Kind.FAILS,
        "fails: SystemExit: 1",
    ),
    "exits with another code": (
        "import os\nos._exit(3)",
        Kind.CRASHES,
        "crashes: exit code 3 without a traceback",
    ),
    "dies by SIGSEGV": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
        Kind.CRASHES,
        "crashes: ended by SIGSEGV",
    ),
    "dies by SIGKILL after a traceback": (
        "import os, signal, traceback\ntry: Dense\nexcept NameError: traceback.print_exc()\n"
        "os.kill(os.getpid(), signal.SIGKILL)",
        Kind.CRASHES,
        "crashes: ended by SIGKILL",
    ),
    "does not even compile": ("def", Kind.FAILS, "fails: SystemExit: 1"),
}


POSIX = (
    *("hangs and ignores what would end it", "forks", "forks and both go on"),
    *("dies by SIGSEGV", "dies by SIGKILL after a traceback"),
)
no_posix = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no fork, and no signals between processes"
)


@pytest.mark.parametrize(
    "what", [pytest.param(name, marks=no_posix) if name in POSIX else name for name in SCRIPTS]
)
def test_an_example_that(fault: Fault, tmp_path: Path, what: str) -> None:
    """It does not count as the expected failure or as working, and cannot be blessed."""
    code, kind, message = SCRIPTS[what]
    script = tmp_path / "script.py"
    script.write_text(code + "\n", encoding="utf-8")
    tracemalloc.start()
    ended = sandbox.run_script(script, PYTHON, {}, timeout=4)
    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()
    assert ended.outcome.kind is kind, ended
    assert len(ended.output) < 200_000
    name = "legacy_adaptation/legacy_verbatim"
    expected = DENSE if kind is Kind.WORKS else Outcome(Kind.WORKS)
    printed = sessions.describe_mismatch(TF212, name, expected, ended)
    assert sessions.object_to_run(TF212, name, DENSE, ended, RULES)
    assert sessions.object_to_run(TF212, name, expected, ended, RULES)
    assert outcome_records.list_objections({name: ended.outcome}, RULES)
    lines = [
        line[:120] for line in printed.splitlines() if "happened" in line or "[the last" in line
    ]
    fault.red(1, "\n".join(lines), message)
    script.write_text("Dense\n", encoding="utf-8")
    again = sandbox.run_script(script, PYTHON, {}, timeout=20)
    assert again.outcome == DENSE
    assert sessions.object_to_run(TF212, name, DENSE, again, RULES) is None
    fault.green()


def test_a_run_with_an_example_that_hangs(fault: Fault, kept: Path) -> None:
    file = kept / "examples/legacy_adaptation/legacy_verbatim.py"
    text = file.read_text(encoding="utf-8")
    file.write_text("import time\ntime.sleep(900)\n", encoding="utf-8")
    run = ("-s", "tf212", "--", "-k", "legacy_verbatim")
    code, output = nox(*run, "--script-timeout", "3", cwd=kept)
    lines = [line for line in output.splitlines() if line.startswith("  ") or "tf212: leg" in line]
    fault.red(code, "\n".join(lines), "happened     times out: after 3 seconds", "repeat  ")
    file.write_text(text, encoding="utf-8")
    fault.green(nox(*run, cwd=kept)[0])

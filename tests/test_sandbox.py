"""The sandbox: how a script ends, what it sees, and what it leaves behind."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
from samples import PYTHON, WORKS

from envs.model import outcomes
from envs.model.outcomes import Kind, Outcome, Run
from envs.running import processes, sandbox


def run(folder: Path, code: str, timeout: float = 20, **env: str) -> Run:
    script = folder / "script.py"
    script.write_text(code, encoding="utf-8")
    return sandbox.run_script(script, PYTHON, env, timeout)


CHAINED = """\
try:
    import no_such_module
except ImportError:
    raise AttributeError("module 'a' has no attribute 'b'\\nmore of it\\n    and more")
"""
CRASH = ("import os; os.kill(os.getpid(), 11)", "SIGSEGV")
if sys.platform == "win32":
    fail = "import ctypes; ctypes.windll.kernel32.RaiseFailFastException(0, 0, 0)"
    CRASH = (fail, "FAIL_FAST_EXCEPTION (0xC0000602)")
ENDS = {
    "works": ("print('fine')", WORKS),
    "fails": ("Dense", Outcome(Kind.FAILS, "NameError", "name 'Dense' is not defined")),
    "no message": ("raise KeyError", Outcome(Kind.FAILS, "KeyError")),
    "chained": (CHAINED, Outcome(Kind.FAILS, "AttributeError", "module 'a' has no attribute 'b'")),
    "noise after": (
        "import atexit, sys\natexit.register(lambda: sys.stderr.write('noise: yes\\n'))\n1/0",
        Outcome(Kind.FAILS, "ZeroDivisionError", "division by zero"),
    ),
    "exit code": ("raise SystemExit(1)", Outcome(Kind.FAILS, "SystemExit", "1")),
    "crash": (CRASH[0], Outcome(Kind.CRASHES, message=f"ended by {CRASH[1]}")),
    "other exit code": (
        "import os; os._exit(3)",
        Outcome(Kind.CRASHES, message="exit code 3 without a traceback"),
    ),
    "not UTF-8": (
        "import sys; sys.stderr.buffer.write(b'\\xff\\n'); raise ValueError('x')",
        Outcome(Kind.FAILS, "ValueError", "x"),
    ),
    "much output": (
        "import sys; sys.stderr.write('x' * 79 + '\\n' * 9**6); raise ValueError('x')",
        Outcome(Kind.FAILS, "ValueError", "x"),
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_each_end_of_a_script_is_told_apart(tmp_path: Path, end: str) -> None:
    code, expected = ENDS[end]
    assert run(tmp_path, code).outcome == expected


def test_a_script_that_hangs_is_ended_and_so_is_what_it_started(tmp_path: Path) -> None:
    left = tmp_path / "left"
    late = f"import time, pathlib; time.sleep(2); pathlib.Path({str(left)!r}).touch()"
    start = f"subprocess.Popen([sys.executable, '-c', {late!r}])"
    code = f"import subprocess, sys, time\n{start}\ntime.sleep(60)"
    ended = run(tmp_path, code, timeout=1)
    assert ended.outcome == Outcome(Kind.TIMES_OUT, message="after 1 seconds")
    assert ended.seconds < 3
    time.sleep(2)
    assert not left.exists()


def test_a_script_that_is_ended_leaves_nothing_in_the_temporary_folder(tmp_path: Path) -> None:
    said = tmp_path / "said"
    code = f"""import os, pathlib, tempfile
pathlib.Path({str(said)!r}).write_text(tempfile.mkstemp()[1])
os._exit(0)"""
    assert run(tmp_path, code).outcome == WORKS
    assert not Path(said.read_text()).exists()


def test_what_a_script_started_as_it_ended_is_seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Linux shows no variables and no command line of a process until its program is loaded."""
    shown = processes._shown
    seen: Counter[psutil.Process] = Counter()

    def late(process: psutil.Process) -> tuple[dict[str, str], list[str]]:
        seen[process] += 1
        return shown(process) if seen[process] > 2 else ({}, [])

    if psutil.LINUX:
        monkeypatch.setattr(processes, "_shown", late)
    monkeypatch.setattr(processes, "GRACE", 0.1)
    sleep = "[sys.executable, '-c', 'import time; time.sleep(30)']"
    code = f"import os, subprocess, sys\nsubprocess.Popen({sleep})\nos._exit(0)"
    assert run(tmp_path, code).outcome.kind is Kind.LEAVES_A_PROCESS


def test_bytecode_is_kept_apart_and_used_again_until_its_source_changes(tmp_path: Path) -> None:
    """This holds for the script, which ignores variables, and for the processes that it starts."""
    module, cache = tmp_path / "packages" / "module.py", tmp_path / "bytecode"
    module.parent.mkdir()
    module.write_text("print('first')", encoding="utf-8")
    code = (
        "import os, subprocess, sys\n"
        f"sys.path.insert(0, {str(module.parent)!r})\n"
        "import module\n"
        "subprocess.run([sys.executable, '-c', 'import colorsys'], check=True)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code, encoding="utf-8")

    def output() -> str:
        return sandbox.run_script(script, PYTHON, {}, bytecode=cache).output.strip()

    assert output() == "first"
    written = {path.name.partition(".")[0]: path for path in cache.rglob("*.pyc")}
    assert {"module", "colorsys"} <= set(written)
    assert not list(module.parent.rglob("*.pyc"))
    before = written["module"].stat().st_mtime_ns
    assert output() == "first"
    assert written["module"].stat().st_mtime_ns == before
    module.write_text("print('second, and longer')")
    assert output() == "second, and longer"


def test_a_script_sees_its_pairing_s_variables_and_none_of_the_machine_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keras.py").write_text("")
    for name in ("PYTHONPATH", "KERAS_BACKEND", "KERAS_HOME", "TF_USE_LEGACY_KERAS"):
        monkeypatch.setenv(name, str(tmp_path))
    code = (
        "import os, sys\n"
        f"assert {str(tmp_path)!r} not in sys.path, sys.path\n"
        "assert os.environ['TF_USE_LEGACY_KERAS'] == '1'\n"
        "assert not {'PYTHONPATH', 'KERAS_BACKEND', 'KERAS_HOME'} & set(os.environ)\n"
        "assert os.listdir(os.path.expanduser('~')) == []\n"
    )
    assert run(tmp_path, code, TF_USE_LEGACY_KERAS="1").outcome == WORKS


@pytest.mark.parametrize(
    ("raw", "normalised"),
    [
        ("cannot import 'x' (/home/me/a b/x.py)", "cannot import 'x' (<path>)"),
        (r"cannot import 'x' (C:\Users\me\x.py)", "cannot import 'x' (<path>)"),
        (r"No such file: 'd:\\a b\\x.dll'", "No such file: '<path>'"),
        (r"error in Z:/a/x.dll and \\?\C:\a\x.dll: it", "error in <path> and <path> it"),
        (r"error in \\server\share\x.h5 here", "error in <path> here"),
        (r"not a path: \n, a\b, x:y, \\d+", r"not a path: \n, a\b, x:y, \\d+"),
        ("No such file: '/usr/lib/x.so'", "No such file: '<path>'"),
        ("error in /usr/lib/x.so: it", "error in <path> it"),
        ("<Dense object at 0x7f89f55ed5d0>", "<Dense object at 0x...>"),
        ("see https://keras.io/api and/or ask", "see https://keras.io/api and/or ask"),
        ("two   spaces\tand a tab", "two spaces and a tab"),
    ],
)
def test_a_message_reads_the_same_on_every_machine(raw: str, normalised: str) -> None:
    assert outcomes.normalise_message(raw) == normalised
    assert outcomes.normalise_message(normalised) == normalised

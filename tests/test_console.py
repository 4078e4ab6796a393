"""Consoles: everything that is printed can be printed in the code pages of Windows too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from envs import ROOT

TABLE = """
import sys
sys.path[:0] = ["tests", "."]
import conftest
from samples import TF212
from envs.model import console
from envs.model.outcomes import Kind, Outcome, Run
failed = Outcome(Kind.FAILS, "ValueError", "\\u0141 \\u2192 \\U0001f600 \\u2026")
console.allow_every_character()
ended = {"smoke": Run(failed, seconds=3), "broken_import/correction": Run(failed)}
conftest.print_table(TF212, ended, 150)
"""
FAILING = """
import pytest
def test_it():
    pytest.fail("\\u0141 \\u2192 \\U0001f600", pytrace=False)
"""


def printed(encoding: str, *command: str, cwd: Path = ROOT) -> tuple[int, str]:
    """Run a command whose output has an encoding that is strict; its exit code and its output."""
    environ = {**os.environ, "PYTHONIOENCODING": f"{encoding}:strict", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = done.stdout.decode(encoding)
    assert "UnicodeEncodeError" not in output
    assert "Logging error" not in output
    return done.returncode, output


@pytest.mark.parametrize("encoding", ["cp1252", "cp437"])
def test_the_table_of_a_session(encoding: str) -> None:
    code, output = printed(encoding, "-c", TABLE)
    assert code == 0, output
    assert "broken_import/correction" in output
    assert r"\u2192 \U0001f600" in output


@pytest.mark.parametrize("encoding", ["cp1252", "cp437"])
def test_the_report_of_a_run_that_disagrees(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "test_failing.py").write_text(FAILING, encoding="utf-8")
    code, output = printed(encoding, "-m", "pytest", "-q", "test_failing.py", cwd=tmp_path)
    assert code == 1, output
    assert r"\u2192" in output


@pytest.mark.parametrize("encoding", ["cp1252", "cp437"])
@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("-l", "tf212"),
        ("-s atlas -- tf212 --keras 2.11 --show", "2.11"),
        ("-s bench -- \u0142\u2192", "unknown part"),
        ("-s copy -- tf212 PATH --python 3.11 --platform linux-x86_64", "next"),
        ("-s \u0142\u2192", "\\u2192"),
    ],
)
def test_what_a_session_says(encoding: str, words: str, text: str, tmp_path: Path) -> None:
    path = str(tmp_path / "\u0141\u00f3d\u017a \u2192")
    command = [path if word == "PATH" else word for word in words.split()]
    code, output = printed(encoding, "-m", "nox", *command)
    assert text in output
    assert (code == 0) == ("\u2192" not in words), output

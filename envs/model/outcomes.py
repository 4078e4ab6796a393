"""Outcomes: how the run of a script ended, and the examples, which are the scripts that run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from envs import ROOT

EXAMPLES = ROOT / "examples"
VERIFY = EXAMPLES / "venv_verification" / "verify.py"


class Kind(StrEnum):
    """How the run of a script can end; only `works` and `fails` can be expected."""

    WORKS = "works"
    FAILS = "fails"
    HIDES_AN_ERROR = "hides an error"
    LEAVES_A_PROCESS = "leaves a process"
    CRASHES = "crashes"
    TIMES_OUT = "times out"
    COULD_NOT_INSTALL = "could not install"
    NO_INTERPRETER = "no interpreter"


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `exception` and `message` are those of the last traceback, normalised."""

    kind: Kind
    exception: str = ""
    message: str = ""

    def __str__(self) -> str:
        error = f"{self.exception}: {self.message}" if self.exception else self.message
        return f"{self.kind}: {error}" if error else str(self.kind)


@dataclass(frozen=True)
class Run:
    """The run of one script: its outcome, the end of its output, and its time in seconds."""

    outcome: Outcome
    output: str = ""
    seconds: float = 0.0


def list_scripts(folder: Path = EXAMPLES) -> dict[str, Path]:
    """Name of an example, such as `broken_import/correction` -> its file."""
    return {
        f"{path.parent.name}/{path.stem}": path for path in sorted(folder.glob("[a-z]*/[a-z]*.py"))
    }


# As on POSIX; with a drive, also written as a long path; on a server of Windows.
_PATH = r"(?:/|(?:\\\\[?.]\\)?[A-Za-z]:[\\/]|\\\\\w[\w.-]*\\)"

NORMALISED = (
    (re.compile(rf"\({_PATH}[^()]*\)"), "(<path>)"),
    (re.compile(rf"(['\"]){_PATH}[^'\"]*\1"), r"\1<path>\1"),
    (re.compile(rf"(?<![\w.:/<\\]){_PATH}[^\s'\"()<>]+"), "<path>"),
    (re.compile(r"\b0x[0-9a-fA-F]+"), "0x..."),
)
"""What differs from machine to machine, and what stands for it."""


def normalise_message(message: str) -> str:
    """A message in one line, without paths and addresses: the same on every machine and run."""
    before = None
    # A replacement may make room for another one. Repeat until nothing changes, so that
    # normalising a normalised message leaves it alone.
    while message != before:
        before = message
        for pattern, replacement in NORMALISED:
            message = pattern.sub(replacement, message)
        message = " ".join(message.split())
    return message

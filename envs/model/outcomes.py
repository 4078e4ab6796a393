"""Outcomes: how the run of a script ended, and the scripts that are run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from envs import ROOT

EXAMPLES = ROOT / "examples"
VERIFY = EXAMPLES / "venv_verification" / "verify.py"


class Kind(StrEnum):
    """How the run of a script can end; only the first two can be expected."""

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
        said = f"{self.exception}: {self.message}" if self.exception else self.message
        return f"{self.kind}: {said}" if said else str(self.kind)


@dataclass(frozen=True)
class Run:
    """The run of one script: its outcome, the end of its output, and how long it took."""

    outcome: Outcome
    output: str = ""
    seconds: float = 0.0


def list_scripts(folder: Path = EXAMPLES) -> dict[str, Path]:
    """Every example by its name, such as `broken_import/correction`."""
    return {
        f"{path.parent.name}/{path.stem}": path for path in sorted(folder.glob("[a-z]*/[a-z]*.py"))
    }


def normalise_message(message: str) -> str:
    """A message without what differs from one machine or run to the next: paths, addresses."""
    path = r"(?:/|[A-Za-z]:[\\/])"
    before = None
    # One replacement may bring forth another: what is normalised must stay as it is.
    while message != before:
        before = message
        message = re.sub(rf"\({path}[^()]*\)", "(<path>)", message)
        message = re.sub(rf"(['\"]){path}[^'\"]*\1", r"\1<path>\1", message)
        message = re.sub(rf"(?<![\w.:/<\\]){path}[^\s'\"()<>]+", "<path>", message)
        message = re.sub(r"\b0x[0-9a-fA-F]+", "0x...", message)
        message = " ".join(message.split())
    return message

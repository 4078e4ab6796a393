"""A machine in the place of an emulated one, whose sessions are scripts of this Python."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from samples import PYTHON, TF212, WORKS

from envs.emulation import emulation_request, emulation_results, emulation_run, made, tools
from envs.emulation.emulation_request import EmulationRequest
from envs.emulation.machine import Machine
from envs.model import failures, outcome_records, results
from envs.model.outcomes import Outcome
from envs.model.pairing import Target
from envs.model.results import SessionResult

WINDOWS = Target(TF212.pairing, "3.11", "windows-x86_64")
AARCH64 = Target(TF212.pairing, "3.11", "linux-aarch64")


@pytest.fixture
def emulation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for what emulation makes; no test of it runs on Windows."""
    if sys.platform == "win32":
        pytest.skip("emulation runs on Linux only")
    monkeypatch.setattr(made, "FOLDER", tmp_path)
    monkeypatch.setattr(emulation_results, "FOLDER", tmp_path / "results")
    return tmp_path


def seen(target: Target, **other: Outcome) -> SessionResult:
    """A result in which everything ended as recorded, but for the scripts that are named."""
    outcomes = outcome_records.load_record(target, failures.load_rules()) | {"smoke": WORKS}
    outcomes |= {script.replace("__", "/"): outcome for script, outcome in other.items()}
    made_ = results.make_result(target, cpu=1.0, seconds={}, outcomes=outcomes)
    return replace(made_, emulator="wine 10.0", commit="")


class Here(Machine):
    """This machine in the place of an emulated one: a session is a script that writes a result."""

    platform = "windows-x86_64"
    pythons = ("3.11",)
    toolchain_minor = "3.11"
    script = ""

    def make_system(self) -> None:
        self.folder.mkdir(exist_ok=True)

    def make_python(self, python: str) -> None:
        pass

    def make_toolchain(self) -> None:
        pass

    def copy_checkout(self) -> None:
        self.checkout.mkdir(exist_ok=True)

    def find_emulator(self) -> str:
        return "wine 10.0"

    def path_inside(self, path: Path) -> str:
        return str(path)

    @property
    def toolchain_python(self) -> str:
        return str(PYTHON)

    def command(self, args: Sequence[str], environ: Mapping[str, str]) -> list[str]:
        assert environ[results.EMULATOR] == "wine 10.0"
        (target,) = (word for word in args if word.startswith("--target="))
        return [args[0], "-c", self.script, args[-1].removeprefix("--measure="), target]


def run_here(
    monkeypatch: pytest.MonkeyPatch, script: str, request: EmulationRequest
) -> tuple[list[str], list[str]]:
    """What a run says of the sessions that failed, and all that it prints."""
    monkeypatch.setattr(Here, "script", script)
    monkeypatch.setattr(emulation_request, "MACHINES", {Here.platform: Here})
    monkeypatch.setattr(tools, "object_to_making", lambda: None)
    said: list[str] = []
    return emulation_run.run_emulation(request, said.append), said

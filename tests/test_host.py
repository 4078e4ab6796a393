"""The host: each machine gets the locks of its platform, or one message that says what to do."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace

import pytest

from envs import Problem
from envs.model import host, lock, nearest_lock, pairing, platforms
from envs.model.pairing import Target

PAIRINGS = pairing.load_pairings()

Machine = tuple[str, str, dict[str, object], str]

MACHINES: dict[str, Machine] = {
    "Linux x86_64": ("linux", "x86_64", {}, "linux-x86_64"),
    "Linux aarch64": ("linux", "aarch64", {}, "linux-aarch64"),
    "Linux aarch64, as Docker on a Mac says it": ("linux", "arm64", {}, "linux-aarch64"),
    "macOS on an Apple chip": ("darwin", "arm64", {}, "macos-arm64"),
    "macOS on Intel": ("darwin", "x86_64", {}, "macos-x86_64"),
    "Windows": ("win32", "AMD64", {}, "windows-x86_64"),
}
REFUSED: dict[str, Machine] = {
    "a 32-bit Python": ("win32", "AMD64", {"maxsize": 2**31 - 1}, "is a 32-bit one: install a 64"),
    "Rosetta": ("darwin", "x86_64", {"translated": "1\n"}, "runs through Rosetta on an Apple chip"),
    "musl": ("linux", "x86_64", {"SOABI": "cpython-311-x86_64-linux-musl"}, "is linked to musl"),
    "FreeBSD": ("freebsd14", "amd64", {}, "no lock for this machine, freebsd14-x86_64: Tensor"),
    "Windows on Arm": ("win32", "ARM64", {}, "this is Windows on Arm: .* Subsystem for Linux"),
    "x86_64 Python on Arm": ("win32", "ARM64", {"built": "win-amd64"}, "this is Windows on Arm"),
    "RISC-V": ("linux", "riscv64", {}, "no lock for this machine, linux-riscv64"),
}


def become(patch: pytest.MonkeyPatch, system: str, machine: str, facts: dict[str, object]) -> None:
    """Make this process look like one on another machine."""
    patch.setattr("sys.platform", system)
    patch.setattr("platform.machine", lambda: machine)
    patch.setattr("platform.libc_ver", lambda: ("", ""))
    patch.setattr("sys.maxsize", facts.get("maxsize", 2**63 - 1))
    patch.setattr("sysconfig.get_platform", lambda: facts.get("built", "other"))
    patch.setattr("sysconfig.get_config_var", lambda name: facts.get(name))
    asked = SimpleNamespace(stdout=facts.get("translated", "0\n"))
    patch.setattr(subprocess, "run", lambda *args, **more: asked)


@pytest.mark.parametrize("name", MACHINES)
def test_each_machine_runs_the_locks_of_its_platform(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, machine, facts, expected = MACHINES[name]
    become(monkeypatch, system, machine, facts)
    assert host.find_host() == expected
    executable = lock.list_executable(PAIRINGS, host.find_host())
    assert len(executable) > 50
    assert {target.platform for target in executable.values()} == {expected}
    label = lock.lock_label(executable["tf212"])
    folder = "" if expected == platforms.LINUX else f"{expected}/"
    assert label == f"requirements/{folder}tf212-py311.txt"


@pytest.mark.parametrize("name", REFUSED)
def test_a_machine_without_locks_is_told_why_and_what_to_do(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, machine, facts, message = REFUSED[name]
    become(monkeypatch, system, machine, facts)
    with pytest.raises(Problem, match=message):
        host.find_host()


def test_a_session_without_a_lock_here_names_the_nearest_one() -> None:
    apple = lock.list_sessions(PAIRINGS, "macos-arm64")
    assert "tf26" in apple
    assert "tf26" not in lock.list_executable(PAIRINGS, "macos-arm64")
    said = nearest_lock.explain_session(apple["tf26"])
    assert said.startswith("tf26: no lock for Python 3.9 on macOS arm64: Because numpy>=1.19.2,")
    assert said.endswith("\nto run the nearest lock instead:\n    nox -s tf27")


@pytest.mark.parametrize("platform", platforms.PLATFORMS)
def test_every_session_without_a_lock_says_which_one_runs(platform: str) -> None:
    executable = lock.list_executable(PAIRINGS, platform)
    for name, target in lock.list_sessions(PAIRINGS, platform).items():
        if name not in executable:
            said = nearest_lock.explain_session(target)
            assert said.rpartition("nox -s ")[2] in executable, said


def test_the_label_of_a_target_names_its_platform() -> None:
    assert Target(PAIRINGS["tf212"], "3.9").label == "tf212-py39"
    assert Target(PAIRINGS["tf212"], "3.11", "windows-x86_64").label == "tf212 on Windows x86_64"

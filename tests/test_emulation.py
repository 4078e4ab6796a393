"""Emulation: which locks are chosen, what is made again, and what becomes of what was seen."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import psutil
import pytest
from filelock import FileLock
from samples import PYTHON, TF212, WORKS

from envs import Problem
from envs.emulation import (
    emulation_request,
    emulation_results,
    emulation_run,
    made,
    tools,
)
from envs.emulation.emulation_request import MACHINES, EmulationRequest
from envs.emulation.machine import Machine
from envs.emulation.qemu_machine import QemuMachine
from envs.emulation.wine_machine import WineMachine
from envs.engine import merging
from envs.engine.changes import Changes
from envs.model import failures, index, lock, outcome_records, pairing, results
from envs.model.outcome_records import Executed
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Target
from envs.model.results import SessionResult

parse = emulation_request.parse_emulation_request
WINDOWS = Target(TF212.pairing, "3.11", "windows-x86_64")
AARCH64 = Target(TF212.pairing, "3.11", "linux-aarch64")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for what emulation makes."""
    monkeypatch.setattr(made, "FOLDER", tmp_path)
    monkeypatch.setattr(emulation_results, "FOLDER", tmp_path / "results")
    return tmp_path


def seen(target: Target, **other: Outcome) -> SessionResult:
    """A result in which everything ended as recorded, but for the scripts that are named."""
    outcomes = outcome_records.load_record(target, failures.load_rules()) | {"smoke": WORKS}
    outcomes |= {script.replace("__", "/"): outcome for script, outcome in other.items()}
    made_ = results.make_result(target, cpu=1.0, seconds={}, outcomes=outcomes)
    return replace(made_, emulator="wine 10.0", commit="")


# Which locks


def test_platforms_and_sessions_may_stand_in_any_order() -> None:
    request = parse(["tf212", "windows-x86_64", "tf213-py39", "--jobs", "2"])
    assert request == EmulationRequest(("windows-x86_64",), ("tf212", "tf213-py39"), 2, None)
    assert parse([]).platforms == ("linux-aarch64", "windows-x86_64")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["macos-arm64", "tf212"], "macos-arm64: nothing emulates it"),
        (["linux-x86_64"], "linux-x86_64: nothing emulates it"),
        (["--share", "2", "tf212"], "name none"),
    ],
)
def test_what_cannot_be_asked_for_is_said(words: list[str], said: str) -> None:
    with pytest.raises(Problem, match=said):
        parse(words)


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_count_is_a_number_from_1_on(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--jobs", count])
    assert ended.value.code == 2
    assert "is not a number from 1 on" in capsys.readouterr().err or count == "-1"


def test_an_unknown_session_is_named() -> None:
    with pytest.raises(Problem, match="unknown pairing 'tf999'"):
        emulation_request.choose_targets(EmulationRequest(names=("tf999",)))


def test_a_session_without_a_lock_there_is_said() -> None:
    request = EmulationRequest(("linux-aarch64",), ("tf26",))
    with pytest.raises(Problem, match="tf26: there is no lock for Linux aarch64"):
        emulation_request.choose_targets(request)


def test_a_named_session_runs_wherever_it_has_a_lock() -> None:
    chosen = emulation_request.choose_targets(EmulationRequest(names=("tf212", "tf26")))
    assert {
        platform_: [target.session for target in targets] for platform_, targets in chosen.items()
    } == {"linux-aarch64": ["tf212"], "windows-x86_64": ["tf212", "tf26"]}


def test_variants_of_every_python_can_be_named() -> None:
    chosen = emulation_request.choose_targets(
        EmulationRequest(("windows-x86_64",), ("tf212-py39-cpu",))
    )
    assert chosen == {"windows-x86_64": [replace(WINDOWS, python="3.9", variant="cpu")]}


def test_every_lock_that_is_not_explained_has_a_cpython() -> None:
    """A Python that no emulated machine can have belongs into envs/explained/unexecuted.toml."""
    pairings = pairing.load_pairings()
    for platform_, kind in MACHINES.items():
        known = emulation_request.list_emulated(pairings, platform_)
        assert known
        assert {target.python for target in known.values()} <= set(kind.pythons)


def test_a_lock_with_a_reason_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        index, "explain_unexecuted", lambda target: "so" if target.python == "3.11" else None
    )
    known = emulation_request.list_emulated(pairing.load_pairings(), "windows-x86_64")
    assert "tf212-py310" in known
    assert "tf212" not in known


@pytest.mark.parametrize(
    ("pins", "emulator", "current"),
    [
        (None, "", False),
        ("0" * 12, "wine 10.0", False),
        ("lock", "wine 10.0", True),
        ("lock", "", True),
    ],
)
def test_what_ran_with_these_pins_is_not_run_again(
    pins: str | None, emulator: str, current: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = lock.read_lock(WINDOWS).digest if pins == "lock" else pins
    last = Executed("2026-11-25", digest, emulator) if digest else None
    monkeypatch.setattr(outcome_records, "last_executed", lambda target, rules: last)
    assert emulation_request.is_current(WINDOWS) is current
    chosen = emulation_request.choose_targets(EmulationRequest(("windows-x86_64",)))
    assert (WINDOWS in chosen.get("windows-x86_64", [])) is not current
    named = emulation_request.choose_targets(EmulationRequest(("windows-x86_64",), ("tf212",)))
    assert named == {"windows-x86_64": [WINDOWS]}


def test_a_result_that_waits_is_not_run_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome_records, "last_executed", lambda target, rules: None)
    (folder / "results").mkdir()
    results.write_result(folder / "results", seen(WINDOWS))
    assert emulation_request.is_current(WINDOWS)
    results.write_result(folder / "results", replace(seen(WINDOWS), pins="0" * 12))
    assert not emulation_request.is_current(WINDOWS)
    results.write_result(folder / "results", replace(seen(WINDOWS), scripts="0" * 12))
    assert not emulation_request.is_current(WINDOWS)


def test_recommended_pythons_come_first_and_variants_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome_records, "last_executed", lambda target, rules: None)
    targets = emulation_request.choose_targets(EmulationRequest(("windows-x86_64",)))
    order = [(t.variant, not t.recommended) for t in targets["windows-x86_64"]]
    assert order == sorted(order, key=lambda one: (one[0] != "default", one[1]))
    assert order[0] == ("default", False)
    assert order[-1] == ("cpu", True)


def test_the_share_takes_the_platforms_and_their_locks_in_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Executed("2026-11-25", "0" * 12, "wine 10.0")
    recorded = {"tf212", "tf213", "tf214"}
    monkeypatch.setattr(
        outcome_records,
        "last_executed",
        lambda target, rules: run if target.session in recorded else None,
    )
    shares = [
        emulation_request.choose_emulation_share(EmulationRequest(share=2), date(2026, 1, day))
        for day in range(1, 7)
    ]
    platforms_ = [next(iter(share)) for share in shares]
    assert platforms_[0] != platforms_[1]
    assert platforms_[::2] == [platforms_[0]] * 3
    for platform_ in MACHINES:
        sessions = {
            t.session
            for share in shares
            for targets in share.values()
            for t in targets
            if t.platform == platform_
        }
        assert sessions == recorded
    assert all(len(next(iter(share.values()))) == 2 for share in shares)


# What is made


def test_what_is_whole_is_not_made_again(folder: Path) -> None:
    source = folder / "source"
    source.write_text("one")
    calls: list[Path] = []

    def make(into: Path) -> None:
        calls.append(into)
        (into / "program").write_text("made")

    assert made.make_once(folder / "thing", [source], make)
    assert not made.make_once(folder / "thing", [source], make)
    source.write_text("two")
    assert made.make_once(folder / "thing", [source], make)
    assert made.make_once(folder / "thing", [source], make, also="more")
    assert len(calls) == 3


def test_what_was_interrupted_is_made_anew(folder: Path) -> None:
    def stop(into: Path) -> None:
        (into / "half").write_text("half")
        raise KeyboardInterrupt

    def fail(into: Path) -> None:
        assert not (into / "half").exists()
        (into / "missing" / "file").write_text("")

    with pytest.raises(KeyboardInterrupt):
        made.make_once(folder / "thing", [], stop)
    with pytest.raises(Problem, match="cannot be made"):
        made.make_once(folder / "thing", [], fail)
    assert made.make_once(folder / "thing", [], lambda into: None)
    assert not (folder / "thing" / "half").exists()


@pytest.mark.parametrize("machine_", [lambda: "arm64", lambda: "aarch64"])
def test_only_an_x86_linux_emulates(machine_: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", machine_)
    assert "runs on Linux x86_64" in (tools.object_to_making() or "")


@pytest.mark.skipif(sys.platform != "linux", reason="what Linux has is taken away")
def test_what_a_host_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "needs root" in (tools.object_to_making() or "")
    with pytest.raises(Problem, match="needs root"):
        emulation_run.run_emulation(EmulationRequest(names=("tf212",)), print)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(tools, "NEEDED", ("sh", "apt-get-of-nobody"))
    assert "needs apt-get-of-nobody" in (tools.object_to_making() or "")


def test_a_tool_that_fails_is_quoted() -> None:
    with pytest.raises(Problem, match=r"(?s)the thing: .* ended with 3\n    last words"):
        tools.run_tool("the thing", PYTHON, "-c", "print('last words'); raise SystemExit(3)")
    with pytest.raises(Problem, match="the thing: "):
        tools.run_tool("the thing", "no-such-program-anywhere")


# How programs run there


def test_aarch64_sees_its_own_cpythons_and_nothing_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYENV_ROOT", "/pyenv")
    monkeypatch.setenv("UV_CACHE_DIR", "/cache")
    monkeypatch.setenv("PIP_FIND_LINKS", "/links")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:1")
    here = QemuMachine()
    here.folder.mkdir()
    command = here.command(["python", "-V"], {"EXTRA": "1"})
    variables = dict(word.split("=", 1) for word in command if "=" in word)
    assert command[command.index("env") + 1] == "-i"
    assert {"--pid", "--kill-child", "--mount-proc"} <= set(command)
    assert command[-2:] == ["python", "-V"]
    assert variables["PATH"].startswith(str(here.folder))
    assert variables["UV_CACHE_DIR"] == str(here.folder / "uv-cache")
    assert variables["HTTPS_PROXY"] == "http://proxy:1"
    assert variables["EXTRA"] == "1"
    assert not variables.keys() & {"PYENV_ROOT", "PIP_FIND_LINKS"}


def test_windows_sees_its_folder_on_its_own_drive() -> None:
    here = WineMachine()
    (here.root / "etc/ssl/certs").mkdir(parents=True)
    assert here.path_inside(here.checkout / "a b") == r"Z:\emulated\checkout\a b"
    command = here.command(["python", "-V"], {"EXTRA": "1"})
    assert command[0] == "unshare"
    assert command[-3:] == ["/usr/lib/wine/wine64", "python", "-V"]
    assert "EXTRA=1" in command
    assert r"UV_CACHE_DIR=Z:\emulated\uv-cache" in command
    assert command[command.index("-C") + 1] == "/emulated/checkout"


# What was seen


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


NAMED = EmulationRequest(("windows-x86_64",), ("tf212",))


def writing(result: SessionResult, folder: Path) -> str:
    """A script that writes a result where a session would."""
    file = results.write_result(folder, result)
    return (
        f"import pathlib, sys; pathlib.Path(sys.argv[1], {file.name!r})"
        f".write_text({file.read_text()!r})"
    )


def test_a_result_is_collected_with_this_commit(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems, said = run_here(monkeypatch, writing(seen(WINDOWS), folder), NAMED)
    assert problems == []
    assert "tf212 on Windows x86_64: as recorded" in said[-1]
    kept = results.read_result(folder / "results" / "windows-x86_64.tf212-py311.json")
    assert kept == replace(seen(WINDOWS), commit=results.find_commit())


def test_what_ends_otherwise_is_said_and_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = seen(WINDOWS, smoke=Outcome(Kind.TIMES_OUT, message="after 300 seconds"))
    problems, said = run_here(monkeypatch, writing(broken, folder), NAMED)
    assert problems == []
    assert "smoke: expected works, happened" in said[-1]
    assert emulation_results.find_result(WINDOWS) is not None


def test_the_share_is_red_for_what_ends_otherwise_and_keeps_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        emulation_request, "choose_emulation_share", lambda request: {Here.platform: [WINDOWS]}
    )
    broken = seen(WINDOWS, smoke=Outcome(Kind.TIMES_OUT, message="after 300 seconds"))
    share = replace(NAMED, names=(), share=1)
    problems, _ = run_here(monkeypatch, writing(broken, folder), share)
    assert "tf212 on Windows x86_64: ends otherwise" in problems[0]
    with pytest.raises(Problem, match="smoke: expected works"):
        emulation_run.check_run(problems)
    assert emulation_results.find_result(WINDOWS) is None


def test_a_script_that_did_not_run_is_missed() -> None:
    partial = seen(WINDOWS)
    outcomes = {name: one for name, one in partial.outcomes.items() if name != "smoke"}
    assert emulation_results.list_mismatches(WINDOWS, replace(partial, outcomes=outcomes)) == [
        "smoke: did not run"
    ]


def test_a_session_without_a_result_is_red_and_quotes_its_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problems, _ = run_here(monkeypatch, "print('the last words'); raise SystemExit(4)", NAMED)
    assert "no result: pytest ended with 4" in problems[0]
    assert problems[0].endswith("    the last words")


def test_a_session_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulation_run, "TIMEOUT", 1.0)
    problems, _ = run_here(monkeypatch, "import time; time.sleep(60)", NAMED)
    assert "took longer than 1 s" in problems[0]


def test_two_runs_do_not_share_a_machine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        FileLock(folder / "windows-x86_64.lock"),
        pytest.raises(Problem, match="another nox -s emulate uses"),
    ):
        run_here(monkeypatch, "", NAMED)


def test_no_session_starts_on_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulation_run, "LITTLE", 2**60)
    problems, _ = run_here(monkeypatch, "raise SystemExit", NAMED)
    assert "not run: the disk has less" in problems[0]


def test_what_is_merged_goes_and_what_is_refused_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = folder / "results"
    waiting.mkdir()
    kept = results.write_result(waiting, seen(WINDOWS))
    results.write_result(waiting, seen(AARCH64))
    old = replace(seen(replace(WINDOWS, python="3.9")), pins="0" * 12)
    results.write_result(waiting, old)
    merged: list[str] = []

    def merge(request: object, say: object) -> Changes:
        merged.extend(sorted(file.name for file in waiting.glob("*.json")))
        return Changes(merged=1, refused={f"results/{kept.name}": "it is not explained"})

    monkeypatch.setattr(merging, "merge_results", merge)
    assert emulation_results.merge_waiting(print) == [
        f"results/{kept.name}: not recorded: it is not explained"
    ]
    assert merged == ["linux-aarch64.tf212-py311.json", kept.name]
    assert [file.name for file in waiting.glob("*.json")] == [kept.name]


def test_the_copy_of_the_checkout_follows_it_and_keeps_environments() -> None:
    class Copying(Here):
        def copy_checkout(self) -> None:
            Machine.copy_checkout(self)

    here = Copying()
    (here.checkout / ".nox" / "tf212").mkdir(parents=True)
    (here.checkout / "envs").mkdir()
    (here.checkout / "envs" / "gone.py").write_text("")
    (here.checkout / "gone.txt").write_text("")
    here.copy_checkout()
    assert (here.checkout / ".nox" / "tf212").is_dir()
    assert (here.checkout / "requirements" / "index.json").is_file()
    assert not (here.checkout / "envs" / "gone.py").exists()
    assert not (here.checkout / "gone.txt").exists()


def test_the_toolchain_has_a_cpython_on_every_machine() -> None:
    assert all(kind.toolchain_minor in kind.pythons for kind in MACHINES.values())


def test_an_interrupted_run_ends_its_sessions(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(emulation_results, "collect_result", interrupt)
    alive = folder / "alive"
    waits = (
        "import os, pathlib, sys, time\n"
        f"alive = pathlib.Path({str(alive)!r})\n"
        "if 'tf213' in sys.argv[2]: alive.write_text(str(os.getpid())); time.sleep(60)\n"
        "while not alive.exists(): time.sleep(0.01)\n"
    )
    with pytest.raises(KeyboardInterrupt):
        run_here(monkeypatch, waits, replace(NAMED, names=("tf212", "tf213"), jobs=2))
    assert not psutil.pid_exists(int(alive.read_text()))

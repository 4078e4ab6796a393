"""Emulation: what a session there saw is collected, compared and merged; none outlives its run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from fake_machine import AARCH64, WINDOWS, Here, run_here, seen
from filelock import FileLock

from envs import Problem
from envs.emulation import emulation_request, emulation_results, emulation_run
from envs.emulation.emulation_request import EmulationRequest
from envs.engine import merging
from envs.engine.changes import Changes
from envs.model import results, working_copy
from envs.model.outcomes import Kind, Outcome
from envs.model.results import SessionResult

pytestmark = pytest.mark.usefixtures("emulation")

NAMED = EmulationRequest(("windows-x86_64",), ("tf212",))


def writing(result: SessionResult, emulation: Path) -> str:
    """A script that writes a result where a session would."""
    file = results.write_result(emulation, result)
    return (
        f"import pathlib, sys; pathlib.Path(sys.argv[1], {file.name!r})"
        f".write_text({file.read_text()!r})"
    )


def test_a_result_is_collected_with_this_commit(
    emulation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems, said = run_here(monkeypatch, writing(seen(WINDOWS), emulation), NAMED)
    assert problems == []
    assert "tf212 on Windows x86_64: as recorded" in said[-1]
    kept = results.read_result(emulation / "results" / "windows-x86_64.tf212-py311.json")
    assert kept == replace(seen(WINDOWS), commit=working_copy.find_commit())


def test_what_ends_otherwise_is_said_and_kept(
    emulation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = seen(WINDOWS, smoke=Outcome(Kind.TIMES_OUT, message="after 300 seconds"))
    problems, said = run_here(monkeypatch, writing(broken, emulation), NAMED)
    assert problems == []
    assert "smoke: expected works, happened" in said[-1]
    assert emulation_results.find_result(WINDOWS) is not None


def test_the_share_is_red_for_what_ends_otherwise_and_keeps_nothing(
    emulation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        emulation_request, "choose_emulation_share", lambda request: {Here.platform: [WINDOWS]}
    )
    broken = seen(WINDOWS, smoke=Outcome(Kind.TIMES_OUT, message="after 300 seconds"))
    share = replace(NAMED, names=(), share=1)
    problems, _ = run_here(monkeypatch, writing(broken, emulation), share)
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


def test_a_python_that_cannot_be_made_stops_no_other(
    emulation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lack(self: Here, python: str) -> None:
        if python == "3.9":
            raise Problem("no Python 3.9 on this machine")

    monkeypatch.setattr(Here, "make_python", lack)
    both = replace(NAMED, names=("tf212-py39", "tf212"))
    problems, said = run_here(monkeypatch, writing(seen(WINDOWS), emulation), both)
    assert problems == ["tf212-py39 on Windows x86_64: not run: no Python 3.9 on this machine"]
    assert "tf212 on Windows x86_64: as recorded" in said[-1]


def test_two_runs_do_not_share_a_machine(emulation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        FileLock(emulation / "windows-x86_64.lock"),
        pytest.raises(Problem, match="another nox -s emulate uses"),
    ):
        run_here(monkeypatch, "", NAMED)


def test_no_session_starts_on_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulation_run, "LITTLE", 2**60)
    problems, _ = run_here(monkeypatch, "raise SystemExit", NAMED)
    assert "not run: the disk has less" in problems[0]


def test_what_is_merged_goes_and_what_is_refused_stays(
    emulation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = emulation / "results"
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


def test_an_interrupted_run_ends_its_sessions(
    emulation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(emulation_results, "collect_result", interrupt)
    alive = emulation / "alive"
    waits = (
        "import os, pathlib, sys, time\n"
        f"alive = pathlib.Path({str(alive)!r})\n"
        "if 'tf213' in sys.argv[2]: alive.write_text(str(os.getpid())); time.sleep(60)\n"
        "while not alive.exists(): time.sleep(0.01)\n"
    )
    with pytest.raises(KeyboardInterrupt):
        run_here(monkeypatch, waits, replace(NAMED, names=("tf212", "tf213"), jobs=2))
    assert not psutil.pid_exists(int(alive.read_text()))

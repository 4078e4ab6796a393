"""Faults of records: an outcome that is not the real one, and a failure that is blessed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from faults import Fault
from samples import RULES, TF212
from test_nox import nox

from envs import ROOT
from envs.model import lock, outcome_records, outcomes, pairing
from envs.model.outcomes import Kind, Outcome, Run
from envs.model.pairing import Target
from envs.running import sandbox, sessions

pytestmark = pytest.mark.faults

KNOWN = pairing.list_targets(pairing.load_pairings())
PAIRINGS = ("tf115", "tf212", "tf216-legacy")
UNEXPECTABLE = [kind for kind in Kind if kind not in (Kind.WORKS, Kind.FAILS)]


@pytest.fixture(scope="module")
def ended() -> dict[str, dict[str, Run]]:
    """Pairing -> script -> its real run."""
    runs: dict[str, dict[str, Run]] = {}
    for name in PAIRINGS:
        jobs = os.cpu_count() or 1
        how = (outcomes.list_scripts(), None, jobs, sandbox.TIMEOUT, print)
        futures = sessions.start_scripts(KNOWN[name], *how)
        runs[name] = {script: future.result() for script, future in futures.items()}
    return runs


def objections(target: Target, runs: dict[str, Run]) -> dict[str, str]:
    """Script -> why its run does not match the record in the file."""
    record = outcome_records.load_record(target, RULES)
    texts = {
        script: sessions.object_to_run(target, script, record[script], run, RULES)
        for script, run in runs.items()
    }
    return {script: text for script, text in texts.items() if text}


def flipped(line: str, script: str, to: str) -> str:
    return f'"{script}" = "{to}"' if line.startswith(f'"{script}" = ') else line


@pytest.mark.parametrize("name", PAIRINGS)
def test_every_recorded_outcome_flipped(
    fault: Fault,
    name: str,
    ended: dict[str, dict[str, Run]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To every other outcome that can be recorded: the run must fail for that script alone."""
    target = KNOWN[name]
    original = outcome_records.record_path(target.pairing).read_text(encoding="utf-8")
    shutil.copytree(outcome_records.RECORDS, tmp_path / "records")
    monkeypatch.setattr(outcome_records, "RECORDS", tmp_path / "records")
    file = outcome_records.record_path(target.pairing)
    record = outcome_records.load_record(target, RULES)
    assert objections(target, ended[name]) == {}, "the real runs do not end as recorded"
    caught, made, last = 0, 0, ""
    for script, expected in record.items():
        for to in (str(Kind.WORKS), *RULES.failures):
            other = RULES.failures[to].outcome if to in RULES.failures else Outcome(Kind.WORKS)
            if other == expected:
                continue
            lines = original.splitlines()
            text = "\n".join(flipped(line, script, to) for line in lines) + "\n"
            assert text != original
            file.write_text(text, encoding="utf-8")
            objected = objections(target, ended[name])
            made += 1
            caught += set(objected) == {script}
            last = next(iter(objected.values()), last)
    assert made == len(record) * len(RULES.failures)
    assert caught == made
    happened = [line for line in last.splitlines() if "expected" in line or "happened" in line]
    count = f"{caught} of {made} flips caught; the last one:"
    fault.red(1, "\n".join([count, *happened]), "expected", "happened")
    file.write_text(original, encoding="utf-8")
    assert objections(target, ended[name]) == {}
    fault.green()


@pytest.mark.parametrize("kind", UNEXPECTABLE)
def test_a_script_that_never_was_expected_to(
    fault: Fault, kind: Kind, ended: dict[str, dict[str, Run]]
) -> None:
    """Whatever the record and the message say, such a run is red and cannot be blessed."""
    last = ""
    for name in PAIRINGS:
        for script, run in ended[name].items():
            other = Outcome(kind, run.outcome.exception, run.outcome.message)
            happened = {**ended[name], script: Run(other)}
            objected = objections(KNOWN[name], happened)
            assert set(objected) == {script}
            last = objected[script]
            record = {script: run.outcome for script, run in happened.items()}
            refused = outcome_records.list_objections(record, RULES)
            assert any("can never be expected" in line for line in refused), refused
    lines = [line for line in last.splitlines() if "expected" in line or "happened" in line]
    fault.red(1, "\n".join(lines), f"happened     {kind}")
    fault.green()


def test_the_correction_broken_and_blessed(fault: Fault, kept: Path) -> None:
    file = kept / "examples/broken_import/correction.py"
    text = file.read_text(encoding="utf-8")
    file.write_text("Dense\n", encoding="utf-8")
    record = kept / outcome_records.record_path(TF212.pairing).relative_to(ROOT)
    before = record.read_bytes()
    run = ("-s", "tf212", "--", "-k", "correction")
    code, output = nox(*run, "--bless", cwd=kept)
    lines = [line for line in output.splitlines() if "bless" in line and "nox >" not in line]
    lines += [line for line in output.splitlines() if "must work in every pairing" in line]
    fault.red(code, "\n".join(lines), "tf212 cannot be blessed", "must work in every pairing")
    assert record.read_bytes() == before
    file.write_text(text, encoding="utf-8")
    fault.green(nox(*run, cwd=kept)[0])


@pytest.mark.parametrize("bless", [False, True], ids=["expected", "blessed"])
@pytest.mark.parametrize("what", ["an install failure", "a missing interpreter"])
def test_where_a_failure_is(
    fault: Fault, kept: Path, monkeypatch: pytest.MonkeyPatch, what: str, bless: bool
) -> None:
    """The script is expected to fail, but here it did not even start."""
    run = ["-s", "tf115", "--", "-k", "incorrect_import", *(["--bless"] if bless else [])]
    file = kept / lock.lock_path(KNOWN["tf115"]).relative_to(ROOT)
    record = kept / outcome_records.record_path(KNOWN["tf115"].pairing).relative_to(ROOT)
    text, before = file.read_text(encoding="utf-8"), record.read_bytes()
    if what == "an install failure":
        changed = text.replace("--hash=sha256:", "--hash=sha256:0000", 1)
        first = changed.index("sha256:0000") + len("sha256:0000")
        end = changed.index("\n", first)
        line = changed[first:end]
        changed = changed[:first] + line[:60] + line[64:] + changed[end:]
        file.write_text(changed, encoding="utf-8")
    else:
        monkeypatch.setenv("PYENV_ROOT", str(kept))
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
        monkeypatch.setenv("XDG_CACHE_HOME", str(kept / "cache"))
        monkeypatch.setenv("HOME", str(kept))
    code, output = nox(*run, cwd=kept)
    wanted = "could not install: " if what == "an install failure" else "no interpreter: "
    lines = [line for line in output.splitlines() if line.startswith(wanted)]
    fault.red(code, "\n".join(lines), wanted)
    assert record.read_bytes() == before
    monkeypatch.undo()
    file.write_text(text, encoding="utf-8")
    fault.green(nox(*run[:5], cwd=kept)[0])

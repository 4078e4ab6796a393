"""What emulated sessions saw: collected here until it is merged into the records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from envs.emulation import made
from envs.model import failures, lock, outcome_records, results
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Target
from envs.model.results import SessionResult

FOLDER = made.FOLDER / "results"
"""The results that wait for `nox -s merge`."""


def find_result(target: Target) -> SessionResult | None:
    """The result of a target that waits; None if there is none of these pins and scripts."""
    file = FOLDER / result_name(target)
    if not file.is_file():
        return None
    result = results.read_result(file)
    current = (lock.read_lock(target).digest, results.digest_scripts())
    return result if (result.pins, result.scripts) == current else None


def result_name(target: Target) -> str:
    """The name of a target's result: `windows-x86_64.tf212-py311.json`."""
    return f"{target.folder}.{target.stem}.json"


def collect_result(target: Target, folder: Path, keep: bool) -> SessionResult | None:
    """Take the result of a session out of the folder of its machine; None if it wrote none.

    The emulated machine has no git, so the commit is that of this checkout. With `keep` it waits in
    FOLDER for the merge. Raises Problem.
    """
    file = folder / result_name(target)
    if not file.is_file():
        return None
    result = replace(results.read_result(file), commit=results.find_commit())
    file.unlink()
    if keep:
        FOLDER.mkdir(parents=True, exist_ok=True)
        results.write_result(FOLDER, result)
    return result


def list_mismatches(target: Target, result: SessionResult) -> list[str]:
    """What ended otherwise than recorded, or than on Linux x86_64 if there is no record yet."""
    expected = {
        **outcome_records.load_record(target, failures.load_rules()),
        "smoke": Outcome(Kind.WORKS),
    }
    return [
        f"{script}: expected {expected.get(script, 'nothing')}, happened {outcome}"
        for script, outcome in result.outcomes.items()
        if outcome != expected.get(script)
    ] + [f"{script}: did not run" for script in expected if script not in result.outcomes]

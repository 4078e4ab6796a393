"""What emulated sessions saw: collected here until it is merged into the records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from envs.emulation import made
from envs.engine import merging
from envs.engine.merge_request import MergeRequest
from envs.model import failures, lock, outcome_records, pairing, results, working_copy
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Target
from envs.model.results import SessionResult

FOLDER = made.FOLDER / "results"
"""The results that are not in the records yet."""


def find_result(target: Target) -> SessionResult | None:
    """The result of a target that is not recorded yet, of these pins and scripts; None if none."""
    file = FOLDER / results.result_name(target)
    if not file.is_file():
        return None
    result = results.read_result(file)
    current = (lock.read_lock(target).digest, results.digest_scripts())
    return result if (result.pins, result.scripts) == current else None


def collect_result(target: Target, folder: Path, keep: bool) -> SessionResult | None:
    """Take the result of a session out of the folder of its machine; None if it wrote none.

    The emulated machine has no git, so the commit is that of this checkout. With `keep` it waits in
    FOLDER to be merged. Raises Problem.
    """
    file = folder / results.result_name(target)
    if not file.is_file():
        return None
    result = replace(results.read_result(file), commit=working_copy.find_commit())
    file.unlink()
    if keep:
        FOLDER.mkdir(parents=True, exist_ok=True)
        results.write_result(FOLDER, result)
    return result


def merge_waiting(say: Callable[[str], None]) -> list[str]:
    """Merge the results that wait into the records, and return what was refused, in lines.

    What was refused stays for a person to explain, until the target is run again. What is of old
    pins or scripts is removed. Pins and scripts decide, not the commit: a run of all takes hours.
    Raises Problem.
    """
    for file in FOLDER.glob("*.json"):
        result = results.read_result(file)
        if find_result(result.find_target(pairing.load_pairings())) is None:
            file.unlink()
    if not any(FOLDER.glob("*.json")):
        return []
    changed = merging.merge_results(MergeRequest((FOLDER,), any_commit=True), say)
    refused = {Path(name).name for name in changed.refused}
    for file in FOLDER.glob("*.json"):
        if file.name not in refused:
            file.unlink()
    return [f"{name}: not recorded: {why}" for name, why in changed.refused.items()]


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

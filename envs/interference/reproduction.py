"""Reproduction: break an environment, see the effect, run verify.py, and follow its fixes."""

from __future__ import annotations

import tempfile
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envs import ROOT
from envs.interference import fixes, interferences, makers
from envs.interference.broken_environment import BrokenEnvironment
from envs.interference.interferences import Record
from envs.model import host, lock, pairing
from envs.running import installation


@dataclass(frozen=True)
class Result:
    """The result of one interference.

    `left` is what verify.py still reports after its fixes, `restored` is whether the environment
    could be repaired afterwards, and `seconds` is the time of it all.
    """

    record: Record
    left: tuple[str, ...]
    restored: bool
    seconds: float


def reproduce_interference(place: BrokenEnvironment, name: str) -> Result:
    """Break an environment, run the probe and verify.py, follow the fixes, and restore it.

    Raises AssertionError if something fails that must work.
    """
    began = time.monotonic()
    try:
        makers.MAKERS[name](place)
        results = place.probe()
        # If the probe shows no change, the slow imports of verify.py would not show any either.
        options = () if results != place.usual else ("--no-import",)
        facts = place.verify(*options)
        findings = facts["problems"] or _new_notes(place, facts)
        for finding in findings:
            for fix in finding["fixes"]:
                fixes.carry_out_fix(place, fix, finding["where"])
        after = place.verify(*options)
    finally:
        restored = place.restore()
    steps = [*place.usual, *(step for step in results if step not in place.usual)]
    effect = [
        f"{step}: {results[step]}"
        for step in steps
        if step in results and results[step] != place.usual.get(step)
    ]
    kind = "problem" if facts["problems"] else "note"
    left = after["problems"]
    if kind == "note":
        left += _new_notes(place, after)
    return Result(
        Record(
            tuple(effect),
            tuple(
                place.anonymous(f"{kind}: {finding['what']} [{finding['where']}]")
                for finding in findings
            ),
            tuple(place.anonymous(fix) for finding in findings for fix in finding["fixes"]),
        ),
        tuple(place.anonymous(finding["what"]) for finding in left),
        restored,
        time.monotonic() - began,
    )


def _new_notes(place: BrokenEnvironment, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The notes of verify.py that it does not print for the clean environment."""
    return [note for note in facts["notes"] if note not in place.notes]


def reproduce_all(
    session: str, names: list[str], drop: bool, bless: bool
) -> dict[str, Result | str]:
    """Interference -> its result in the pairing of a session, or the traceback of an error.

    `drop` removes the environment at the end, and `bless` records the good results.
    Raises Problem if the environment cannot be created.
    """
    host.require_linux("what interferes is reproduced")
    target = pairing.list_targets(pairing.load_pairings())[session]
    folder = ROOT / ".nox" / f"interference-{session}"
    ended: dict[str, Result | str] = {}
    try:
        installation.drop_environment(folder)  # a killed run may have left it broken
        python = installation.ensure_environment(folder, target.python, lock.lock_path(target))
        with tempfile.TemporaryDirectory(prefix="interference-") as root:
            place = BrokenEnvironment(target, Path(root).resolve(), folder, python)
            for name in names:
                try:
                    ended[name] = reproduce_interference(place, name)
                except Exception:
                    ended[name] = traceback.format_exc()
    finally:
        if drop:
            installation.drop_environment(folder)
            installation.drop_cached_tensorflow()
    if bless:
        interferences.bless_interferences(
            {
                name: {session: result.record}
                for name, result in ended.items()
                if isinstance(result, Result) and result.restored and not result.left
            }
        )
    return ended

"""Interferences reproduced: made, looked at, verified, mended as printed, and restored."""

from __future__ import annotations

import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from envs import ROOT
from envs.interference import fixes, interferences, makers
from envs.interference.broken_environment import BrokenEnvironment
from envs.interference.interferences import Record
from envs.model import lock, pairing
from envs.running import installation


@dataclass(frozen=True)
class Result:
    """What came of one interference; `left` is what verify.py still says after its fixes."""

    record: Record
    left: tuple[str, ...]
    restored: bool
    seconds: float


def reproduce_interference(place: BrokenEnvironment, name: str) -> Result:
    """Interfere, look, verify, carry out the printed fixes, verify again, and restore."""
    began = time.monotonic()
    try:
        makers.MAKERS[name](place)
        said = place.probe()
        # What imports as ever tells nothing by being imported again.
        how = () if said != place.usual else ("--no-import",)
        facts = place.verify(*how)
        found = facts["problems"] or [one for one in facts["notes"] if one not in place.notes]
        for one in found:
            for fix in one["fixes"]:
                fixes.carry_out_fix(place, fix, one["where"])
        after = place.verify(*how)
    finally:
        restored = place.restore()
    steps = dict.fromkeys([*place.usual, *said])
    effect = [f"{s}: {said[s]}" for s in steps if s in said and said[s] != place.usual.get(s)]
    kind = "problem" if facts["problems"] else "note"
    left = after["problems"]
    if kind == "note":
        left += [one for one in after["notes"] if one not in place.notes]
    return Result(
        Record(
            tuple(effect),
            tuple(place.anonymous(f"{kind}: {one['what']} [{one['where']}]") for one in found),
            tuple(place.anonymous(fix) for one in found for fix in one["fixes"]),
        ),
        tuple(place.anonymous(one["what"]) for one in left),
        restored,
        time.monotonic() - began,
    )


def reproduce_all(
    session: str, names: list[str], drop: bool, bless: bool
) -> dict[str, Result | str]:
    """What came of each interference in a pairing, or the traceback of what went wrong."""
    target = pairing.list_targets(pairing.load_pairings())[session]
    folder = ROOT / ".nox" / f"interference-{session}"
    ended: dict[str, Result | str] = {}
    try:
        installation.drop_environment(folder)  # a run that was killed may have left it broken
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
    if bless:
        interferences.bless_interferences(
            {
                name: {session: result.record}
                for name, result in ended.items()
                if isinstance(result, Result) and result.restored and not result.left
            }
        )
    return ended

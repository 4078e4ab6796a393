"""The grid of saved models as a result: told, refused if it proves nothing here, merged.

It is one session: every pairing loads what all others saved, so a part of it would need all files.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from envs import Problem
from envs.model import disk
from envs.models import grid, models_run, record_files
from envs.models.record_files import Recorded

GRID = "grid"
"""What the one session is called."""


def tell_grid(name: str) -> dict[str, Any]:
    """The records of all pairings in this checkout. Raises Problem."""
    assert name == GRID
    return {
        one: json.loads(disk.text_of(record_files.FOLDER / f"{one}.json"))
        for one in record_files.load_grid()
    }


def _read_grid(told: dict[str, Any]) -> dict[str, Recorded]:
    with tempfile.TemporaryDirectory() as folder:
        for name, record in told.items():
            (Path(folder) / f"{Path(name).name}.json").write_text(json.dumps(record), "utf-8")
        return record_files.load_grid(Path(folder))


def object_to_grid(name: str, told: dict[str, Any]) -> str | None:
    """Why records are no evidence of this checkout; None if they are. Raises Problem."""
    if name != GRID:
        raise Problem(f"the models are one session, {GRID}, and not {name}")
    sides = grid.list_sides()
    read = _read_grid(told)
    lacking = [
        f"{loader} of {saver}"
        for loader, side in sides.items()
        for saver in sides
        if not read[side.target.pairing.name].is_current_with(loader, sides[saver])
    ]
    if lacking:
        return (
            f"{len(lacking)} loadings are missing, or were run with other pins or scripts; the "
            f"first is {lacking[0]}"
        )
    return None


def date_grid(name: str, told: dict[str, Any]) -> str:
    """The day of its newest record. Raises Problem."""
    assert name == GRID
    return max(one.date for one in _read_grid(told).values())


def merge_grid(name: str, told: dict[str, Any]) -> list[str]:
    """Write each record of a pairing that is otherwise, or stale, in place of that of today.

    Returns what ended otherwise, in words. Raises Problem if it cannot be written.
    """
    assert name == GRID
    changed = []
    recorded = record_files.load_grid()
    sides = grid.list_sides()
    for pairing, happened in _read_grid(told).items():
        then = recorded[pairing]
        lines = []
        for loader, loaded in happened.loads.items():
            saved = happened.saved.get(loader, {})
            lines += models_run.list_changed_cells(then, sides[loader], saved, loaded)
        changed += [f"`{pairing}` {line}" for line in lines]
        if lines or _undated(then) != _undated(happened):
            record_files.write_recorded(happened)
    return changed


def _undated(recorded: Recorded) -> Recorded:
    """A record without the days on which it was seen."""
    loads = {
        loader: {saver: replace(one, date="") for saver, one in savers.items()}
        for loader, savers in recorded.loads.items()
    }
    return replace(recorded, date="", loads=loads)

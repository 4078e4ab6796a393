"""Rows of the atlas as results: told, refused if they prove nothing of this checkout, merged."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from envs import Problem
from envs.atlas import layout, row_files
from envs.atlas.cells import Row
from envs.model import disk


def tell_row(name: str) -> dict[str, Any]:
    """A row as it is recorded in this checkout. Raises Problem."""
    row: dict[str, Any] = json.loads(disk.text_of(row_files.row_path(name)))
    return row


def _read_row(name: str, told: dict[str, Any]) -> Row:
    if name not in layout.list_rows():
        raise Problem(f"the atlas has no row {name}")
    with tempfile.TemporaryDirectory() as folder:
        row_files.row_path(name, Path(folder)).write_text(json.dumps(told), "utf-8")
        return row_files.load_row(name, Path(folder))


def object_to_row(name: str, told: dict[str, Any]) -> str | None:
    """Why a row is no evidence of this checkout; None if it is. Raises Problem."""
    if stale := row_files.list_stale(layout.list_rows()[name], _read_row(name, told)):
        return (
            f"{len(stale)} of its cells are missing, or were run with other pins, columns or "
            f"another script; the first is {stale[0]}"
        )
    return None


def date_row(name: str, told: dict[str, Any]) -> str:
    """The day of its newest cell. Raises Problem."""
    return max((cell.conditions.date for cell in _read_row(name, told).values()), default="")


def merge_row(name: str, told: dict[str, Any]) -> list[str]:
    """Write the cells of a row that ended otherwise, or whose record is stale, into its record.

    Returns the cells that ended otherwise, in words. Raises Problem if it cannot be written.
    """
    target = layout.list_rows()[name]
    recorded = row_files.load_row(name)
    stale = row_files.list_stale(target, recorded)
    changed, merged = [], dict(recorded)
    for column, cell in _read_row(name, told).items():
        if column in recorded and recorded[column].result != cell.result:
            changed.append(column)
        if column in stale or column in changed:
            merged[column] = cell
    if merged != recorded:
        disk.write_file(row_files.row_path(name), row_files.render_row(target, merged))
    return [f"`{name}` + {column}" for column in changed]

"""Rows of the atlas as results: write one, and refuse one that proves nothing of this checkout."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envs import Problem
from envs.atlas import layout, row_files
from envs.atlas.cells import Row
from envs.model import disk, working_copy


@dataclass(frozen=True)
class RowResult:
    """A row of the atlas that a shard ran: its pairing, its CPU seconds, and its cells."""

    name: str
    commit: str
    seconds: float
    row: Row

    @property
    def date(self) -> str:
        """The day of its newest cell."""
        return max((cell.conditions.date for cell in self.row.values()), default="")


def write_row_result(folder: Path, name: str, seconds: float) -> None:
    """Write a row of the atlas as it is in this checkout to its result. Raises Problem."""
    data = {
        "atlas": name,
        "commit": working_copy.find_commit(),
        "seconds": round(seconds, 3),
        "row": json.loads(row_files.row_path(name).read_text(encoding="utf-8")),
    }
    disk.write_file(folder / f"atlas.{name}.json", json.dumps(data, indent=1) + "\n")


def is_row_result(file: Path) -> bool:
    """Whether a file is called as the result of a row is."""
    return file.name.startswith("atlas.")


def read_row_result(file: Path) -> RowResult:
    """The result in a file. Raises Problem for anything else."""
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        name = data["atlas"]
        if name not in layout.list_rows():
            raise Problem(f"the atlas has no row {name}")
        with tempfile.TemporaryDirectory() as folder:
            row_files.row_path(name, Path(folder)).write_text(json.dumps(data["row"]), "utf-8")
            row = row_files.load_row(name, Path(folder))
        return RowResult(name, str(data["commit"]), float(data["seconds"]), row)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem(f"it is not the result of a row of the atlas ({error!r})") from None


def object_to_row(result: RowResult, commit: str) -> str | None:
    """Why a row is no evidence of this checkout; None if it is. Raises Problem for a bad lock.

    `commit` is that of the checkout; empty means that any will do.
    """
    if commit and result.commit != commit:
        return f"it was made at commit {result.commit[:12] or 'unknown'}, not at {commit[:12]}"
    if stale := row_files.list_stale(layout.list_rows()[result.name], result.row):
        return (
            f"{len(stale)} of its cells are missing, or were run with other pins, columns or "
            f"another script; the first is {stale[0]}"
        )
    return None


def merge_row(result: RowResult) -> list[str]:
    """Write the cells of a row that ended otherwise, or whose record is stale, into its record.

    Returns the cells that ended otherwise, in words. Raises Problem if it cannot be written.
    """
    target = layout.list_rows()[result.name]
    recorded = row_files.load_row(result.name)
    stale = row_files.list_stale(target, recorded)
    changed, merged = [], dict(recorded)
    for column, cell in result.row.items():
        if column in recorded and recorded[column].result != cell.result:
            changed.append(column)
        if column in stale or column in changed:
            merged[column] = cell
    if merged != recorded:
        disk.write_file(row_files.row_path(result.name), row_files.render_row(target, merged))
    return [f"`{result.name}` + {column}" for column in changed]

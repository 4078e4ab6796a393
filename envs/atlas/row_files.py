"""The files of the atlas: read and write a row, and list its stale cells."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import cache
from pathlib import Path

from envs import Problem
from envs.atlas import layout
from envs.atlas.cells import Cell, Column, Conditions, Row
from envs.model import lock
from envs.model.pairing import Target

SCHEMA = layout.FOLDER / "row.schema.json"
SCRIPT = Path(__file__).with_name("steps.py")


def row_path(name: str, folder: Path = layout.FOLDER) -> Path:
    """The path of the file that holds the row of a pairing."""
    return folder / f"{name}.json"


def load_row(name: str, folder: Path = layout.FOLDER) -> Row:
    """The recorded cells of a row, of the current columns only. Raises Problem."""
    path = row_path(name, folder)
    if not path.exists():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        runs = [Conditions(**run) for run in data["runs"]]
        known = {str(column): column for column in layout.load_columns()[1]}
        return {
            known[title]: Cell(
                runs[cell["run"]],
                cell["admitted"],
                cell["cannot"],
                {package: tuple(change) for package, change in cell["changed"].items()},
                cell["steps"],
            )
            for title, cell in data["cells"].items()
            if title in known
        }
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise Problem(
            f"envs/measured/atlas/{path.name}: cannot be read ({error!r}): restore it with git, or "
            f"remove it and run nox -s atlas -- {name}"
        ) from None


def load_atlas() -> dict[str, Row]:
    """Name of a pairing -> its row. Raises Problem if a file cannot be read."""
    return {name: load_row(name) for name in layout.list_rows()}


def render_row(target: Target, row: Row) -> str:
    """The text of a row's file: one cell a line, so that a diff is easy to read."""
    order = [column for column in layout.load_columns()[1] if column in row]
    runs = list(dict.fromkeys(row[column].conditions for column in order))
    facts = {
        "$schema": SCHEMA.name,
        "generated": f"by nox -s atlas -- {target.pairing.name}",
        "pairing": target.pairing.name,
        "tensorflow": target.pairing.tensorflow,
        "python": target.python,
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in facts.items()]
    lines += [' "runs": [', ",\n".join(f"  {json.dumps(asdict(run))}" for run in runs), " ],"]
    cell_lines = []
    for column in order:
        cell = row[column]
        data = {
            "run": runs.index(cell.conditions),
            "admitted": cell.admitted,
            "cannot": cell.cannot,
            "changed": dict(cell.changed),
            "steps": dict(cell.steps),
        }
        cell_lines.append(f"  {json.dumps(str(column))}: {json.dumps(data)}")
    return "\n".join(["{", *lines, ' "cells": {', ",\n".join(cell_lines), " }", "}", ""])


@cache
def script_digest() -> str:
    """Twelve hexadecimal digits that change with the script that a cell runs."""
    return hashlib.sha256(SCRIPT.read_bytes()).hexdigest()[:12]


def list_stale(target: Target, row: Row) -> list[Column]:
    """The columns whose cell is missing or stale: run with another lock, `as_of` day or script.

    Raises Problem if the lock or the columns cannot be read.
    """
    as_of, columns = layout.load_columns()
    now = (lock.read_lock(target).digest, as_of, script_digest())

    def then(cell: Cell) -> tuple[str, str, str]:
        return cell.conditions.lock, cell.conditions.as_of, cell.conditions.script

    return [column for column in columns if column not in row or then(row[column]) != now]

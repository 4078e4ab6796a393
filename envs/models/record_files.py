"""The record of the grid: for each pairing, what it saved, and how it loads what others saved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from envs import MEASURED, Problem
from envs.model import disk, lock
from envs.model.pairing import Target
from envs.models import grid
from envs.models.grid import Loading, Side

FOLDER = MEASURED / "models"
SCHEMA = FOLDER / "row.schema.json"
SCRIPTS = [
    Path(__file__).with_name(f"{name}.py") for name in ("formats", "kinds", "ways", "save_files")
]
LOADER = Path(__file__).with_name("load_files.py")


@dataclass(frozen=True)
class SavedFile:
    """What a side saved under a name: what it `holds`, and a `digest` of all but its numbers.

    `keras` and `tensorflow` are the releases that the file names; empty where it names none.
    Where nothing could be saved, `error` says why, and the rest is empty.
    """

    holds: str = ""
    keras: str = ""
    tensorflow: str = ""
    digest: str = ""
    error: str = ""


@dataclass(frozen=True)
class Loaded:
    """How one side loads the files of another, whose lock had the digest `lock`, on a `date`."""

    lock: str
    date: str
    cells: Mapping[str, Loading]


@dataclass(frozen=True)
class Recorded:
    """The record of one pairing, with the digests of its lock and of the scripts.

    `saved` is side -> file -> what was saved; `loads` is side -> saving side -> how it loads.
    """

    target: Target
    date: str = ""
    lock: str = ""
    script: str = ""
    saved: Mapping[str, Mapping[str, SavedFile]] = field(default_factory=dict)
    loads: Mapping[str, Mapping[str, Loaded]] = field(default_factory=dict)

    @property
    def current(self) -> bool:
        """Whether it was recorded with the lock and the scripts of today. Raises Problem."""
        return (self.lock, self.script) == (lock.read_lock(self.target).digest, grid_digest())

    def is_current_with(self, loader: str, saver: Side) -> bool:
        """Whether it is recorded how a side loads what another saved, as both are today."""
        loaded = self.loads.get(loader, {}).get(saver.name)
        return (
            self.current
            and loaded is not None
            and loaded.lock == lock.read_lock(saver.target).digest
        )


@cache
def grid_digest() -> str:
    """Twelve hexadecimal digits that change with the scripts that save and load."""
    return hashlib.sha256(b"".join(one.read_bytes() for one in (*SCRIPTS, LOADER))).hexdigest()[:12]


@cache
def saving_digest() -> str:
    """Twelve hexadecimal digits that change with the scripts that save."""
    return hashlib.sha256(b"".join(one.read_bytes() for one in SCRIPTS)).hexdigest()[:12]


def load_recorded(target: Target, folder: Path = FOLDER) -> Recorded:
    """The record of a pairing; an empty one if there is none. Raises Problem."""
    path = folder / f"{target.pairing.name}.json"
    if not path.exists():
        return Recorded(target)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        saved = {
            side: {file: SavedFile(**fact) for file, fact in files.items()}
            for side, files in data["saved"].items()
        }
        table = [Loading(**one | {"otherwise": tuple(one["otherwise"])}) for one in data["table"]]
        names = data["files"]
        loads = {
            side: {saver: _read_loaded(held, table, names) for saver, held in savers.items()}
            for side, savers in data["loads"].items()
        }
        run = data["run"]
        return Recorded(target, run["date"], run["lock"], run["script"], saved, loads)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise Problem(
            f"envs/measured/models/{path.name}: cannot be read ({error!r}): restore it with git, "
            f"or remove it and run nox -s models -- {target.pairing.name}"
        ) from None


def _read_loaded(held: dict[str, Any], table: list[Loading], names: list[str]) -> Loaded:
    """How the files of one saver load. A file that it could not save has the number -1."""
    cells = {
        name: table[number]
        for name, number in zip(names, held["cells"], strict=True)
        if number >= 0
    }
    return Loaded(held["lock"], held["date"], cells)


def load_grid(folder: Path = FOLDER) -> dict[str, Recorded]:
    """Name of each pairing -> its record, oldest TensorFlow first. Raises Problem."""
    targets = {side.target.pairing.name: side.target for side in grid.list_sides().values()}
    return {name: load_recorded(target, folder) for name, target in targets.items()}


def render_recorded(recorded: Recorded) -> str:
    """The text of the file of a pairing: a saved file a line, and a saving side a line."""
    target = recorded.target
    facts: dict[str, Any] = {
        "$schema": SCHEMA.name,
        "generated": f"by nox -s models -- {target.pairing.name}",
        "pairing": target.pairing.name,
        "tensorflow": target.pairing.tensorflow,
        "python": target.python,
        "run": {"date": recorded.date, "lock": recorded.lock, "script": recorded.script},
        "files": grid.list_grid_files(),
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in facts.items()]
    saved = {
        side: {file: _drop_empty(asdict(fact)) for file, fact in files.items()}
        for side, files in recorded.saved.items()
    }
    lines += [' "saved": ' + _render_lines(saved) + ","]
    table = list(
        dict.fromkeys(
            loading
            for savers in recorded.loads.values()
            for loaded in savers.values()
            for loading in loaded.cells.values()
        )
    )
    rows = ",\n".join(f"  {json.dumps(asdict(loading))}" for loading in table)
    lines += [' "table": [', rows, " ],"]
    numbers = {loading: number for number, loading in enumerate(table)}
    loads = {
        side: {
            saver: {
                "lock": loaded.lock,
                "date": loaded.date,
                "cells": [
                    numbers[loaded.cells[name]] if name in loaded.cells else -1
                    for name in facts["files"]
                ],
            }
            for saver, loaded in savers.items()
        }
        for side, savers in recorded.loads.items()
    }
    lines += [' "loads": ' + _render_lines(loads)]
    return "\n".join(["{", *lines, "}", ""])


def _drop_empty(fact: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in fact.items() if value}


def _render_lines(nested: Mapping[str, Mapping[str, object]]) -> str:
    """An object of objects, with a line for each member of the inner ones."""
    parts = []
    for outer, inner in nested.items():
        body = ",\n".join(f"   {json.dumps(key)}: {json.dumps(one)}" for key, one in inner.items())
        parts.append(
            f"  {json.dumps(outer)}: {{\n{body}\n  }}" if body else f"  {json.dumps(outer)}: {{}}"
        )
    return "{\n" + ",\n".join(parts) + "\n }" if parts else "{}"


def write_recorded(recorded: Recorded, folder: Path = FOLDER) -> None:
    """Write the record of a pairing. Raises Problem."""
    folder.mkdir(parents=True, exist_ok=True)
    disk.write_file(folder / f"{recorded.target.pairing.name}.json", render_recorded(recorded))


def renew(recorded: Recorded, today: str) -> Recorded:
    """A record without what was run with another lock or other scripts than those of now."""
    if recorded.current:
        return recorded
    return Recorded(recorded.target, today, lock.read_lock(recorded.target).digest, grid_digest())


def add_loaded(recorded: Recorded, loader: str, saver: str, loaded: Loaded) -> Recorded:
    """A record with how a side loads what another saved, savers in the order of all sides."""
    savers = {**recorded.loads.get(loader, {}), saver: loaded}
    ordered = {name: savers[name] for name in grid.list_sides() if name in savers}
    loads = {**recorded.loads, loader: ordered}
    return replace(recorded, loads={name: loads[name] for name in sorted(loads)})


def add_saved(recorded: Recorded, side: str, saved: Mapping[str, SavedFile]) -> Recorded:
    """A record with what a side saved, files in the order of the grid."""
    ordered = {name: saved[name] for name in grid.list_grid_files() if name in saved}
    merged = {**recorded.saved, side: ordered}
    return replace(recorded, saved={name: merged[name] for name in sorted(merged)})

"""Causes: why errors come, written by hand in a file of envs/explained, each with a pattern."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envs import EXPLAINED, Problem
from envs.model import disk

OF_CELLS = EXPLAINED / "causes.toml"
"""Why steps of the atlas fail."""

OF_MODELS = EXPLAINED / "load_causes.toml"
"""Why models do not load, or do not train on."""


LOADS = "loads"
TRAINS = "trains on"


@dataclass(frozen=True)
class CauseRemoved:
    """What happens to one error when its cause, and nothing else, is removed: a proof runs it.

    `file` of the grid, which `saver` saved, does not load as usual in `loader`. `by` says in words
    how the cause is removed; `then` it LOADS, or TRAINS on, or ends by the cause of that name.
    """

    file: str
    saver: str
    loader: str
    by: str
    then: str


@dataclass(frozen=True)
class Cause:
    """Why errors come that the regular expression `pattern` finds, and what to do `instead`.

    `instead` is empty where `cause` says it, and `removed` is None where no proof removes it.
    """

    name: str
    pattern: str
    cause: str
    instead: str = ""
    removed: CauseRemoved | None = None


def load_causes(path: Path) -> list[Cause]:
    """The causes, in their order. Raises Problem if the file cannot be read or has a wrong key."""
    try:
        return [_read_cause(name, table) for name, table in disk.read_toml(path).items()]
    except TypeError as error:
        raise Problem(f"envs/explained/{path.name}: {error}") from None


def _read_cause(name: str, table: dict[str, Any]) -> Cause:
    removed = table.get("removed")
    return Cause(name, **{**table, "removed": CauseRemoved(**removed) if removed else None})


def find_cause(error: str, causes: Sequence[Cause]) -> Cause | None:
    """The first cause that explains an error; None if there is none."""
    return next((cause for cause in causes if re.search(cause.pattern, error)), None)

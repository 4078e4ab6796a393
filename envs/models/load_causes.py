"""Why models do not load, or do not train on, and what to do instead: written by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from envs import EXPLAINED, Problem
from envs.model import disk

CAUSES = EXPLAINED / "load_causes.toml"


@dataclass(frozen=True)
class LoadCause:
    """Why errors come that the regular expression `pattern` finds, and what to do `instead`."""

    name: str
    pattern: str
    cause: str
    instead: str


def load_load_causes(path: Path = CAUSES) -> list[LoadCause]:
    """The causes, in their order. Raises Problem if the file cannot be read or has a wrong key."""
    try:
        return [LoadCause(name, **table) for name, table in disk.read_toml(path).items()]
    except TypeError as error:
        raise Problem(f"envs/explained/{path.name}: {error}") from None


def find_load_cause(error: str, causes: Sequence[LoadCause]) -> LoadCause | None:
    """The first cause that explains an error; None if there is none."""
    return next((cause for cause in causes if re.search(cause.pattern, error)), None)

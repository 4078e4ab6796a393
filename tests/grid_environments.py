"""Environments of the grid for proofs: made when they are first needed, and removed at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from envs.models import grid, pairing_files
from envs.running import installation

SIDES = grid.list_sides()

MADE: dict[str, Path] = {}
"""Pairings whose environment was made here -> its interpreter."""


@pytest.fixture(scope="module")
def grid_environments() -> Iterator[None]:
    """Remove the environments that a module of tests has made."""
    yield
    for name in list(MADE):
        remove(name)


def make(name: str) -> Path:
    """The interpreter of a side's environment."""
    target = SIDES[name].target
    if target.pairing.name not in MADE:
        MADE[target.pairing.name] = pairing_files.make_environment(target)
    return MADE[target.pairing.name]


def remove(pairing_name: str) -> None:
    """Remove the environment of a pairing."""
    del MADE[pairing_name]
    target = SIDES[pairing_name].target
    installation.drop_environment(pairing_files.grid_environment(target))


def save(name: str) -> None:
    """Have a side save its files, if they are not there."""
    if pairing_files.read_facts(SIDES[name]) is None:
        pairing_files.save_files(SIDES[name], make(name))

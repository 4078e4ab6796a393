"""What a run of the atlas is asked for: its command line, and the cells that it names."""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass

from envs.atlas import cells, layout, row_files
from envs.atlas.cells import Column

FIXED = {
    "tf212": ("keras 2.11", "keras 3.5", "tf-keras 2.14", "tf-keras 2.16"),
    "tf213": ("tf-keras 2.14",),
    "tf215": ("keras 3.15",),
}
"""Row -> cells that every check runs again, one of each verdict among them."""


@dataclass(frozen=True)
class AtlasRequest:
    """Which cells, and what to do with them; no names and no columns mean all.

    `columns` are packages and minors, such as `("keras", "3.5")`; `check` is how many cells,
    picked at random with `seed`, to compare with the record beside the fixed ones.
    """

    names: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    show: bool = False
    again: bool = False
    bless: bool = False
    upgrade: bool = False
    check: int | None = None
    seed: int | None = None

    @property
    def records(self) -> bool:
        """Whether it may write what happened, beyond comparing and showing."""
        return not self.show and self.check is None


Chosen = dict[str, list[Column]]


def parse_atlas_request(argv: Sequence[str]) -> AtlasRequest:
    """The request of a command line; argparse ends the process if it is none."""
    options = argparse.ArgumentParser(prog="nox -s atlas --", description="Run cells of the atlas.")
    options.add_argument("names", nargs="*", help="rows, such as tf212; all if none is named")
    for package in cells.PACKAGES:
        options.add_argument(
            f"--{package}", action="append", default=[], metavar="MINOR", help="only this column"
        )
    options.add_argument("--show", action="store_true", help="run nothing; say what is recorded")
    options.add_argument("--again", action="store_true", help="run what is recorded again, compare")
    options.add_argument("--bless", action="store_true", help="record what turned out differently")
    options.add_argument("--upgrade", action="store_true", help="take releases of a week ago")
    options.add_argument("--check", type=int, metavar="N", help="run the fixed cells and N others")
    options.add_argument("--seed", type=int, help="which N others; printed by each check")
    given = vars(options.parse_args(argv))
    minors = {package: given.pop(package.replace("-", "_")) for package in cells.PACKAGES}
    found = tuple((package, minor) for package in minors for minor in minors[package])
    return AtlasRequest(tuple(given.pop("names")), found, **given)


def pick_cells(count: int, seed: int) -> Chosen:
    """The fixed cells, and `count` others that can be installed, picked at random."""
    chosen: Chosen = {
        name: [layout.find_column(*cell.split()) for cell in cells] for name, cells in FIXED.items()
    }
    left = [
        (name, column)
        for name, row in row_files.load_atlas().items()
        for column, cell in row.items()
        if cell.cannot is None and column not in chosen.get(name, [])
    ]
    for name, column in random.Random(seed).sample(left, min(count, len(left))):
        chosen.setdefault(name, []).append(column)
    return chosen

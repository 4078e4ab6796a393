"""The command line of `nox -s atlas`, and the cells that a check picks."""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass

from envs.atlas import cells, layout, row_files
from envs.atlas.cells import Column
from envs.model import command_line

FIXED = {
    "tf212": ("keras 2.11", "keras 3.5", "tf-keras 2.14", "tf-keras 2.16"),
    "tf213": ("tf-keras 2.14",),
    "tf215": ("keras 3.15",),
}
"""Row -> the cells that every check runs again. Each verdict is among them."""


@dataclass(frozen=True)
class AtlasRequest:
    """Which cells to run or to show, and what to do with the results.

    `names` are rows, `columns` are packages and minors such as `("keras", "3.5")`; none given
    means all. `check` is how many cells to pick at random, with `seed`, and to compare with their
    record, in addition to the fixed cells. `drop` also removes TensorFlow from uv's cache as each
    row ends.
    """

    names: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    show: bool = False
    again: bool = False
    bless: bool = False
    upgrade: bool = False
    check: int | None = None
    seed: int | None = None
    drop: bool = False

    @property
    def records(self) -> bool:
        """Whether the run may write results, not only show or compare them."""
        return not self.show and self.check is None


Chosen = dict[str, list[Column]]
"""Row -> the columns of the cells to run."""


def parse_atlas_request(argv: Sequence[str]) -> AtlasRequest:
    """Parse a command line. argparse ends the process if the line is wrong."""
    count = command_line.parse_count
    options = argparse.ArgumentParser(prog="nox -s atlas --", description="Run cells of the atlas.")
    options.add_argument("names", nargs="*", help="rows, such as tf212; default: all")
    for package in cells.PACKAGES:
        options.add_argument(
            f"--{package}", action="append", default=[], metavar="MINOR", help="only this column"
        )
    options.add_argument("--show", action="store_true", help="show what is recorded, run nothing")
    options.add_argument("--again", action="store_true", help="run recorded cells again, compare")
    options.add_argument("--bless", action="store_true", help="record results that are different")
    options.add_argument("--upgrade", action="store_true", help="take releases up to a week ago")
    options.add_argument(
        "--check",
        type=count,
        metavar="N",
        help="run the fixed cells and N others",
    )
    options.add_argument("--seed", type=int, help="picks the N others; each check prints it")
    options.add_argument("--drop", action="store_true", help="empty uv's cache of TensorFlow too")
    given = vars(options.parse_args(argv))
    minors = {package: given.pop(package.replace("-", "_")) for package in cells.PACKAGES}
    columns = tuple((package, minor) for package in minors for minor in minors[package])
    return AtlasRequest(tuple(given.pop("names")), columns, **given)


def pick_cells(count: int, seed: int) -> Chosen:
    """The fixed cells, and `count` others that can be installed, picked at random.

    The same seed picks the same cells. Raises Problem if the atlas cannot be read.
    """
    chosen: Chosen = {
        name: [layout.find_column(*title.split()) for title in titles]
        for name, titles in FIXED.items()
    }
    others = [
        (name, column)
        for name, row in row_files.load_atlas().items()
        for column, cell in row.items()
        if cell.cannot is None and column not in chosen.get(name, [])
    ]
    for name, column in random.Random(seed).sample(others, min(count, len(others))):
        chosen.setdefault(name, []).append(column)
    return chosen

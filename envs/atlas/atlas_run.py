"""Run cells of the atlas: rows side by side, and each cell recorded or compared as it ends."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from envs import Problem
from envs.atlas import atlas_request, cells, explanation, layout, row_files
from envs.atlas.atlas_request import AtlasRequest, Chosen
from envs.atlas.cells import Cell, Column
from envs.atlas.row_environment import RowEnvironment
from envs.locking import pypi
from envs.model import console, disk, host, pairing
from envs.model.pairing import Target
from envs.running import installation, side_by_side

Say = Callable[[str], None]


def run_atlas(request: AtlasRequest, say: Say) -> None:
    """Show, check or run the cells of a request.

    Raises Problem for an unknown row or column, for a cell that could not be run, and for a cell
    whose result differs from its record. The other cells are run and recorded nevertheless.
    """
    if request.upgrade:
        upgrade_columns(say)
    targets = layout.list_rows()
    names = pairing.choose_names(targets, list(request.names))
    wanted = [layout.find_column(*column) for column in request.columns] or layout.load_columns()[1]
    if request.show:
        recorded = row_files.load_atlas()
        for name in names:
            for column in wanted:
                say(explanation.describe_cell(name, column, recorded))
        return
    host.require_linux("cells are run (--show reads them anywhere)")
    chosen: Chosen = {}
    # A request that names both rows and columns always runs those cells.
    again = request.again or bool(request.names and request.columns)
    if request.check is not None:
        seed = random.randrange(10**6) if request.seed is None else request.seed
        say(f"the fixed cells and {request.check} others: --check {request.check} --seed {seed}")
        chosen = atlas_request.pick_cells(request.check, seed)
    else:
        for name in names:
            stale = row_files.list_stale(targets[name], row_files.load_row(name))
            if columns := [column for column in wanted if again or column in stale]:
                chosen[name] = columns
    _Running(chosen, say, request.bless, request.drop).all()


def upgrade_columns(say: Say) -> None:
    """Make the releases that PyPI had a week ago the columns of the atlas. Raises Problem."""
    as_of = pypi.find_settled_day()
    columns = {
        package: layout.last_of_each_minor(pypi.list_releases(package, as_of))
        for package in cells.PACKAGES
    }
    new = layout.render_columns(as_of, columns)
    layout.FOLDER.mkdir(exist_ok=True)
    old = disk.text_of(layout.COLUMNS)
    disk.write_file(layout.COLUMNS, new)
    say(f"envs/measured/atlas/{layout.COLUMNS.name}: {disk.describe_change(old, new)}")


@dataclass
class _Running:
    """A run of some cells: how far it is, and the messages of those that went wrong."""

    chosen: Chosen
    say: Say
    bless: bool
    drop: bool
    began: float = field(default_factory=time.monotonic)
    done: int = 0
    ran: int = 0
    wrong: list[str] = field(default_factory=list)
    alone: threading.Lock = field(default_factory=threading.Lock)

    @property
    def count(self) -> int:
        """How many cells the run has."""
        return sum(map(len, self.chosen.values()))

    def all(self) -> None:
        """Run all chosen cells. Raises Problem at the end if any went wrong."""
        if not self.chosen:
            self.say("no cell is missing or stale; --again runs recorded cells again")
        # The longest rows first, so that the last ones to end are short.
        names = sorted(self.chosen, key=lambda name: -len(self.chosen[name]))
        jobs = [(name, partial(self.row, name)) for name in names]
        self.wrong += side_by_side.run_side_by_side(jobs, os.cpu_count())
        if self.wrong:
            raise Problem("\n".join(self.wrong))

    def row(self, name: str, stopped: threading.Event) -> None:
        """Run the chosen cells of a row, and record each as it ends."""
        target = layout.list_rows()[name]
        environment = RowEnvironment(target)
        with disk.alone(environment.folder.with_name(f"{environment.folder.name}.row")):
            try:
                environment.make()
                for column in self.chosen[name]:
                    if stopped.is_set():
                        return
                    began = time.monotonic()
                    cell = environment.cell(column)
                    self.note(target, column, cell, time.monotonic() - began)
            finally:
                installation.drop_environment(environment.folder)
                if self.drop:
                    installation.drop_cached_tensorflow()

    def note(self, target: Target, column: Column, cell: Cell, seconds: float) -> None:
        """Record a cell, or note that it differs from its record; then say how far the run is."""
        name = target.pairing.name
        with self.alone:
            row = row_files.load_row(name)
            current = column in row and column not in row_files.list_stale(target, row)
            differs = current and row[column].result != cell.result
            if differs and not self.bless:
                self.wrong.append(_difference(name, column, row[column], cell))
            elif not current or differs:
                disk.write_file(
                    row_files.row_path(name), row_files.render_row(target, row | {column: cell})
                )
            self.done += 1
            self.ran += cell.cannot is None
            message = f"{name} + {column}: {cells.judge_cell(cell, column)} ({seconds:.0f} s)"
            message += ", which differs from its record" if differs else ""
            message += ", as recorded" if current and not differs else ""
            # At most, because cells that cannot be installed take no time.
            each = (time.monotonic() - self.began) / max(1, self.ran)
            minutes = (self.count - self.done) * each / 60
            left = f"; at most {minutes:.0f} min left" if self.done < self.count else ""
            self.say(f"[{self.done}/{self.count}] {message}{left}")


def _difference(name: str, column: Column, old: Cell, new: Cell) -> str:
    """The message for a cell that differs from its record, with both sides."""
    lines = [f"{name} + {column}: differs from envs/measured/atlas/{name}.json"]
    labels = ("admitted", "cannot", "changed", "steps")
    for label, then, now in zip(labels, old.result, new.result, strict=True):
        if then != now:
            lines += [f"    recorded {label}: {then}", f"    happened {label}: {now}"]
    command = f"nox -s atlas -- {name} --{column.package} {column.minor}"
    return "\n".join([*lines, console.tell_repeat(command)])

"""Cells of the atlas, run: rows side by side, each recorded or compared as it ends."""

from __future__ import annotations

import datetime
import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from envs import Problem
from envs.atlas import atlas_request, cells, explanation, layout, row_files
from envs.atlas.atlas_request import AtlasRequest, Chosen
from envs.atlas.cells import Cell, Column
from envs.atlas.row_environment import RowEnvironment
from envs.locking import pypi
from envs.model import disk, pairing
from envs.model.pairing import Target
from envs.running import installation

_LAG = datetime.timedelta(days=7)
"""A mirror may show a file days after PyPI's date of it; PyYAML 6.0.4 took four."""

Say = Callable[[str], None]


def run_atlas(request: AtlasRequest, say: Say) -> None:
    """Do what a request asks for.

    Raises Problem for what is unknown, for a cell that could not be run, and for one that turned
    out differently from its record; the other cells are run and recorded all the same.
    """
    if request.upgrade:
        upgrade_columns(say)
    known = layout.list_rows()
    names = pairing.choose_names(known, list(request.names))
    wanted = [layout.find_column(*one) for one in request.columns] or layout.load_columns()[1]
    if request.show:
        recorded = row_files.load_atlas()
        for name in names:
            for column in wanted:
                say(explanation.describe_cell(name, column, recorded))
        return
    chosen: Chosen = {}
    # A cell that is named by both its row and its column is always run.
    again = request.again or bool(request.names and request.columns)
    if request.check is not None:
        seed = random.randrange(10**6) if request.seed is None else request.seed
        say(f"the fixed cells and {request.check} others: --check {request.check} --seed {seed}")
        chosen = atlas_request.pick_cells(request.check, seed)
    else:
        for name in names:
            old = row_files.list_stale(known[name], row_files.load_row(name))
            if cells := [column for column in wanted if again or column in old]:
                chosen[name] = cells
    _Running(chosen, say, request.bless).all()


def upgrade_columns(say: Say) -> None:
    """Take the releases that PyPI had a week ago as columns."""
    as_of = (datetime.datetime.now(datetime.UTC).date() - _LAG).isoformat()
    found = {
        package: layout.last_of_each_minor(pypi.list_releases(package, as_of))
        for package in cells.PACKAGES
    }
    text = layout.render_columns(as_of, found)
    layout.FOLDER.mkdir(exist_ok=True)
    before = disk.text_of(layout.COLUMNS)
    disk.write_file(layout.COLUMNS, text)
    say(f"envs/measured/atlas/{layout.COLUMNS.name}: {disk.describe_change(before, text)}")


@dataclass
class _Running:
    """Some cells on the way: rows side by side, and what is to be said of each."""

    chosen: Chosen
    say: Say
    bless: bool
    began: float = field(default_factory=time.monotonic)
    done: int = 0
    ran: int = 0
    wrong: list[str] = field(default_factory=list)
    alone: threading.Lock = field(default_factory=threading.Lock)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def count(self) -> int:
        return sum(map(len, self.chosen.values()))

    def all(self) -> None:
        if not self.chosen:
            self.say("no cell is missing or stale; --again runs them all the same")
        # The longest rows first, so that no core is left with one at the end.
        names = sorted(self.chosen, key=lambda name: -len(self.chosen[name]))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            futures = {pool.submit(self.row, name): name for name in names}
            try:
                for future in as_completed(futures):
                    try:
                        future.result()
                    except Problem as problem:
                        self.wrong.append(f"{futures[future]}: {problem}")
            finally:
                self.stopped.set()
                pool.shutdown(cancel_futures=True)
        if self.wrong:
            raise Problem("\n".join(self.wrong))

    def row(self, name: str) -> None:
        """Run the chosen cells of a row, and record each as it ends."""
        target = layout.list_rows()[name]
        place = RowEnvironment(target)
        with disk.alone(place.folder.with_name(f"{place.folder.name}.row")):
            try:
                place.make()
                for column in self.chosen[name]:
                    if self.stopped.is_set():
                        return
                    began = time.monotonic()
                    cell = place.cell(column)
                    self.note(target, column, cell, time.monotonic() - began)
            finally:
                installation.drop_environment(place.folder)

    def note(self, target: Target, column: Column, cell: Cell, seconds: float) -> None:
        """Record a cell, or complain if it is not what its record says, and say how far it is."""
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
            # What cannot be installed takes no time, but which those are is not known before.
            each = (time.monotonic() - self.began) / max(1, self.ran)
            said = f"{name} + {column}: {cells.judge_cell(cell, column)} ({seconds:.0f} s)"
            said += ", which is not what is recorded" if differs else ""
            said += ", as recorded" if current and not differs else ""
            left = (self.count - self.done) * each / 60
            about = f"; at most {left:.0f} min left" if self.done < self.count else ""
            self.say(f"[{self.done}/{self.count}] {said}{about}")


def _difference(name: str, column: Column, old: Cell, new: Cell) -> str:
    """Both sides of a cell that turned out differently."""
    lines = [f"{name} + {column}: is not what envs/measured/atlas/{name}.json says"]
    labels = ("admitted", "cannot", "changed", "steps")
    for label, then, now in zip(labels, old.result, new.result, strict=True):
        if then != now:
            lines += [f"    recorded {label}: {then}", f"    happened {label}: {now}"]
    how = f"nox -s atlas -- {name} --{column.package} {column.minor}"
    lines.append(f"  repeat: {how}; if this is right: {how} --bless")
    return "\n".join(lines)

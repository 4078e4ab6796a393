"""Cells of the atlas, run: an environment for each row, changed and restored."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import random
import re
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

from envs import ROOT, Problem, atlas, environment, lock, outcome, pairing, resolve
from envs.atlas import NOT_REACHED, STEPS, Cell, Column, Conditions
from envs.outcome import Kind
from envs.pairing import Target

FIXED = {
    "tf212": ("keras 2.11", "keras 3.5", "tf-keras 2.14", "tf-keras 2.16"),
    "tf213": ("tf-keras 2.14",),
    "tf215": ("keras 3.15",),
}
"""Row -> cells that every check runs again, one of each verdict among them."""

_LAG = datetime.timedelta(days=7)
"""A mirror may show a file days after PyPI's date of it; PyYAML 6.0.4 took four."""

# The script reports errors and ends well; what Keras prints of others is its own affair.
_ENDED = (Kind.WORKS, Kind.HIDES_AN_ERROR)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Request:
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


def parse(argv: Sequence[str]) -> Request:
    """The request of a command line; argparse ends the process if it is none."""
    options = argparse.ArgumentParser(prog="nox -s atlas --", description="Run cells of the atlas.")
    options.add_argument("names", nargs="*", help="rows, such as tf212; all if none is named")
    for package in atlas.PACKAGES:
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
    minors = {package: given.pop(package.replace("-", "_")) for package in atlas.PACKAGES}
    found = tuple((package, minor) for package in minors for minor in minors[package])
    return Request(tuple(given.pop("names")), found, **given)


def run(request: Request, say: Say) -> None:
    """Do what a request asks for.

    Raises Problem for what is unknown, for a cell that could not be run, and for one that turned
    out differently from its record; the other cells are run and recorded all the same.
    """
    if request.upgrade:
        upgrade(say)
    known = atlas.rows()
    names = pairing.choose(known, list(request.names))
    wanted = [atlas.find_column(*one) for one in request.columns] or atlas.columns()[1]
    if request.show:
        recorded = atlas.load()
        for name in names:
            for column in wanted:
                say(atlas.describe(name, column, recorded))
        return
    chosen: Chosen = {}
    # A cell that is named by both its row and its column is always run.
    again = request.again or bool(request.names and request.columns)
    if request.check is not None:
        seed = random.randrange(10**6) if request.seed is None else request.seed
        say(f"the fixed cells and {request.check} others: --check {request.check} --seed {seed}")
        chosen = pick(request.check, seed)
    else:
        for name in names:
            old = atlas.stale(known[name], atlas.load_row(name))
            if cells := [column for column in wanted if again or column in old]:
                chosen[name] = cells
    _Running(chosen, say, request.bless).all()


def pick(count: int, seed: int) -> Chosen:
    """The fixed cells, and `count` others that can be installed, picked at random."""
    chosen: Chosen = {
        name: [atlas.find_column(*cell.split()) for cell in cells] for name, cells in FIXED.items()
    }
    left = [
        (name, column)
        for name, row in atlas.load().items()
        for column, cell in row.items()
        if cell.cannot is None and column not in chosen.get(name, [])
    ]
    for name, column in random.Random(seed).sample(left, min(count, len(left))):
        chosen.setdefault(name, []).append(column)
    return chosen


def upgrade(say: Say) -> None:
    """Take the releases that PyPI had a week ago as columns."""
    as_of = (datetime.datetime.now(datetime.UTC).date() - _LAG).isoformat()
    found = {
        package: atlas.last_of_each_minor(resolve.releases(package, as_of))
        for package in atlas.PACKAGES
    }
    text = atlas.render_columns(as_of, found)
    atlas.FOLDER.mkdir(exist_ok=True)
    before = lock.text_of(atlas.COLUMNS)
    lock.write(atlas.COLUMNS, text)
    say(f"examples/atlas/{atlas.COLUMNS.name}: {lock.difference(before, text)}")


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
        target = atlas.rows()[name]
        place = Place(target)
        with environment.alone(place.folder.with_name(f"{place.folder.name}.row")):
            try:
                place.make()
                for column in self.chosen[name]:
                    if self.stopped.is_set():
                        return
                    began = time.monotonic()
                    cell = place.cell(column)
                    self.note(target, column, cell, time.monotonic() - began)
            finally:
                environment.drop(place.folder)

    def note(self, target: Target, column: Column, cell: Cell, seconds: float) -> None:
        """Record a cell, or complain if it is not what its record says, and say how far it is."""
        name = target.pairing.name
        with self.alone:
            row = atlas.load_row(name)
            current = column in row and column not in atlas.stale(target, row)
            differs = current and row[column].result != cell.result
            if differs and not self.bless:
                self.wrong.append(_difference(name, column, row[column], cell))
            elif not current or differs:
                lock.write(atlas.row_path(name), atlas.render_row(target, row | {column: cell}))
            self.done += 1
            self.ran += cell.cannot is None
            # What cannot be installed takes no time, but which those are is not known before.
            each = (time.monotonic() - self.began) / max(1, self.ran)
            said = f"{name} + {column}: {atlas.verdict(cell, column)} ({seconds:.0f} s)"
            said += ", which is not what is recorded" if differs else ""
            said += ", as recorded" if current and not differs else ""
            left = (self.count - self.done) * each / 60
            about = f"; at most {left:.0f} min left" if self.done < self.count else ""
            self.say(f"[{self.done}/{self.count}] {said}{about}")


def _difference(name: str, column: Column, old: Cell, new: Cell) -> str:
    """Both sides of a cell that turned out differently."""
    lines = [f"{name} + {column}: is not what examples/atlas/{name}.json says"]
    labels = ("admitted", "cannot", "changed", "steps")
    for label, then, now in zip(labels, old.result, new.result, strict=True):
        if then != now:
            lines += [f"    recorded {label}: {then}", f"    happened {label}: {now}"]
    how = f"nox -s atlas -- {name} --{column.package} {column.minor}"
    lines.append(f"  repeat: {how}; if this is right: {how} --bless")
    return "\n".join(lines)


def _failure(said: str) -> outcome.Outcome:
    """The outcome of a step, from what a traceback says of its exception at the end."""
    lines = said.strip().splitlines()
    if "in user code:" in lines[0]:
        # What runs in a graph has its own traceback in the message, with the error as its end.
        said = lines[-1].strip()
    return outcome.exception(said) or outcome.Outcome(Kind.FAILS, outcome.normalise(lines[0]))


class Place:
    """The environment of a row."""

    def __init__(self, target: Target) -> None:
        """`make` makes it; a run that was killed may have left anything there."""
        self.target = target
        self.folder = ROOT / ".nox" / f"atlas-{target.pairing.name}"

    def make(self) -> None:
        """Make it anew from its lock. Raises NoInterpreter, CouldNotInstall."""
        environment.drop(self.folder)
        file = lock.path(self.target)
        self.python = environment.ensure(self.folder, self.target.python, file)
        self.as_made = self.files()

    def files(self) -> dict[str, int]:
        """Every file and folder that was installed, but bytecode, and its size in bytes.

        Folders count: an empty `keras` can be imported.
        """
        found = {}
        for root in (*environment.site_packages(self.folder), self.python.parent):
            for path in root.rglob("*"):
                if path.suffix != ".pyc" and path.name != "__pycache__":
                    found[str(path)] = 0 if path.is_dir() else path.stat().st_size
        return found

    def cell(self, column: Column) -> Cell:
        """What happens with a column installed; afterwards the environment is as it was.

        Raises Problem for anything that says nothing of that cell: no network, no end.
        """
        cannot, changed = self.install(column)
        steps = {} if cannot else self.steps(column)
        cell = Cell(self.conditions(), self.admitted(column), cannot, changed, steps)
        if changed:
            self.restore()
        return cell

    def restore(self) -> None:
        """Bring the environment back to its lock, file by file, or make it anew."""
        environment.restore(self.folder, lock.path(self.target))
        if self.files() != self.as_made:
            self.make()

    def install(
        self, column: Column
    ) -> tuple[str | None, dict[str, tuple[str | None, str | None]]]:
        """Why a column cannot be installed, or else what installing it changed."""
        before = environment.installed(self.folder)
        constraint = self.folder / "constraint.txt"
        constraint.write_text(f"tensorflow=={self.target.pairing.tensorflow}\n", encoding="utf-8")
        command = [environment.uv() or "uv", "pip", "install", "-p", str(self.python)]
        command += [*environment.from_pypi(), "--exclude-newer", f"{atlas.columns()[0]}T00:00:00Z"]
        command += ["-c", str(constraint), f"{column.package}=={column.version}"]
        done = subprocess.run(
            command,
            env=environment.tool_environ(),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
        constraint.unlink()
        if done.returncode:
            if "No solution found when resolving" in done.stderr:
                return resolve.proof(done.stderr), {}
            said = "\n".join("    " + line for line in done.stderr.strip().splitlines()[-20:])
            raise Problem(f"{column} could not be installed, which says nothing of it:\n{said}")
        after = environment.installed(self.folder)
        return None, {
            name: (before.get(name), after.get(name))
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        }

    def steps(self, column: Column) -> dict[str, str]:
        """How each step ends; what follows on a failed import runs in a process of its own."""
        ended: dict[str, str] = {}
        for wanted in (STEPS, STEPS[3:]):
            if not ended.keys() >= set(wanted):
                ended |= self.script(column, wanted)
        return {step: ended[step] for step in STEPS}

    def script(self, column: Column, wanted: Sequence[str]) -> dict[str, str]:
        """How some steps end in one process, and which are not reached."""
        env = {**self.target.pairing.env, **column.env, "TF_CPP_MIN_LOG_LEVEL": "3"}
        run_ = outcome.run(atlas.SCRIPT, self.python, env, args=(column.module, *wanted))
        ended = {}
        for line in re.findall(r'(?m)^\{"step": .*\}$', run_.output):
            said = json.loads(line)
            if "works" in said:
                ended[said["step"]] = f"{Kind.WORKS}: {said['works']}"
            else:
                ended[said["step"]] = str(_failure(said["fails"]))
        stopped = any(said.startswith(Kind.FAILS) for said in ended.values())
        if run_.outcome.kind is Kind.CRASHES:
            # The step that was under way, or the end of the process after the last one.
            step = next((one for one in wanted if one not in ended), wanted[-1])
            ended[step] = str(run_.outcome)
        elif run_.outcome.kind not in _ENDED or not (stopped or len(ended) == len(wanted)):
            raise Problem(f"{column}: {run_.outcome}\n{run_.output[-2000:]}")
        first = next((step for step in wanted if not ended.get(step, "").startswith("works")), None)
        after = wanted[wanted.index(first) + 1 :] if first else ()
        # Training through keras needs no tf.keras, so that is not what keeps it from being reached.
        return ended | {s: NOT_REACHED for s in after if s not in STEPS[3:] or first in STEPS[3:]}

    def admitted(self, column: Column) -> bool | None:
        """What the metadata of the TensorFlow that is installed says of a column."""
        paths = [str(path) for path in environment.site_packages(self.folder)]
        found = next(one for one in distributions(path=paths) if one.name == "tensorflow")
        return atlas.asked_of_tensorflow(found.requires or (), self.target.python, column)

    def conditions(self) -> Conditions:
        """When and with what."""
        code = "import platform; print(platform.python_version())"
        commands: list[list[str | Path]] = [
            [environment.uv() or "uv", "--version"],
            [self.python, "-I", "-c", code],
        ]
        said = [
            subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            for command in commands
        ]
        return Conditions(
            date=datetime.datetime.now(datetime.UTC).date().isoformat(),
            uv=said[0][1],
            python=said[1][0],
            lock=lock.read(self.target).digest,
            as_of=atlas.columns()[0],
            script=atlas.script_digest(),
        )

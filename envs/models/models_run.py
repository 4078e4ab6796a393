"""Run the grid: every pairing saves, then every pairing loads, and each is recorded as it ends."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from envs import ROOT, Problem
from envs.model import console, disk, host
from envs.models import grid, load_run, models_request, pairing_files, record_files
from envs.models.grid import Loading, Side
from envs.models.models_request import ModelsRequest
from envs.models.record_files import Loaded, Recorded, SavedFile
from envs.running import installation, side_by_side

Say = Callable[[str], object]

_KEPT = 4
"""With so many pairings, their environments stay between saving and loading."""

_SHOWN = 20
"""How many differences of a pairing a message lists."""


def run_models(request: ModelsRequest, say: Say) -> None:
    """Have the pairings of a request save and load, and record or compare each as it ends.

    A request for a reader's file prints its answer, and ends the process with its exit code.
    Raises Problem for an unknown pairing, and at the end for each that could not be run, or that
    differs from its record. The others are recorded nevertheless.
    """
    if request.path:
        raise SystemExit(load_run.run_load(request))
    host.require_linux("models are saved and loaded (--load reads a file anywhere)")
    recorded = record_files.load_grid()
    if request.check is not None:
        seed = random.randrange(10**6) if request.seed is None else request.seed
        request = replace(request, seed=seed)
        say(f"the fixed pairings and {request.check} others: --check {request.check} --seed {seed}")
    done = [name for name, one in recorded.items() if one.loads]
    chosen = models_request.choose_pairings(request, done)
    _Running(request, plan_loads(request, chosen, recorded), say).all()


Plan = dict[str, list[Side]]
"""Name of a side that loads -> those whose files it loads."""


def plan_loads(
    request: ModelsRequest, chosen: Sequence[str], recorded: Mapping[str, Recorded]
) -> Plan:
    """What to load: rows and columns of the chosen pairings, or these among each other alone.

    What is recorded as it is today is left out, unless the request runs it again or compares.
    """
    sides = grid.list_sides()
    among = request.only or request.compares
    again = request.again or request.compares
    plan: Plan = {}
    for loader, loading in sides.items():
        here = loading.target.pairing.name
        savers = []
        for saver in sides.values():
            there = saver.target.pairing.name
            named = (here in chosen) + (there in chosen)
            if named == 2 or (named and not among):
                current = recorded[here].is_current_with(loader, saver)
                # A comparison needs a record to compare with.
                if current if request.compares else again or not current:
                    savers.append(saver)
        if savers:
            plan[loader] = savers
    return plan


@dataclass
class _Running:
    """A run: how far it is, and the messages of those that went wrong."""

    request: ModelsRequest
    plan: Plan
    say: Say
    done: int = 0
    wrong: list[str] = field(default_factory=list)
    writing: threading.Lock = field(default_factory=threading.Lock)

    def all(self) -> None:
        """Save, then load. Raises Problem at the end if any went wrong."""
        if not self.plan:
            self.say("nothing is missing or stale; --again runs what is recorded again")
            return
        sides = grid.list_sides()
        savers = {saver.name for savers in self.plan.values() for saver in savers}
        saving: dict[str, list[Side]] = {}
        loading: dict[str, list[Side]] = {}
        for name, side in sides.items():
            here = side.target.pairing.name
            if name in savers and pairing_files.read_facts(side) is None:
                saving.setdefault(here, []).append(side)
            if name in self.plan:
                loading.setdefault(here, []).append(side)
        keep = len(saving) <= _KEPT
        self.side_by_side(saving, self.save, keep)
        if not self.wrong:
            self.side_by_side(loading, self.load, keep=False)
        for sides_saving in saving.values():
            installation.drop_environment(pairing_files.grid_environment(sides_saving[0].target))
        if self.wrong:
            raise Problem("\n".join(self.wrong))

    def side_by_side(
        self, work: dict[str, list[Side]], step: Callable[[Side, Path], None], keep: bool
    ) -> None:
        """Take a step for the sides of each pairing in its environment, several at a time."""
        jobs = [
            (name, partial(self.in_environment, sides, step, keep)) for name, sides in work.items()
        ]
        self.wrong += side_by_side.run_side_by_side(jobs, self.request.jobs)

    def in_environment(
        self,
        sides: list[Side],
        step: Callable[[Side, Path], None],
        keep: bool,
        stopped: threading.Event,
    ) -> None:
        """Make the environment of a pairing, take a step for each of its sides, and remove it."""
        if stopped.is_set():
            return
        target = sides[0].target
        folder = pairing_files.grid_environment(target)
        with disk.alone(folder.with_name(f"{folder.name}.models")):
            try:
                python = pairing_files.make_environment(target)
                for side in sides:
                    if not stopped.is_set():
                        step(side, python)
            finally:
                if not keep:
                    installation.drop_environment(folder)
        if self.request.drop and not keep:
            installation.drop_cached_tensorflow()

    def save(self, side: Side, python: Path) -> None:
        """Have a side save its files."""
        began = time.monotonic()
        pairing_files.save_files(side, python)
        count = sum(not one.error for one in pairing_files.list_saved(side).values())
        self.say(f"{side.name}: saved {count} files ({time.monotonic() - began:.0f} s)")

    def load(self, side: Side, python: Path) -> None:
        """Have a side load what is planned, then record it, or note how it differs."""
        began = time.monotonic()
        savers = self.plan[side.name]
        loaded = pairing_files.load_savers(side, python, savers)
        saved = pairing_files.list_saved(side) if pairing_files.read_facts(side) else None
        with self.writing, disk.alone(ROOT / ".nox" / "models-record"):
            said = self.note(side, saved, loaded)
        self.done += 1
        count = sum(len(one.cells) for one in loaded.values())
        where = f"[{self.done}/{len(self.plan)}] {side.name}"
        seconds = time.monotonic() - began
        self.say(f"{where}: {count} files of {len(savers)} ({seconds:.0f} s), {said}")

    def note(
        self, side: Side, saved: Mapping[str, SavedFile] | None, loaded: Mapping[str, Loaded]
    ) -> str:
        """Record what was seen, or note that it differs; returns in words what was done."""
        recorded = record_files.load_recorded(side.target)
        differences = list_changed_cells(recorded, side, saved, loaded)
        if differences and not self.request.bless:
            self.wrong.append(describe_differences(side, differences))
            if self.request.compares:
                return "which differs from its record"
        if self.request.compares:
            return "as recorded"
        today = next(iter(loaded.values())).date
        renewed = record_files.renew(recorded, today)
        if saved is not None:
            renewed = record_files.add_saved(renewed, side.name, saved)
        sides = grid.list_sides()
        for name, one in loaded.items():
            kept = recorded.is_current_with(side.name, sides[name])
            if not kept or self.request.bless:
                renewed = record_files.add_loaded(renewed, side.name, name, one)
        if renewed != recorded:
            record_files.write_recorded(renewed)
        return "which differs from its record" if differences else "recorded"


def list_changed_cells(
    recorded: Recorded,
    side: Side,
    saved: Mapping[str, SavedFile] | None,
    loaded: Mapping[str, Loaded],
) -> list[str]:
    """Each thing that is not as it is recorded today, in a line; what is stale is left out."""
    lines = []
    if recorded.current and saved is not None and side.name in recorded.saved:
        then_saved = recorded.saved[side.name]
        for file, fact in saved.items():
            if then_saved.get(file) != fact:
                lines.append(f"saves {file}: recorded {then_saved.get(file)}, happened {fact}")
    sides = grid.list_sides()
    for saver, now in loaded.items():
        if not recorded.is_current_with(side.name, sides[saver]):
            continue
        then = recorded.loads[side.name][saver].cells
        for file in sorted(then.keys() | now.cells.keys()):
            if then.get(file) != now.cells.get(file):
                before, after = _words(then.get(file)), _words(now.cells.get(file))
                lines.append(f"loads {file} of {saver}: recorded {before}, happened {after}")
    return lines


def _words(loading: Loading | None) -> str:
    if loading is None:
        return "nothing"
    trains = f", trains: {loading.trains}" if loading.trains else ""
    otherwise = f", otherwise with {', '.join(loading.otherwise)}" if loading.otherwise else ""
    error = f" ({loading.error})" if loading.error else ""
    return f"{loading.way or 'no way'}{error}{otherwise}{trains}"


def describe_differences(side: Side, differences: Sequence[str]) -> str:
    """The message for a side that differs from its record."""
    name = side.target.pairing.name
    lines = [f"{side.name}: {len(differences)} differences from envs/measured/models/{name}.json"]
    lines += console.shorten_list(differences, _SHOWN, 600)
    return "\n".join([*lines, console.tell_repeat(f"nox -s models -- {name} --again")])

"""`nox -s errors`: make every error for real, and mend it by each of its cures."""

from __future__ import annotations

import argparse
import datetime
import difflib
import os
import random
import shutil
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from envs import Problem
from envs.errors import case_record, case_steps, catalogue_files
from envs.errors.case_environment import CaseEnvironment
from envs.errors.case_record import Made
from envs.errors.case_steps import Track
from envs.errors.catalogue import Entry
from envs.model import command_line, disk, host, pairing
from envs.running import daily_share, installation, side_by_side

Say = Callable[[str], None]


@dataclass(frozen=True)
class ErrorsRequest:
    """Which entries to run; none given means all.

    `check` is how many to take at random, with `seed`, and `today` how many in turn; neither
    writes the record. `drop` removes each environment when its cases are done, and TensorFlow from
    uv's cache.
    """

    names: tuple[str, ...] = ()
    check: int | None = None
    seed: int | None = None
    today: int | None = None
    drop: bool = False
    jobs: int = 2


def parse_errors_request(argv: Sequence[str]) -> ErrorsRequest:
    """Parse a command line. argparse ends the process if the line is wrong."""
    options = argparse.ArgumentParser(
        prog="nox -s errors --",
        description="Make every error of the catalogue for real, and mend it by each of its cures.",
    )
    count = command_line.parse_count
    options.add_argument("names", nargs="*", metavar="NAME", help="entries, such as np-utils")
    options.add_argument("--check", type=count, metavar="N", help="N entries at random")
    options.add_argument("--seed", type=int, help="picks the N; each check prints it")
    options.add_argument("--today", type=count, metavar="N", help="N entries, others each day")
    options.add_argument("--drop", action="store_true", help="remove environments when done")
    options.add_argument("--jobs", type=count, default=os.cpu_count() or 1, help="at a time")
    given = vars(options.parse_args(argv))
    return ErrorsRequest(tuple(given.pop("names")), **given)


def run_errors(request: ErrorsRequest, say: Say) -> None:
    """Run the cases of a request, and record what was made and mended as written.

    Raises Problem for an unknown name, and for every case that does not fail as written, or is not
    mended.
    """
    host.require_linux("errors are made")
    chosen = choose_entries(request, say)
    tracks = [track for entry in chosen for track in case_steps.list_tracks(entry)]
    places = {track.place for track in tracks} | {one.before[0] for one in tracks if one.before}
    say(f"{len(chosen)} errors, {len(tracks)} environments to break and mend, of {len(places)}")
    targets = pairing.list_targets(pairing.load_pairings())
    environments = {one: CaseEnvironment(one, targets.get(one)) for one in places}
    running = _Running(tracks, environments, say, request.drop)
    with disk.temporary_folder() as folder:
        try:
            running.run_all(folder, request.jobs)
        finally:
            if request.drop:
                for environment in environments.values():
                    if environment.folder.exists():
                        drop_place(environment)
    if request.check is None and request.today is None:
        case_record.write_made(running.list_made(chosen))
    if running.wrong:
        raise Problem("\n".join(running.wrong))


def choose_entries(request: ErrorsRequest, say: Say) -> list[Entry]:
    """The entries of a request that have cases. Raises Problem for an unknown name."""
    known = {name: one for name, one in catalogue_files.load_catalogue().items() if one.cases}
    for name in request.names:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean '{close[0]}'? " if close else ""
            why = "no error that is made here has that name"
            raise Problem(f"'{name}': {why}: {hint}examples/README.md lists all")
    names = list(request.names) or list(known)
    if request.check is not None:
        seed = random.randrange(10**6) if request.seed is None else request.seed
        say(f"entries at random: --check {request.check} --seed {seed}")
        names = random.Random(seed).sample(names, min(request.check, len(names)))
    if request.today is not None:
        # Neighbours share an environment, so that a share needs few.
        places = {
            name: [track.place for track in case_steps.list_tracks(known[name])] for name in names
        }
        names.sort(key=lambda name: (places[name][0], sorted(set(places[name])), name))
        names, left = daily_share.rotate_names(names, request.today)
        say(f"not made today: {len(left)} of {len(left) + len(names)}")
    return [known[name] for name in names]


def drop_place(environment: CaseEnvironment) -> None:
    """Remove an environment, and TensorFlow from uv's cache."""
    installation.drop_environment(environment.folder)
    installation.drop_cached_tensorflow()


def is_dry(track: Track) -> bool:
    """Whether its commands only say what they would install."""
    steps = [step for step in track.steps if step.install or step.uninstall or step.run]
    return all("--dry-run" in step.run for step in steps)


class _Running:
    """A run of tracks: what was left by the code before them, and what went wrong."""

    def __init__(
        self,
        tracks: list[Track],
        environments: Mapping[str, CaseEnvironment],
        say: Say,
        drop: bool = False,
    ) -> None:
        self.tracks, self.environments, self.say, self.drop = tracks, environments, say, drop
        self.left: dict[tuple[str, str], Path] = {}
        self.made: Counter[str] = Counter()
        self.seconds: dict[str, float] = defaultdict(float)
        self.wrong: list[str] = []
        self.done = 0
        self.alone = threading.Lock()

    def run_all(self, folder: Path, jobs: int) -> None:
        """Run what leaves files first, then the tracks; an environment is used by one job alone."""
        before = sorted({track.before for track in self.tracks if track.before})
        for number, key in enumerate(before):
            self.left[key] = folder / f"before-{number}"
            self.left[key].mkdir()
        leaving = defaultdict(list)
        for key in before:
            leaving[key[0]].append(key[1])
        first = [(place, partial(self.leave, place, codes)) for place, codes in leaving.items()]
        self.wrong += side_by_side.run_side_by_side(first, jobs)
        by_place: dict[str, list[Track]] = defaultdict(list)
        for track in self.tracks:
            by_place[track.place].append(track)
        order = sorted(by_place, key=lambda place: -len(by_place[place]))
        then = [(place, partial(self.run_place, place, by_place[place], folder)) for place in order]
        failed = side_by_side.run_side_by_side(then, jobs)
        self.wrong += failed

    def leave(self, place: str, codes: list[str], stopped: threading.Event) -> None:
        """Run the code before cases, in one environment."""
        environment = self.environments[place]
        environment.ensure()
        for code in codes:
            if not stopped.is_set():
                environment.run_before(code, self.left[place, code])

    def run_place(
        self, place: str, tracks: list[Track], folder: Path, stopped: threading.Event
    ) -> None:
        """Run the tracks of one environment; those that change nothing first."""
        environment = self.environments[place]
        with disk.alone(environment.folder.with_name(f"{environment.folder.name}.cases")):
            environment.ensure()
            for number, track in enumerate(sorted(tracks, key=lambda one: one.changes)):
                if stopped.is_set():
                    return
                self.run_one(environment, track, folder / f"{place}-{number}")
            if self.drop:
                drop_place(environment)

    def run_one(self, environment: CaseEnvironment, track: Track, folder: Path) -> None:
        """Run a track in a new folder, and restore its environment."""
        began = time.monotonic()
        folder.mkdir()
        if track.before:
            shutil.copytree(self.left[track.before], folder, dirs_exist_ok=True)
        wrong = environment.run_track(track, folder)
        if track.changes and not (environment.bare and is_dry(track)):
            environment.restore()
        shutil.rmtree(folder, ignore_errors=True)
        seconds = time.monotonic() - began
        with self.alone:
            self.done += 1
            self.seconds[track.entry] += seconds
            titles = ", ".join(step.title for step in track.steps)
            end = "wrong" if wrong else "as written"
            number = f"[{self.done}/{len(self.tracks)}]"
            self.say(f"{number} {track.title}: {titles}: {end} ({seconds:.0f} s)")
            for one in wrong:
                self.say(f"    {one}")
            if wrong:
                self.wrong += [f"{track.title}: {one}" for one in wrong]
            else:
                self.made[track.entry] += 1

    def list_made(self, entries: list[Entry]) -> dict[str, Made]:
        """The entries of which all tracks ran as written, and that are not so recorded yet."""
        recorded = case_record.load_made()
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        made = {}
        for entry in entries:
            places = [track.place for track in self.tracks if track.entry == entry.name]
            if self.made[entry.name] < len(places) or case_record.is_made_as_written(
                entry, recorded.get(entry.name)
            ):
                continue
            made[entry.name] = Made(
                today,
                case_steps.digest_cases(entry),
                round(self.seconds[entry.name], 1),
                case_record.find_locks(places),
            )
        return made

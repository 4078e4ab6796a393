"""Run the trials of companions: which, in what order, and what comes of them."""

from __future__ import annotations

import argparse
import os
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from envs import Problem
from envs.companions import packages, trial_files, trials
from envs.companions.trial_environment import TrialEnvironment
from envs.companions.trials import Trial
from envs.locking import pypi
from envs.model import command_line, disk, pairing
from envs.model.pairing import Target
from envs.running import installation, side_by_side

BY_PIP = 10
"""Every tenth companion is tried by pip as well, another tenth in each pairing."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class CompanionsRequest:
    """Which companions to try in which pairings; none given means all.

    `check` is how many recorded trials to run again, picked with `seed`, and to compare; `upgrade`
    takes releases up to a week ago.
    """

    names: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    again: bool = False
    bless: bool = False
    upgrade: bool = False
    check: int | None = None
    seed: int | None = None


def parse_companions_request(argv: Sequence[str]) -> CompanionsRequest:
    """Parse a command line. argparse ends the process if the line is wrong."""
    count = command_line.parse_count
    options = argparse.ArgumentParser(
        prog="nox -s companions --", description="Install what people have beside TensorFlow."
    )
    options.add_argument("names", nargs="*", help="pairings, such as tf212; default: all twelve")
    options.add_argument("--package", action="append", default=[], help="only this companion")
    options.add_argument("--again", action="store_true", help="run recorded trials again, compare")
    options.add_argument("--bless", action="store_true", help="record results that are different")
    options.add_argument("--upgrade", action="store_true", help="take releases up to a week ago")
    options.add_argument(
        "--check",
        type=count,
        metavar="N",
        help="run N recorded trials at random",
    )
    options.add_argument("--seed", type=int, help="picks the N; each check prints it")
    given = vars(options.parse_args(argv))
    chosen = tuple(given.pop("package"))
    return CompanionsRequest(tuple(given.pop("names")), chosen, **given)


def run_companions(request: CompanionsRequest, say: Say) -> None:
    """Run the trials of a request, and record each as it ends.

    Raises Problem for an unknown name, for a trial that could not be made, for one that differs
    from its record, and for one after which the remedy did not mend.
    """
    targets, known = packages.list_environments(), packages.load_companions()
    names = pairing.choose_names(targets, list(request.names))
    if unknown := [name for name in request.packages if name not in known]:
        raise Problem(f"unknown companion '{unknown[0]}'; known: {', '.join(known)}")
    as_of = trial_files.recorded_day(targets) or ""
    if request.upgrade or not as_of:
        as_of = pypi.find_settled_day()
    chosen = _choose(request, {name: targets[name] for name in names}, as_of, say)
    running = _Running(request, as_of, say, sum(map(len, chosen.values())))
    if not chosen:
        say("no trial is missing or stale; --again runs recorded ones again")
    jobs = [
        (name, partial(running.run, targets[name], installer, chosen[name, installer]))
        for name, installer in sorted(chosen, key=lambda job: -len(chosen[job]))
    ]
    running.wrong += side_by_side.run_side_by_side(jobs, os.cpu_count())
    if running.wrong:
        raise Problem("\n".join(running.wrong))


Chosen = dict[tuple[str, str], list[str]]
"""Pairing and installer -> the companions to try."""


def _choose(request: CompanionsRequest, targets: dict[str, Target], as_of: str, say: Say) -> Chosen:
    known = packages.load_companions()
    every: list[tuple[str, str, str]] = []
    for place, name in enumerate(targets):
        for number, companion in enumerate(known):
            every.append((name, "uv", companion))
            # The pip of an older Python cannot leave out what was uploaded later.
            dated = targets[name].python not in ("3.7", "3.8", "3.9")
            if dated and number % BY_PIP == place % BY_PIP:
                every.append((name, "pip", companion))
    if request.packages:
        every = [one for one in every if one[2] in request.packages]
    recorded = {name: trial_files.load_trials(name) for name in targets}
    current = [
        (name, installer, companion)
        for name, installer, companion in every
        if (trial := recorded[name].get(title_of(companion, installer)))
        and not trial_files.is_stale_trial(targets[name], trial, as_of)
    ]
    if request.check is not None:
        seed = random.randrange(10**6) if request.seed is None else request.seed
        say(f"trials at random: --check {request.check} --seed {seed}")
        done = [one for one in every if title_of(one[2], one[1]) in recorded[one[0]]]
        every = random.Random(seed).sample(done, min(request.check, len(done)))
    elif not (request.again or (request.names and request.packages)):
        every = [one for one in every if one not in current]
    chosen: Chosen = {}
    for name, installer, companion in every:
        chosen.setdefault((name, installer), []).append(companion)
    return chosen


def title_of(companion: str, installer: str) -> str:
    """The name of a trial in its file."""
    return companion if installer == "uv" else f"{companion} by pip"


class _Running:
    """A run of some trials: how far it is, and the messages of those that went wrong."""

    def __init__(self, request: CompanionsRequest, as_of: str, say: Say, count: int) -> None:
        self.request, self.as_of, self.say, self.count = request, as_of, say, count
        self.done = 0
        self.wrong: list[str] = []
        self.alone = threading.Lock()

    def run(
        self, target: Target, installer: str, companions: list[str], stopped: threading.Event
    ) -> None:
        """Run the trials of one pairing by one installer, and record each as it ends."""
        environment = TrialEnvironment(target, self.as_of, installer)
        known = packages.load_companions()
        with disk.alone(environment.folder.with_name(f"{environment.folder.name}.trials")):
            try:
                environment.make()
                for name in companions:
                    if stopped.is_set():
                        return
                    began = time.monotonic()
                    try:
                        trial = environment.try_companion(known[name])
                    except Problem as problem:
                        with self.alone:
                            self.wrong.append(f"{target.pairing.name} + {name}: {problem}")
                        environment.make()
                        continue
                    self.note(target, title_of(name, installer), trial, time.monotonic() - began)
                    environment.restore()
            finally:
                installation.drop_environment(environment.folder)

    def note(self, target: Target, title: str, trial: Trial, seconds: float) -> None:
        """Record a trial, or note that it differs from its record."""
        name = target.pairing.name
        verdict = trials.judge_trial(trial)
        with self.alone:
            recorded = trial_files.load_trials(name)
            old = recorded.get(title)
            current = old is not None and not trial_files.is_stale_trial(target, old, self.as_of)
            checks = self.request.check is not None
            differs = old is not None and (current or checks) and not old.is_same(trial)
            command = f"nox -s companions -- {name} --package {title.split()[0]}"
            if differs and (checks or not self.request.bless):
                self.wrong.append(
                    f"{name} + {title}: differs from its record; repeat: {command}; if this is "
                    f"right: {command} --bless"
                )
            elif not checks and (
                old is None or not current or differs or old.scripts != trial.scripts
            ):
                trial_files.write_trials(target, recorded | {title: trial})
            if verdict in ("unnoticed", "not mended"):
                self.wrong.append(f"{name} + {title}: {verdict}: {trials.MEANING[verdict]}")
            self.done += 1
            message = f"[{self.done}/{self.count}] {name} + {title}: {verdict} ({seconds:.0f} s)"
            same = old is not None and (current or checks) and not differs
            self.say(message + (", as recorded" if same else ""))

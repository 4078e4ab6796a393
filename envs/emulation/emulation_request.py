"""The command line of `nox -s emulate`, and the locks that it chooses."""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from envs import Problem
from envs.emulation import emulation_results
from envs.emulation.machine import Machine
from envs.emulation.qemu_machine import QemuMachine
from envs.emulation.wine_machine import WineMachine
from envs.model import command_line, failures, index, lock, outcome_records, pairing, platforms
from envs.model.pairing import Target
from envs.running import daily_share

MACHINES: dict[str, type[Machine]] = {
    machine.platform: machine for machine in (QemuMachine, WineMachine)
}
"""Platform -> what emulates it."""


@dataclass(frozen=True)
class EmulationRequest:
    """Which locks to run by emulation.

    `platforms` are the machines, and `names` the sessions, all that were not yet emulated if none
    is given. `jobs` is how many sessions run at a time. `share` is how many locks of one platform
    to compare with their record today, recording nothing.
    """

    platforms: tuple[str, ...] = tuple(MACHINES)
    names: tuple[str, ...] = ()
    jobs: int = 1
    share: int | None = None


def parse_emulation_request(argv: Sequence[str]) -> EmulationRequest:
    """Parse a command line; argparse ends the process if an option is wrong. Raises Problem."""
    count = command_line.parse_count
    options = argparse.ArgumentParser(
        prog="nox -s emulate --", description="Run locks of other machines by emulation."
    )
    options.add_argument(
        "names",
        nargs="*",
        metavar="PLATFORM or SESSION",
        help=f"{' or '.join(MACHINES)}, and sessions, such as tf212-py39; default: both platforms, "
        "and all sessions without a current record",
    )
    options.add_argument("--jobs", type=count, default=1, help="sessions at a time; default: 1")
    options.add_argument(
        "--share",
        type=count,
        metavar="N",
        help="compare N of one platform, others each day",
    )
    given = options.parse_args(argv)
    chosen: list[str] = []
    names: list[str] = []
    for name in given.names:
        if name in platforms.PLATFORMS and name not in MACHINES:
            raise Problem(f"{name}: nothing emulates it: choose {' or '.join(MACHINES)}")
        (chosen if name in MACHINES else names).append(name)
    if given.share and names:
        raise Problem("--share chooses the sessions itself: name none")
    return EmulationRequest(tuple(chosen or MACHINES), tuple(names), given.jobs, given.share)


def choose_targets(request: EmulationRequest) -> dict[str, list[Target]]:
    """Platform -> the targets to run there, those of recommended Pythons first.

    Raises Problem for an unknown name, for a lock that cannot be run, and for one that no chosen
    platform has.
    """
    pairings = pairing.load_pairings()
    chosen: dict[str, list[Target]] = {}
    for platform in request.platforms:
        known = list_emulated(pairings, platform)
        pairing.choose_names(lock.list_sessions(pairings, platform), list(request.names))
        if request.names:
            chosen[platform] = [known[name] for name in request.names if name in known]
        else:
            chosen[platform] = [target for target in known.values() if not has_current_run(target)]
    for name in request.names:
        if not any(name == target.session for targets in chosen.values() for target in targets):
            where = " or ".join(platforms.PLATFORMS[name].label for name in request.platforms)
            raise Problem(f"{name}: there is no lock for {where} that can be emulated")
    for targets in chosen.values():
        targets.sort(
            key=lambda target: (target.variant != platforms.DEFAULT, not target.recommended)
        )
    return {platform: targets for platform, targets in chosen.items() if targets}


def list_emulated(pairings: dict[str, pairing.Pairing], platform: str) -> dict[str, Target]:
    """Session name -> target, for each lock of a platform that can be emulated."""
    return {
        name: target
        for name, target in lock.list_executable(pairings, platform).items()
        if index.explain_unexecuted(target) is None
    }


def has_current_run(target: Target) -> bool:
    """Whether a target's lock was run as it is now: recorded, or seen and not yet merged."""
    run = outcome_records.last_executed(target, failures.load_rules())
    pins = lock.read_lock(target).digest
    return bool(run and run.pins == pins) or emulation_results.find_result(target) is not None


def choose_emulation_share(
    request: EmulationRequest, day: datetime.date | None = None
) -> dict[str, list[Target]]:
    """The targets of a day (today in UTC by default) that are compared with their record.

    They are of one platform, which is another one the next day. Raises Problem.
    """
    assert request.share
    (platform,), _ = daily_share.rotate_names(list(request.platforms), 1, day)
    known = list_emulated(pairing.load_pairings(), platform)
    rules = failures.load_rules()
    recorded = [name for name in known if outcome_records.last_executed(known[name], rules)]
    names, _ = daily_share.rotate_names(recorded, request.share, day)
    return {platform: [known[name] for name in names]} if names else {}

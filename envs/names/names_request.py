"""The command line of `nox -s names`, and the pairings that a check picks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from envs import Problem
from envs.model import command_line, pairing
from envs.model.pairing import Target
from envs.running import daily_share

FIXED = ("tf216-legacy",)
"""The pairings that every check walks again: this one has all three packages."""


@dataclass(frozen=True)
class NamesRequest:
    """Which pairings to walk, and what to do with what is seen.

    `names` are sessions, such as `tf212` or `tf212-py39`; none given means every pairing that is
    missing or stale and every other Python whose record is stale, or with `pythons` also those that
    are missing, and no pairing. `check` is how many to pick at
    random, with `seed`, and to compare with their record, in addition to the fixed ones. `today`
    is how many to compare of those whose turn it is. `jobs` is how many are walked at a time.
    `keep` leaves the environments, and `drop` also removes TensorFlow from uv's cache.
    """

    names: tuple[str, ...] = ()
    pythons: bool = False
    again: bool = False
    bless: bool = False
    keep: bool = False
    drop: bool = False
    check: int | None = None
    seed: int | None = None
    today: int | None = None
    jobs: int = 2

    @property
    def compares(self) -> bool:
        """Whether the run only compares, and writes nothing."""
        return self.check is not None or self.today is not None


def parse_names_request(argv: Sequence[str]) -> NamesRequest:
    """Parse a command line. argparse ends the process if the line is wrong."""
    count = command_line.parse_count
    options = argparse.ArgumentParser(prog="nox -s names --", description="Record names.")
    options.add_argument("names", nargs="*", help="pairings, such as tf212, or tf212-py39")
    options.add_argument("--pythons", action="store_true", help="the Pythons not recommended")
    options.add_argument("--again", action="store_true", help="walk recorded ones again, compare")
    options.add_argument("--bless", action="store_true", help="record what is different")
    options.add_argument("--keep", action="store_true", help="leave the environments")
    options.add_argument("--drop", action="store_true", help="empty uv's cache of TensorFlow too")
    options.add_argument("--check", type=count, metavar="N", help="compare the fixed and N others")
    options.add_argument("--seed", type=int, help="picks the N others; each check prints it")
    options.add_argument("--today", type=count, metavar="N", help="compare N, others each day")
    options.add_argument("--jobs", type=count, default=2, metavar="N", help="how many at a time")
    given = vars(options.parse_args(argv))
    return NamesRequest(tuple(given.pop("names")), **given)


def list_other_pythons() -> dict[str, Target]:
    """Session -> target of each Python that is not the recommended one of its pairing."""
    targets = pairing.list_targets(pairing.load_pairings())
    return {name: target for name, target in targets.items() if not target.recommended}


def list_recommended() -> dict[str, Target]:
    """Name of each possible pairing -> its recommended target, oldest TensorFlow first."""
    targets = pairing.list_targets(pairing.load_pairings())
    return {name: target for name, target in targets.items() if target.recommended}


def choose_walks(request: NamesRequest, recorded: Sequence[str], stale: Sequence[str]) -> list[str]:
    """The sessions to walk. `recorded` and `stale` are names of pairings.

    Raises Problem for a session that is not known, and if there is nothing to compare with.
    """
    if request.compares and not recorded:
        raise Problem(
            "no names are recorded, so that there is nothing to compare: run nox -s names"
        )
    if request.check is not None:
        return daily_share.pick_names(recorded, FIXED, request.check, request.seed)
    if request.today is not None:
        return daily_share.rotate_names(list(recorded), request.today)[0]
    known = pairing.list_targets(pairing.load_pairings())
    if request.names:
        return pairing.choose_names(known, list(request.names))
    return list(recorded) if request.again else list(stale)

"""The command lines of `nox -s plan` and `nox -s shard`."""

from __future__ import annotations

import argparse
import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from envs import Problem
from envs.engine import kinds
from envs.model import command_line, pairing, platforms


@dataclass(frozen=True)
class PlanRequest:
    """Which work to plan, in how many shards.

    `names` are pairings, all if there are none. `share` is how many sessions of each kind and
    platform, those whose turn it is on `day` (today by default); 0 means all.
    """

    shards: int
    platforms: tuple[str, ...] = tuple(platforms.PLATFORMS)
    kinds: tuple[str, ...] = tuple(kinds.KINDS)
    names: tuple[str, ...] = ()
    share: int = 0
    day: datetime.date | None = None

    def asks_for(self, session: str) -> bool:
        """Whether a session is of one of the pairings that are named."""
        return not self.names or re.sub(r"-py\d+|-cpu$|-cuda$", "", session) in self.names


@dataclass(frozen=True)
class ShardRequest:
    """Which shard to run: its place, how many there are, and where its results go.

    It is one of a plan in a file, or else of the plan of this checkout.
    """

    place: int
    plan: PlanRequest
    results: Path
    file: Path | None = None


def parse_plan_request(argv: Sequence[str]) -> PlanRequest | None:
    """Parse a command line of `nox -s plan`; None if it asks for the table of the scale.

    argparse ends the process if the line is wrong. Raises Problem for an unknown pairing.
    """
    count = command_line.parse_count
    options = _make_parser("plan", "Plan all work as shards, and print them as a matrix.")
    options.add_argument("--shards", type=count, metavar="N", help="how many shards")
    options.add_argument("--share", type=count, default=0, metavar="N")
    options.add_argument(
        "--scale", action="store_true", help="say how long it takes on 1, 20 and 100 runners"
    )
    given = options.parse_args(argv)
    if given.scale:
        return None
    if not given.shards:
        options.error("--shards N is missing: write one such as --shards 40")
    return _make_request(given, given.shards)


def parse_shard_request(argv: Sequence[str], origin: Path) -> ShardRequest:
    """Parse a command line of `nox -s shard`; argparse ends the process if it is wrong.

    `origin` is the folder in which it was typed. Raises Problem for an unknown pairing.
    """
    options = _make_parser("shard", "Run one shard of a plan on this machine.")
    options.add_argument("shard", help="its place, such as 3/40")
    options.add_argument("--results", default="results", metavar="FOLDER", help="default: results")
    options.add_argument("--plan", metavar="FILE", help="the plan; default: that of this checkout")
    given = options.parse_args(argv)
    place = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", given.shard)
    if place is None or int(place[1]) > int(place[2]):
        options.error(f"'{given.shard}' is no shard: write one such as 3/40")
    return ShardRequest(
        int(place[1]),
        _make_request(given, int(place[2])),
        origin / given.results,
        origin / given.plan if given.plan else None,
    )


def _make_parser(session: str, summary: str) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        prog=f"nox -s {session} --", description=summary, allow_abbrev=False
    )
    options.add_argument(
        "--platform", action="append", default=[], help="only this, such as windows; again for more"
    )
    options.add_argument("--kind", action="append", default=[], choices=list(kinds.KINDS))
    options.add_argument(
        "--pairing", action="append", default=[], metavar="NAME", help="only this, such as tf212"
    )
    return options


def _make_request(given: argparse.Namespace, shards: int) -> PlanRequest:
    pairing.choose_names(pairing.load_pairings(), given.pairing)
    chosen: list[str] = []
    for word in given.platform:
        if not (matched := platforms.match_platforms(word)):
            known = ", ".join(platforms.PLATFORMS)
            raise Problem(f"unknown platform '{word}'; the known ones are: {known}")
        chosen += matched
    return PlanRequest(
        shards,
        tuple(chosen or platforms.PLATFORMS),
        tuple(given.kind or kinds.KINDS),
        tuple(given.pairing),
        getattr(given, "share", 0),
    )

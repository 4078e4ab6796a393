"""The command line of `nox -s models`, and the pairings that a check picks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from envs import Problem
from envs.model import command_line, pairing
from envs.names import names_request
from envs.running import daily_share

FIXED = ("tf212", "tf215")
"""The pairings that every check runs again: between them, files load, fail, and need options."""


@dataclass(frozen=True)
class ModelsRequest:
    """Which pairings save and load, or which file of a reader's to look at.

    `names` are pairings; none means all. With `only`, they load what they saved themselves among
    each other, and nothing of others. `check` is how many to pick at random, with `seed`, and to
    compare with their record, in addition to the fixed ones; `today` is how many to compare of
    those whose turn it is. `drop` also removes TensorFlow from uv's cache.

    `path` is a file or folder to inspect, `shown` is how it was typed, `to` the pairing that shall
    load it, `as_json` the form of the answer.
    """

    names: tuple[str, ...] = ()
    only: bool = False
    again: bool = False
    bless: bool = False
    drop: bool = False
    check: int | None = None
    seed: int | None = None
    today: int | None = None
    jobs: int = 2
    path: Path | None = None
    shown: str = ""
    to: str = ""
    as_json: bool = False

    @property
    def compares(self) -> bool:
        """Whether the run only compares, and writes nothing."""
        return self.check is not None or self.today is not None


def parse_models_request(argv: Sequence[str], origin: Path | None = None) -> ModelsRequest:
    """Parse a command line. argparse ends the process, with exit code 2, if the line is wrong.

    `origin` is the folder in which it was typed.
    """
    count = command_line.parse_count
    options = argparse.ArgumentParser(
        prog="nox -s models --",
        description="Record which pairing loads what another saved; or say it of your file.",
        epilog="With --load, exit code 0: it loads in the pairing that --to names, or in some; "
        "1: it does not; 2: it cannot be read. Nothing in the file is run.",
        allow_abbrev=False,
    )
    options.add_argument("names", nargs="*", help="pairings, such as tf212; default: all")
    options.add_argument("--only", action="store_true", help="these among each other alone")
    options.add_argument("--again", action="store_true", help="run recorded ones again, compare")
    options.add_argument("--bless", action="store_true", help="record what is different")
    options.add_argument("--drop", action="store_true", help="empty uv's cache of TensorFlow too")
    options.add_argument("--check", type=count, metavar="N", help="compare the fixed and N others")
    options.add_argument("--seed", type=int, help="picks the N others; each check prints it")
    options.add_argument("--today", type=count, metavar="N", help="compare N, others each day")
    options.add_argument("--jobs", type=count, default=2, metavar="N", help="how many at a time")
    options.add_argument("--load", dest="shown", default="", metavar="PATH", help="your model")
    options.add_argument("--to", default="", metavar="PAIRING", help="the way to this pairing")
    options.add_argument("--json", dest="as_json", action="store_true", help="the answer as JSON")
    given = vars(options.parse_args(argv))
    if (given["to"] or given["as_json"]) and not given["shown"]:
        options.error("--to and --json go with --load PATH")
    if given["shown"] and given["names"]:
        options.error("--load takes no pairing: write --to tf221 for the way to one")
    path = (origin or Path.cwd()) / given["shown"] if given["shown"] else None
    return ModelsRequest(tuple(given.pop("names")), path=path, **given)


def choose_pairings(request: ModelsRequest, recorded: Sequence[str]) -> list[str]:
    """The pairings that a request names, or that a check picks from those recorded.

    Raises Problem for a pairing that is not known, and if there is nothing to compare with.
    """
    if request.compares and not recorded:
        raise Problem("nothing is recorded to compare with: run nox -s models")
    if request.check is not None:
        return daily_share.pick_names(recorded, FIXED, request.check, request.seed)
    if request.today is not None:
        return daily_share.rotate_names(list(recorded), request.today)[0]
    return pairing.choose_names(names_request.list_recommended(), list(request.names))

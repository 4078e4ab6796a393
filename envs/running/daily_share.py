"""The daily share: choose which further Pythons and variants are run today."""

from __future__ import annotations

import datetime
import random
import re
from collections.abc import Callable, Sequence

from envs import Problem
from envs.model import host, lock, pairing


def tell_share(argv: Sequence[str], say: Callable[[str], object]) -> list[str]:
    """The sessions of today's share, of ten or of the number given; says which are left out.

    Raises Problem for anything but a number.
    """
    chosen, left = choose_share(" ".join(argv) or "10")
    say(f"not run today: {', '.join(left) or 'none'}")
    return chosen


def choose_share(count: str, day: datetime.date | None = None) -> tuple[list[str], list[str]]:
    """The sessions to run on a day, and those to leave out.

    The sessions of recommended Pythons are in neither list, nor is `cuda`, which downloads 3 GB a
    session. `count` is how many to run; the default day is today in UTC. Each day continues where
    the day before stopped, so that every session gets its turn. Raises Problem if `count` is not a
    number.
    """
    if not re.fullmatch(r"[1-9]\d*", count):
        raise Problem(f"'{count}' is not a number of sessions: write 1 or more, such as 10")
    number = int(count)
    known = lock.list_executable(pairing.load_pairings(), host.find_host())
    names = [
        name
        for name, target in known.items()
        if name != target.pairing.name and target.variant != "cuda"
    ]
    return rotate_names(names, number, day)


def rotate_names(
    names: list[str], number: int, day: datetime.date | None = None
) -> tuple[list[str], list[str]]:
    """The `number` names whose turn it is on a day (today in UTC by default), and the others."""
    if not names:
        return [], []
    first = (day or datetime.datetime.now(datetime.UTC).date()).toordinal() * number % len(names)
    rotated = names[first:] + names[:first]
    return rotated[:number], rotated[number:]


def pick_names(
    names: Sequence[str], fixed: Sequence[str], number: int, seed: int | None
) -> list[str]:
    """Those of `fixed` that are among the names, then `number` others at random."""
    others = [name for name in names if name not in fixed]
    picked = random.Random(seed).sample(others, min(number, len(others)))
    return [*(name for name in fixed if name in names), *picked]

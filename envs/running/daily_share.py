"""The daily share: which sessions beyond the recommended ones are run today."""

from __future__ import annotations

import datetime
import re

from envs import Problem
from envs.model import lock, pairing


def choose_share(count: str, day: datetime.date | None = None) -> tuple[list[str], list[str]]:
    """Sessions to run on a day, `count` of those that no pairing recommends, and the others.

    Each day takes the next ones, so that all get their turn. Raises Problem if it is no number.
    """
    if not re.fullmatch(r"[1-9]\d*", count):
        raise Problem(f"'{count}' is no number of sessions: write one from 1 on, such as 10")
    number = int(count)
    known = lock.list_executable(pairing.load_pairings())
    names = [name for name, target in known.items() if name != target.pairing.name]
    first = (day or datetime.datetime.now(datetime.UTC).date()).toordinal() * number % len(names)
    turned = names[first:] + names[:first]
    return turned[:number], turned[number:]

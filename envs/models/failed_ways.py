"""Ways through another pairing that fail, though each step alone is as in the grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from envs import EXPLAINED, Problem
from envs.model import disk

FILE = EXPLAINED / "failed_ways.toml"


@dataclass(frozen=True)
class WayRun:
    """A way that was run: `file` of `saver` is loaded `between` in a way, saved, and loaded."""

    saver: str
    file: str
    between: str
    way: str
    saves: str
    to: str
    then: str


@dataclass(frozen=True)
class FailedWay:
    """Ways that fail alike: why, with which `error` its example ends, and which ways are meant.

    A side of `between` loads a file of `forms` that holds one of `kinds`, in one of `ways`, and
    saves it in one of the formats `saves`, which is then loaded in one of `loads`. Empty means all.
    """

    name: str
    forms: tuple[str, ...]
    saves: tuple[str, ...]
    cause: str
    error: str
    example: WayRun
    between: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()
    loads: tuple[str, ...] = ()


@cache
def load_failed_ways() -> tuple[FailedWay, ...]:
    """The ways that fail. Raises Problem if the file cannot be read or has a wrong key."""
    try:
        return tuple(_read_way(name, table) for name, table in disk.read_toml(FILE).items())
    except (KeyError, TypeError) as error:
        raise Problem(f"envs/explained/{FILE.name}: {error}") from None


_LISTS = ("forms", "saves", "between", "kinds", "ways", "loads")


def _read_way(name: str, table: dict[str, Any]) -> FailedWay:
    if wrong := [key for key in _LISTS if not isinstance(table.get(key, []), list)]:
        raise TypeError(f"{name}: {', '.join(wrong)}: write a list")
    lists = {key: tuple(table[key]) for key in _LISTS if key in table}
    return FailedWay(name, **{**table, **lists, "example": WayRun(**table["example"])})


@cache
def is_known_to_fail(
    form: str, kinds: tuple[str, ...], between: str, way: str, saves: str, then: str
) -> bool:
    """Whether a file of a format, loaded and saved again in a side, does not load in the end.

    Of a file that may be of several kinds, whether it is so for one of them.
    """
    return any(
        form in failed.forms
        and (not failed.kinds or bool({*kinds} & {*failed.kinds}))
        and (not failed.between or between in failed.between)
        and (not failed.ways or way in failed.ways)
        and saves in failed.saves
        and (not failed.loads or then in failed.loads)
        for failed in load_failed_ways()
    )

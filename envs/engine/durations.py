"""Durations: the CPU time that each session took on a real machine, and what others are to take."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from envs import MEASURED, Problem
from envs.model import disk

FILE = MEASURED / "seconds.json"
ENGINE = Path(__file__).with_name("engine.toml")

_NEWS = 1.5
"""A new measurement replaces one that differs by this factor: less only makes a diff longer."""

Durations = dict[str, dict[str, dict[str, int]]]
"""Kind -> platform -> session -> CPU seconds of what it started, its installation aside.

CPU time, because it is much the same on a machine that does other things too. On Windows, which
does not tell it, the time of the whole session.
"""


def load_durations() -> Durations:
    """What was measured; empty if there is no file. Raises Problem for a file of another form."""
    if not FILE.exists():
        return {}
    try:
        data: Durations = json.loads(FILE.read_text(encoding="utf-8"))["kinds"]
        for by_platform in data.values():
            for sessions in by_platform.values():
                if not all(type(seconds) is int for seconds in sessions.values()):
                    raise ValueError("seconds must be whole numbers")
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise Problem(
            f"envs/measured/{FILE.name}: cannot be read ({error}): restore it with git"
        ) from None
    return data


def record_durations(measured: Durations) -> None:
    """Add measurements to the file. Raises Problem if it cannot be read or written.

    One that is much like what is there already is left out, so that a merge which finds nothing
    new changes nothing.
    """
    known = load_durations()
    for kind, by_platform in measured.items():
        for platform, sessions in by_platform.items():
            here = known.setdefault(kind, {}).setdefault(platform, {})
            for session, seconds in sessions.items():
                if not _is_like(seconds, here.get(session, 0)):
                    here[session] = seconds
    if known:
        disk.write_file(FILE, _render(known))


def _is_like(new: int, old: int) -> bool:
    return old > 0 and max(new, 1) / old < _NEWS and old / max(new, 1) < _NEWS


def _render(durations: Durations) -> str:
    """The text of the file: one session a line, so that a diff is easy to read."""
    blocks = []
    for kind, by_platform in sorted(durations.items()):
        for platform, sessions in sorted(by_platform.items()):
            lines = [f"    {json.dumps(name)}: {took}" for name, took in sorted(sessions.items())]
            blocks.append((kind, f'   "{platform}": {{\n' + ",\n".join(lines) + "\n   }"))
    kinds = [
        f'  "{kind}": {{\n' + ",\n".join(block for of, block in blocks if of == kind) + "\n  }"
        for kind in sorted(durations)
    ]
    said = (
        "by nox -s merge: CPU seconds of each session on a real machine, without its installation"
    )
    return f'{{\n "generated": "{said}",\n "kinds": {{\n' + ",\n".join(kinds) + "\n }\n}\n"


def load_engine() -> Mapping[str, Any]:
    """What an engine offers: runners, limits, and the seconds of what was never measured."""
    return disk.read_toml(ENGINE)


def estimate_seconds(durations: Durations, kind: str, platform: str, session: str) -> int:
    """Seconds that a session is to take on one core: its installation, and what was measured.

    What was not measured takes the median of its platform. Where nothing was measured on its
    platform, it is the median of all platforms, and where nothing was measured of its kind, the
    figure in `engine.toml`, which also has the seconds of an installation.
    """
    installation: int = load_engine()["installation"][kind]
    return installation + _find_cost(durations, kind, platform, session)


def _find_cost(durations: Durations, kind: str, platform: str, session: str) -> int:
    of_kind = durations.get(kind, {})
    here = of_kind.get(platform, {})
    if session in here:
        return here[session]
    known = list(here.values()) or [took for some in of_kind.values() for took in some.values()]
    if known:
        return round(statistics.median(known))
    unmeasured: int = load_engine()["unmeasured"][kind]
    return unmeasured

"""Durations: how long each session took on a real machine, and how long the others are to take."""

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
"""Kind -> platform -> session -> seconds, installation included."""


def load_durations(file: Path = FILE) -> Durations:
    """What was measured; empty if there is no file. Raises Problem for a file of another form."""
    if not file.exists():
        return {}
    try:
        data: Durations = json.loads(file.read_text(encoding="utf-8"))["kinds"]
        for by_platform in data.values():
            for sessions in by_platform.values():
                if not all(type(seconds) is int for seconds in sessions.values()):
                    raise ValueError("seconds must be whole numbers")
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise Problem(
            f"envs/measured/{file.name}: cannot be read ({error}): restore it with git"
        ) from None
    return data


def record_durations(measured: Durations, file: Path = FILE) -> None:
    """Add measurements to the file. Raises Problem if it cannot be read or written.

    One that is much like what is there already is left out, so that a merge which finds nothing
    new changes nothing.
    """
    known = load_durations(file)
    for kind, by_platform in measured.items():
        for platform, sessions in by_platform.items():
            here = known.setdefault(kind, {}).setdefault(platform, {})
            for session, seconds in sessions.items():
                if not _is_like(seconds, here.get(session, 0)):
                    here[session] = seconds
    if known:
        disk.write_file(file, _render(known))


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
    said = "by nox -s merge: seconds of a session on a real machine, its installation included"
    return f'{{\n "generated": "{said}",\n "kinds": {{\n' + ",\n".join(kinds) + "\n }\n}\n"


def load_engine(file: Path = ENGINE) -> Mapping[str, Any]:
    """What an engine offers: runners, limits, and the seconds of what was never measured."""
    return disk.read_toml(file)


def estimate_seconds(durations: Durations, kind: str, platform: str, session: str) -> int:
    """Seconds that a session is to take: measured, or else the median of its platform.

    Where nothing was measured on its platform, it is the median of all platforms, and where nothing
    was measured of its kind, the figure in `engine.toml`.
    """
    of_kind = durations.get(kind, {})
    here = of_kind.get(platform, {})
    if session in here:
        return here[session]
    known = list(here.values()) or [took for some in of_kind.values() for took in some.values()]
    if known:
        return round(statistics.median(known))
    unmeasured: int = load_engine()["unmeasured"][kind]
    return unmeasured

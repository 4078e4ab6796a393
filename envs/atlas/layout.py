"""The layout of the atlas: its rows, which are pairings, and its columns, which are releases."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from envs import MEASURED, Problem
from envs.atlas import cells
from envs.atlas.cells import Column
from envs.model import pairing, version_numbers
from envs.model.pairing import Target

FOLDER = MEASURED / "atlas"
COLUMNS = FOLDER / "columns.json"

_OLDEST = (2, 2)


@cache
def list_rows() -> dict[str, Target]:
    """Name -> recommended target of the pairing that represents each TensorFlow minor."""
    pairings = pairing.load_pairings().values()
    return {
        pairing_.name: Target(pairing_, pairing_.pythons[0])
        for pairing_ in pairings
        if pairing_.kind not in ("bundled", "legacy") and not pairing_.impossible
    }


def load_columns(path: Path = COLUMNS) -> tuple[str, list[Column]]:
    """The day after which releases are ignored, and the columns. Raises Problem."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return data["as_of"], [
            Column(package, version) for package in cells.PACKAGES for version in data[package]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem(
            f"envs/measured/atlas/{path.name}: cannot be read ({error}): "
            "run nox -s atlas -- --upgrade"
        ) from None


def last_of_each_minor(versions: Iterable[str]) -> list[str]:
    """The last final release of each minor from 2.2 on, in order."""
    last: dict[tuple[int, ...], str] = {}
    final = [version for version in versions if re.fullmatch(r"\d+\.\d+\.\d+", version)]
    for version in sorted(final, key=version_numbers.release_numbers):
        minor = version_numbers.release_numbers(version)[:2]
        if minor >= _OLDEST:
            last[minor] = version
    return list(last.values())


def render_columns(as_of: str, releases: Mapping[str, Sequence[str]]) -> str:
    """The text of the file that lists the columns."""
    facts = {"generated": "by nox -s atlas -- --upgrade, from PyPI", "as_of": as_of}
    return json.dumps(facts | {name: releases[name] for name in cells.PACKAGES}, indent=1) + "\n"


def find_column(package: str, minor: str) -> Column:
    """The column of a package, by its minor, such as `3.5`, or its release. Raises Problem."""
    known = [column for column in load_columns()[1] if column.package == package]
    for column in known:
        if minor in (column.minor, column.version):
            return column
    minors = ", ".join(column.minor for column in known)
    raise Problem(f"the atlas has no {package} '{minor}'; it has: {minors}")

"""Release numbers: their order, and the minor that a release belongs to."""

from __future__ import annotations

import re


def release_numbers(version: str) -> tuple[int, ...]:
    """The numbers of a release, to sort by: `2.12.0` gives `(2, 12, 0)`."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def minor_of(version: str) -> str:
    """The minor that a release belongs to: `2.12.0` gives `2.12`."""
    return ".".join(version.split(".")[:2])


def pre_release_of(version: str) -> str:
    """What marks a release as a pre-release, such as `rc0`; empty for a final one."""
    return re.sub(r"^[\d.]+", "", version)

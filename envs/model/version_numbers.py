"""Releases as numbers: how they are ordered, and which minor one belongs to."""

from __future__ import annotations

import re


def release_numbers(version: str) -> tuple[int, ...]:
    """The numbers of a release, in order: `(2, 12, 0)`."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def minor_of(version: str) -> str:
    """The minor that a release belongs to: `2.12`."""
    return ".".join(version.split(".")[:2])


def pre_release_of(version: str) -> str:
    """What marks a release as a pre-release, such as `rc0`; empty for a final one."""
    return re.sub(r"^[\d.]+", "", version)

"""What is to be copied into a project: its command line, and the lock that it names."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envs import Problem
from envs.model import index, pairing, platforms, version_numbers
from envs.model.index import Entry
from envs.model.pairing import Pairing, Target
from envs.model.platforms import DEFAULT, PLATFORMS, VARIANTS

FORMATS = {"requirements": "requirements.txt", "pylock": "pylock.toml"}
"""Format -> the file that the lock becomes."""

TEMPLATES = {
    "dockerfile": "Dockerfile",
    "devcontainer": ".devcontainer/devcontainer.json",
    "conda": "environment.yml",
    "pyproject": "pyproject.toml",
    "github": ".github/workflows/tensorflow.yml",
}
"""Template -> the file that it becomes."""


@dataclass(frozen=True)
class CopyRequest:
    """What is to be copied where. Without `python` or `platform`, those that run this are meant.

    `platform` may be a word that names one platform, such as `windows`.
    """

    pairing: str
    path: Path
    python: str | None = None
    platform: str | None = None
    variant: str = DEFAULT
    templates: tuple[str, ...] = ()
    format: str = "requirements"
    force: bool = False


def parse_copy_request(argv: Sequence[str], origin: Path | None = None) -> CopyRequest:
    """The request of a command line; argparse ends the process if it is none.

    `origin` is the folder in which it was typed, if this process has another.
    """
    options = argparse.ArgumentParser(
        prog="nox -s copy --",
        description="Copy the lock of a pairing into a project, with its .in file and verify.py.",
        allow_abbrev=False,
    )
    options.add_argument("pairing", help="such as tf212; nox -l lists them")
    options.add_argument("path", type=Path, metavar="PATH", help="the folder of the project")
    options.add_argument("--python", metavar="3.11", help="default: the one that runs nox")
    options.add_argument(
        "--platform", help=f"{', '.join(PLATFORMS)}, or a word of one; default: this machine's"
    )
    options.add_argument("--variant", default=DEFAULT, help=", ".join(VARIANTS))
    options.add_argument(
        "--with",
        dest="templates",
        default="",
        metavar="TEMPLATE,...",
        help=f"add files made for it: {', '.join(TEMPLATES)}",
    )
    options.add_argument("--format", default="requirements", help=" or ".join(FORMATS))
    options.add_argument("--force", action="store_true", help="replace files that exist")
    given = vars(options.parse_args(argv))
    given["templates"] = tuple(filter(None, given["templates"].split(",")))
    if origin and origin != Path.cwd():
        given["path"] = origin / given["path"]
    return CopyRequest(**given)


def choose_target(request: CopyRequest, listed: Sequence[Entry]) -> Target:
    """The target that a request names. Raises Problem, with the nearest, if it has no lock."""
    pairings = pairing.load_pairings()
    pairing.choose_names(pairings, [request.pairing])
    python = request.python or f"{sys.version_info.major}.{sys.version_info.minor}"
    if not re.fullmatch(r"3\.\d{1,2}", python):
        raise Problem(f"--python {python}: write it as 3.11")
    if request.variant not in VARIANTS:
        raise Problem(f"unknown variant '{request.variant}'; they are: {', '.join(VARIANTS)}")
    platform = _platform(request.platform)
    target = Target(pairings[request.pairing], python, platform, request.variant)
    if find_entry(target, listed).get("status", "impossible") != "impossible":
        return target
    found = find_nearest(target, pairings, listed)
    raise Problem(
        f"{target.pairing.name}: no lock for {describe_target(target)}: {_why(target, listed)}"
        + (
            f"\n    {copy_command(request, found)}\ncopies the nearest that has one"
            if found
            else ""
        )
    )


def find_nearest(
    target: Target, pairings: Mapping[str, Pairing], listed: Sequence[Entry]
) -> Target | None:
    """What has a lock on the same platform: another Python, else variant, else TensorFlow."""
    minors = sorted({_minor(one) for one in pairings.values()})

    def distance(one: Target) -> tuple[Any, ...]:
        apart = abs(minors.index(_minor(one.pairing)) - minors.index(_minor(target.pairing)))
        return (
            one.pairing != target.pairing,
            apart,
            one.pairing.kind != target.pairing.kind,
            one.variant != target.variant,
            abs(
                version_numbers.release_numbers(one.python)[1]
                - version_numbers.release_numbers(target.python)[1]
            ),
            not one.recommended,
        )

    candidates = [
        Target(pairings[entry["pairing"]], entry["python"], entry["platform"], entry["variant"])
        for entry in listed
        if entry["status"] != "impossible"
        and entry["platform"] == target.platform
        and entry["pairing"] in pairings
    ]
    return min(candidates, key=distance, default=None)


def _platform(word: str | None) -> str:
    known = ", ".join(PLATFORMS)
    if word is None:
        if (here := platforms.this_platform()) not in PLATFORMS:
            raise Problem(f"no lock is for this machine, {here}: give --platform, of {known}")
        return here
    found = platforms.match_platforms(word)
    if not found:
        raise Problem(f"unknown platform '{word}'; they are: {known}")
    if len(found) > 1 and platforms.this_platform() in found:
        return platforms.this_platform()
    if len(found) > 1:
        raise Problem(f"--platform {word}: say which: {' or '.join(found)}")
    return found[0]


def find_entry(target: Target, listed: Sequence[Entry]) -> Entry:
    key = index.target_key(target)
    return next((entry for entry in listed if index.entry_key(entry) == key), {})


def _why(target: Target, listed: Sequence[Entry]) -> str:
    """Why a target has no lock, in words."""
    one = target.pairing
    published = [PLATFORMS[name].label for name in VARIANTS[target.variant]]
    if one.impossible:
        return one.impossible
    if target.platform not in VARIANTS[target.variant]:
        return f"the variant {target.variant} is published for {' and '.join(published)} only"
    if target.python not in one.pythons:
        return f"{one.name} is for Python {', '.join(one.pythons)}"
    reason = find_entry(target, listed).get("reason")
    return reason or "it is not in requirements/index.json: run nox -s lock"


def _minor(one: Pairing) -> tuple[int, ...]:
    return version_numbers.release_numbers(one.tensorflow)[:2]


def copy_command(request: CopyRequest, target: Target) -> str:
    """The command line that asks the same of a target."""
    words = ["nox", "-s", "copy", "--", target.pairing.name, str(request.path)]
    words += ["--python", target.python, "--platform", target.platform]
    if target.variant != DEFAULT:
        words += ["--variant", target.variant]
    if request.templates:
        words += ["--with", ",".join(request.templates)]
    if request.format != "requirements":
        words += ["--format", request.format]
    return shlex.join([*words, *(["--force"] if request.force else [])])


def describe_target(target: Target) -> str:
    return (
        f"Python {target.python} on {platforms.describe_platform(target.platform, target.variant)}"
    )

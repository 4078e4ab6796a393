"""The command line of `nox -s copy`, and the lock that it names."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from envs import Problem
from envs.model import host, nearest_lock, pairing, platforms
from envs.model.index import Entry
from envs.model.pairing import Target
from envs.model.platforms import DEFAULT, PLATFORMS, VARIANTS

FORMATS = {"requirements": "requirements.txt", "pylock": "pylock.toml"}
"""Format -> the file that the lock is written to."""

TEMPLATES = {
    "dockerfile": "Dockerfile",
    "devcontainer": ".devcontainer/devcontainer.json",
    "conda": "environment.yml",
    "pyproject": "pyproject.toml",
    "github": ".github/workflows/tensorflow.yml",
}
"""Template -> the file that it is written to."""


@dataclass(frozen=True)
class CopyRequest:
    """Which lock to copy, where to, and with which templates.

    Without `python` or `platform`, those of this process are meant. `platform` may be a word that
    names one platform, such as `windows`. `requirements` is a file with what the project needs as
    well, and `add` names more of it.
    """

    pairing: str
    path: Path
    python: str | None = None
    platform: str | None = None
    variant: str = DEFAULT
    templates: tuple[str, ...] = ()
    format: str = "requirements"
    force: bool = False
    requirements: Path | None = None
    add: tuple[str, ...] = ()


def parse_copy_request(argv: Sequence[str], origin: Path | None = None) -> CopyRequest:
    """Parse a command line. argparse ends the process if the line is wrong.

    `origin` is the folder in which it was typed, if that is not the folder of this process.
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
    options.add_argument(
        "--requirements", type=Path, metavar="FILE", help="lock what this file asks for as well"
    )
    options.add_argument(
        "--add", action="append", default=[], metavar="PACKAGE", help="lock this package as well"
    )
    options.add_argument("--force", action="store_true", help="replace files that exist")
    given = vars(options.parse_args(argv))
    given["add"] = tuple(given["add"])
    given["templates"] = tuple(filter(None, given["templates"].split(",")))
    if origin and origin != Path.cwd():
        given["path"] = origin / given["path"]
        given["requirements"] = given["requirements"] and origin / given["requirements"]
    return CopyRequest(**given)


def choose_target(request: CopyRequest, listed: Sequence[Entry]) -> Target:
    """The target that a request names; `listed` is the index.

    Raises Problem if it has no lock, with the command that copies the nearest one.
    """
    pairings = pairing.load_pairings()
    pairing.choose_names(pairings, [request.pairing])
    python = request.python or f"{sys.version_info.major}.{sys.version_info.minor}"
    if not re.fullmatch(r"3\.\d{1,2}", python):
        raise Problem(f"--python {python}: write it as 3.11")
    if request.variant not in VARIANTS:
        raise Problem(
            f"unknown variant '{request.variant}'; the known ones are: {', '.join(VARIANTS)}"
        )
    platform = _platform(request.platform)
    target = Target(pairings[request.pairing], python, platform, request.variant)
    if nearest_lock.has_lock(target, listed):
        return target
    message = nearest_lock.explain_missing_lock(target, listed)
    if nearest := nearest_lock.find_nearest(target, pairings, listed):
        message += f"\nto copy the nearest lock instead:\n    {copy_command(request, nearest)}"
    raise Problem(message)


def _platform(word: str | None) -> str:
    """The one platform that a word names, or that of this machine without a word."""
    known = ", ".join(PLATFORMS)
    if word is None:
        if objection := host.object_to_host():
            raise Problem(f"{objection}; or give --platform, one of {known}")
        return platforms.this_platform()
    matches = platforms.match_platforms(word)
    if not matches:
        raise Problem(f"unknown platform '{word}'; the known ones are: {known}")
    if len(matches) > 1 and platforms.this_platform() in matches:
        return platforms.this_platform()
    if len(matches) > 1:
        raise Problem(f"--platform {word}: say which: {' or '.join(matches)}")
    return matches[0]


def copy_command(request: CopyRequest, target: Target) -> str:
    """The command line that makes the same request for a target."""
    words = ["nox", "-s", "copy", "--", target.pairing.name, str(request.path)]
    words += ["--python", target.python, "--platform", target.platform]
    if target.variant != DEFAULT:
        words += ["--variant", target.variant]
    if request.templates:
        words += ["--with", ",".join(request.templates)]
    if request.format != "requirements":
        words += ["--format", request.format]
    if request.requirements:
        words += ["--requirements", str(request.requirements)]
    for package in request.add:
        words += ["--add", package]
    return shlex.join([*words, *(["--force"] if request.force else [])])

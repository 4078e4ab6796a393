"""A project's own requirements: read from its file or command line, and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from envs import Problem
from envs.model import lock, platforms
from envs.model.pairing import Target

KERAS = ("keras", "keras-nightly", "tf-keras")

_BELONGS = "write only what the project asks for, a requirement in each line, such as pandas>=2.1"
_REFUSED = {
    r"(-r|--requirement)\b": "another file is not read: copy its lines here",
    r"(-c|--constraint)\b": "a constraint is not read: write it as a requirement",
    r"(-e|--editable)\b": "a folder cannot be locked by a hash: install it after the lock, with "
    "--no-deps",
    r"(-i|--(extra-)?index-url|-f|--find-links|--trusted-host|--no-index)\b": "packages come from "
    "PyPI: leave the line out",
    r"-": f"options do not belong here: {_BELONGS}",
    r"(\.|/|~|[A-Za-z]:\\|file:)|.*\.(whl|tar\.gz|zip)$": "a path cannot be locked: install it "
    "after the lock, with --no-deps",
    r"[a-z+]+://|git\+|.*@\s*[a-z+]+:": "an address cannot be locked by a hash of PyPI's: name the "
    "package and its version",
}


@dataclass(frozen=True)
class Own:
    """One requirement of a project, and where it stands, for messages."""

    requirement: Requirement
    where: str


def read_own(file: Path | None, added: Sequence[str], target: Target) -> list[Own]:
    """The requirements in a file and of `--add`, without those that the pairing meets itself.

    Raises Problem, naming file and line, for what is no requirement on a package of PyPI, and for
    a TensorFlow or Keras that the pairing does not have.
    """
    own = [_read_line(text, f"--add {text}") for text in added]
    if file is not None:
        own += [_read_line(text, f"{file}:{number}") for number, text in _lines(file)]
        if len(own) == len(added):
            raise Problem(f"{file}: holds no requirement: {_BELONGS}")
    pins = lock.read_lock(target).versions
    return [one for one in own if not _is_met(one, target, pins)]


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    """The number and text of each line that says something; one that goes on counts as one."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Problem(
            f"{file}: cannot be read ({error.strerror}): name a file of requirements"
        ) from (None)
    except UnicodeDecodeError:
        raise Problem(f"{file}: is not UTF-8: save it as that") from None
    joined, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first if joined else number
        joined += re.sub(r"(^|\s)#.*", "", line).strip()
        if joined.endswith("\\"):
            joined = joined[:-1].rstrip() + " "
            continue
        if joined:
            yield first, joined
        joined = ""
    if joined.strip():
        yield first, joined.strip()


def _read_line(text: str, where: str) -> Own:
    for pattern, advice in _REFUSED.items():
        if re.match(pattern, text):
            raise Problem(f"{where}: '{text}': {advice}")
    if "--hash" in text:
        raise Problem(f"{where}: is a line of a lock: {_BELONGS}")
    try:
        return Own(Requirement(text), where)
    except InvalidRequirement:
        raise Problem(f"{where}: '{text}' is not a requirement: {_BELONGS}") from None


def _is_met(own: Own, target: Target, pins: dict[str, str]) -> bool:
    """Whether the pairing itself meets a requirement on a TensorFlow or Keras; Problem if not."""
    name = canonicalize_name(own.requirement.name)
    if name not in (*platforms.PACKAGES, "tensorflow-gpu", *KERAS):
        return False
    if name not in pins and name == "tf-keras":
        return False  # it goes with a TensorFlow as any other package does
    pairing = target.pairing.name
    if name not in pins:
        has = ", ".join(
            f"{one} {pins[one]}" for one in (*platforms.PACKAGES, *KERAS) if one in pins
        )
        raise Problem(
            f"{own.where}: '{own.requirement}': {pairing} has {has} in place of {name}: leave it "
            "out, or copy another pairing or --variant"
        )
    if not own.requirement.specifier.contains(pins[name], prereleases=True):
        raise Problem(
            f"{own.where}: '{own.requirement}': {pairing} pins {name} {pins[name]}: leave it out, "
            "or copy the pairing of that release"
        )
    return True

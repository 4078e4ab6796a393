"""A copy with what the project needs: one lock, and who could if this pairing cannot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from envs import Problem
from envs.locking import extension, own_requirements
from envs.locking.own_requirements import Own
from envs.locking.resolver import NoSolution
from envs.model import nearest_lock, pairing
from envs.model.index import Entry
from envs.model.pairing import Target
from envs.publish import copy_request, templates
from envs.publish.copy_request import CopyRequest

TRIED = 8
"""How many other targets are tried, nearest first, if a project's packages do not go with one."""


def read_own_requirements(request: CopyRequest, target: Target, names: Sequence[str]) -> list[Own]:
    """What the project needs beside the pairing, by the file and the options of a request.

    `names` are the files that the copy writes. Raises Problem for what cannot be read, and if the
    copy would overwrite the file of requirements.
    """
    file = request.requirements
    if file and file.resolve() in [(request.path / name).resolve() for name in names]:
        raise Problem(
            f"{file}: the copy would overwrite it: call it own.in, and give --requirements "
            f"{file.with_name('own.in')}"
        )
    return own_requirements.read_own(file, request.add, target)


def render_extended(
    request: CopyRequest,
    target: Target,
    own: Sequence[Own],
    listed: Sequence[Entry],
    say: Callable[[str], None],
) -> dict[str, bytes]:
    """File -> content: the lock with the project's own packages, and its `.in` file.

    Raises Problem if no set of releases fits: it names the requirement, the resolver's own proof,
    and the nearest target in which all would fit.
    """
    renew = copy_request.copy_command(replace(request, path=Path("PATH"), force=True), target)
    try:
        text = extension.extend_lock(target, own, renew)
    except NoSolution as problem:
        raise Problem(_explain(request, target, own, listed, str(problem), say)) from None
    files = {"requirements.in": extension.render_own_in(target, own).encode()}
    if request.format == "pylock":
        return files | {"pylock.toml": templates.render_pylock(target, text, renew).encode()}
    return files | {"requirements.txt": text.encode()}


def _explain(
    request: CopyRequest,
    target: Target,
    own: Sequence[Own],
    listed: Sequence[Entry],
    proof: str,
    say: Callable[[str], None],
) -> str:
    """Why a project's packages do not go with a target, and the nearest one with which they do."""
    obstacles = extension.find_obstacles(target, own)
    unknown = [one.own for one in obstacles if "not found in the package registry" in one.proof]
    if unknown:
        return "\n".join(
            f"{one.where}: unknown package '{one.requirement.name}', or one that needs it: PyPI "
            "has none of that name: check the spelling"
            for one in unknown
        )
    label = f"{target.pairing.name} for {nearest_lock.describe_target(target)}"
    lines = [f"{label}: not all of this fits beside its pins: nothing was written"]
    for one in obstacles:
        pins = f"does not go with {', '.join(one.pins)}" if one.pins else "cannot be resolved"
        lines.append(f"{one.own.where}: {one.own.requirement} {pins}:\n    {one.proof}")
    if not obstacles:
        lines.append(f"each of them fits alone, and together they do not:\n    {proof}")
    tried = []
    for other in _nearest_first(target, listed):
        name = f"{other.pairing.name} on Python {other.python}"
        say(f"trying {name}")
        tried.append(name)
        try:
            again = own_requirements.read_own(request.requirements, request.add, other)
            if extension.can_extend(other, again):
                command = copy_request.copy_command(request, other)
                lines.append(f"the nearest that could is {name}:\n    {command}")
                return "\n".join(lines)
        except NoSolution:
            continue
        except Problem:
            continue  # the project names a TensorFlow or Keras that this one does not have
    lines.append(f"none of the nearest could: {', '.join(tried) or 'there is no other'}")
    return "\n".join(lines)


def _nearest_first(target: Target, listed: Sequence[Entry]) -> list[Target]:
    """Other targets to try: other Pythons of the pairing, then the nearest of each other one."""
    chosen: list[Target] = []
    for other in nearest_lock.rank_targets(target, pairing.load_pairings(), listed):
        same = other.pairing == target.pairing
        seen = any(one.pairing == other.pairing for one in chosen)
        if other != target and other.variant == target.variant and (same or not seen):
            chosen.append(other)
    return chosen[:TRIED]

"""Trials: environments made for a pairing that is not written yet, to find what it lacks.

A trial compiles a lock in memory, installs it and runs the script that tells whether an
environment is whole. What is missing is looked for among the caps of the neighbours, and then
among the upper bounds that the neighbours' own metadata states.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envs import ROOT, Problem
from envs.adding import declaration, published
from envs.locking import pip_tools
from envs.locking.lock_request import LockRequest
from envs.model import disk
from envs.model.outcomes import Kind
from envs.model.pairing import Cap, Pairing, Sdist, Target
from envs.running import installation, sandbox, sessions
from envs.running.installation import CouldNotInstall

_NEAR = 3
"""How many neighbours are asked for what they need."""

_UPPER = ("<", "<=", "==", "~=")


@dataclass
class Trials:
    """The trials of one pairing: what was tried, and how each ended."""

    say: sessions.Say
    folder: Path
    ended: dict[tuple[Pairing, str], str | None] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """The lock that is tried."""
        return self.folder.with_suffix(".txt")

    @classmethod
    def of(cls, declared: Pairing, say: sessions.Say) -> Trials:
        """The trials of a pairing, in an environment of their own."""
        return cls(say, ROOT / ".nox" / f"add-{declared.name}")

    def find_what_it_lacks(self, declared: Pairing, neighbours: Sequence[Pairing]) -> Pairing:
        """The pairing with the sdists and the fewest caps that make it whole on every Python.

        Raises Problem where nothing that the neighbours need makes it whole.
        """
        try:
            for python in declared.pythons:
                declared = self._mend(declared, python, neighbours[:_NEAR])
        finally:
            installation.drop_environment(self.folder)
            self.file.unlink(missing_ok=True)
        return declared

    def _mend(self, declared: Pairing, python: str, neighbours: Sequence[Pairing]) -> Pairing:
        """The pairing with what it lacks on one Python."""
        declared, failure = self._try_with_sdists(declared, python)
        if failure is None:
            return declared
        first, tried = failure, declared
        for neighbour, group in _list_candidates(declared, python, neighbours):
            names = {_package(cap) for cap in tried.caps}
            more = [cap for cap in group if _package(cap) not in names]
            try:
                with_more = replace(tried, caps=(*tried.caps, *more))
                with_more, failure = self._try_with_sdists(with_more, python)
            except Problem as problem:
                # What a neighbour needs may not fit here; then the next one is asked.
                self.say(f"{declared.name}: {neighbour}'s caps do not fit: {problem}")
                continue
            tried = with_more
            if failure is None:
                tried = self._drop_needless(tried, declared.caps, python)
                # A cap that went may have been all that an sdist was needed for.
                return self._try_with_sdists(replace(tried, sdists=declared.sdists), python)[0]
        raise Problem(
            f"{declared.name}: on Python {python} the environment is not whole: {first}\n"
            "None of the caps that its neighbours have mends it. Write "
            f"{declaration.file_of(declared.name)} by hand, with the cap that does and its "
            f"reason, and run nox -s add -- {declared.tensorflow} again"
        )

    def _drop_needless(self, tried: Pairing, kept: Sequence[Cap], python: str) -> Pairing:
        """The pairing without the caps that are not missed, each left out in turn."""
        for cap in [cap for cap in tried.caps if cap not in kept]:
            without = replace(tried, caps=tuple(other for other in tried.caps if other != cap))
            without, failure = self._try_with_sdists(without, python)
            if failure is None:
                tried = without
            elif "{failure}" in cap.reason:
                named = replace(cap, reason=cap.reason.replace("{failure}", failure))
                caps = tuple(named if other == cap else other for other in tried.caps)
                tried = replace(tried, caps=caps)
        return tried

    def _try_with_sdists(self, declared: Pairing, python: str) -> tuple[Pairing, str | None]:
        """How a trial ended, and the pairing with every sdist that it turned out to need."""
        while True:
            try:
                return declared, self._try(declared, python)
            except Problem as problem:
                sdist = _missing_sdist(str(problem), declared)
                if sdist is None:
                    raise
                self.say(f"{declared.name}: {sdist.package}: {sdist.reason}")
                declared = replace(declared, sdists=(*declared.sdists, sdist))

    def _try(self, declared: Pairing, python: str) -> str | None:
        """Why an environment of the pairing is not whole; None if it is. Raises Problem."""
        key = declared, python
        if key in self.ended:
            return self.ended[key]
        began = time.monotonic()
        text = pip_tools.compile_lock(Target(declared, python), LockRequest())
        self.folder.parent.mkdir(exist_ok=True)
        disk.write_file(self.file, text)
        try:
            interpreter = installation.ensure_environment(self.folder, python, self.file)
        except CouldNotInstall as problem:
            failure: str | None = str(problem).splitlines()[0]
        else:
            run = sandbox.run_script(sessions.SMOKE, interpreter, declared.env)
            failure = None if run.outcome.kind is Kind.WORKS else str(run.outcome)
        caps = ", ".join(cap.requirement for cap in declared.caps) or "no cap"
        seconds = time.monotonic() - began
        how = failure or "whole"
        self.say(f"{declared.name} on Python {python}, with {caps}: {how} ({seconds:.0f} s)")
        self.ended[key] = failure
        return failure


def _list_candidates(
    declared: Pairing, python: str, neighbours: Sequence[Pairing]
) -> Iterator[tuple[str, list[Cap]]]:
    """What neighbours need, nearest first: their caps, then what their own metadata bounds."""
    for neighbour in neighbours:
        if neighbour.caps:
            yield neighbour.name, [_about(declared, neighbour, cap) for cap in neighbour.caps]
    own = published.read_requirements(declared.tensorflow, python)
    for neighbour in neighbours:
        if python in published.list_wheel_pythons(neighbour.tensorflow):
            bounds = published.read_requirements(neighbour.tensorflow, python)
            yield (
                neighbour.name,
                [
                    Cap(
                        f"{requirement.name}{requirement.specifier}",
                        f"TensorFlow {neighbour.tensorflow} states this bound, and this one "
                        "states none; without it: {failure}",
                    )
                    for name, requirement in bounds.items()
                    if _is_bounded(requirement)
                    and not _is_bounded(own.get(name))
                    and not name.startswith(("tensorflow", "tensorboard", "tf-", "keras"))
                ],
            )


def _about(declared: Pairing, neighbour: Pairing, cap: Cap) -> Cap:
    """A neighbour's cap, its reason speaking of this TensorFlow."""
    old = f"TensorFlow {neighbour.minor}"
    return replace(cap, reason=cap.reason.replace(old, f"TensorFlow {declared.minor}"))


def _is_bounded(requirement: Requirement | None) -> bool:
    return requirement is not None and any(
        specifier.operator in _UPPER for specifier in requirement.specifier
    )


def _missing_sdist(message: str, declared: Pairing) -> Sdist | None:
    """The package that a resolver found no wheel of, if that is why it failed."""
    match = re.search(r"No matching distribution found for ([\w.-]+)([^\s;(]*)", message)
    if match is None:
        return None
    package, specifier = canonicalize_name(match[1]), match[2]
    known = {canonicalize_name(sdist.package) for sdist in declared.sdists}
    requirement = Requirement(package + specifier)
    if package in known or published.has_wheel(package, requirement):
        return None
    return Sdist(
        package,
        f"TensorFlow {declared.minor} needs {requirement}, which was only released as an sdist",
    )


def _package(cap: Cap) -> str:
    return canonicalize_name(Requirement(cap.requirement).name)

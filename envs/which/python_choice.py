"""Which Python of a pairing to take, and what is otherwise on one that is not the recommended one.

A lock for another Python may hold another Keras: the newest ones leave out the older Pythons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from envs.model import index, version_numbers
from envs.model.pairing import Pairing
from envs.names import pythons
from envs.names.pythons import OtherPython
from envs.names.record import Names, Presence
from envs.which.declared import Wish
from envs.which.judging import Finding
from envs.which.uses import Use, UseKind

_LOOKED_UP = {
    UseKind.IMPORT: "module",
    UseKind.STAR: "module",
    UseKind.FROM: "name",
    UseKind.ATTRIBUTE: "attribute",
}
"""The uses that are compared, and the kind of error if the name is not there."""


@cache
def find_python_releases() -> dict[str, dict[str, dict[str, str]]]:
    """Pairing -> Python -> package -> the release in its lock; the recommended Python is first."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for entry in index.load_index():
        if entry["status"] != "impossible":
            found.setdefault(entry["pairing"], {}).setdefault(
                entry["python"],
                {
                    "tensorflow": entry["tensorflow"],
                    "keras": entry["keras"] or entry["keras-nightly"],
                    "tf-keras": entry["tf-keras"],
                },
            )
    return found


def find_releases() -> dict[str, dict[str, str]]:
    """Pairing -> package -> the release in the lock of its recommended Python."""
    return {name: next(iter(found.values())) for name, found in find_python_releases().items()}


@cache
def load_other_pythons() -> dict[str, OtherPython]:
    """What is otherwise on the Python of a session, such as `tf216-py39`, if it was looked at."""
    return pythons.load_pythons()


def list_pythons(pairing: Pairing, oldest: tuple[int, int]) -> list[str]:
    """The Pythons of a pairing that read code of a Python's syntax, the recommended one first."""
    locked = find_python_releases().get(pairing.name, dict.fromkeys(pairing.pythons))
    return [
        python
        for python in pairing.pythons
        if python in locked and version_numbers.release_numbers(python) >= oldest
    ]


def list_contradicted(name: str, python: str, wishes: Iterable[Wish]) -> list[Wish]:
    """What a project asks for and a pairing on a Python is not."""
    releases: Mapping[str, str] = find_python_releases().get(name, {}).get(python, {})
    return [
        wish
        for wish in wishes
        if not (
            wish.admits_python(python)
            if wish.asks == "python"
            else (release := releases.get(wish.asks)) and wish.admits(release)
        )
    ]


def find_other(pairing: Pairing, python: str) -> OtherPython | None:
    """What is otherwise on a Python; None if nothing is known to be, or it is the recommended."""
    session = f"{pairing.name}-py{python.replace('.', '')}"
    return None if python == pairing.pythons[0] else load_other_pythons().get(session)


def find_lacking(use: Use, name: str, other: OtherPython, names: Names) -> Finding | None:
    """What a Python lacks of a use that works on the recommended one; None if nothing.

    Only what stands in no branch, and has one meaning.
    """
    error = _LOOKED_UP.get(use.kind)
    if error is None or len(use.refs) > 1 or use.guards or use.refs[0].guards:
        return None
    path = use.path
    seen = names.look_up(path, name)
    paths = [path, seen.public] + [seen.canonical] * (seen.kind == "module")
    if seen.presence != Presence.THERE or not any(is_below(one, other.lacks) for one in paths):
        return None
    release = find_python_releases()[name].get(_version(other), {}).get("keras")
    keras = f" with Keras {release}" if release else ""
    why = f"not there on Python {_version(other)}{keras}"
    return Finding(path, error, path, why, python=_version(other))


def is_below(path: str, others: Sequence[str]) -> bool:
    """Whether a path is one of others, or stands below one."""
    parts = path.split(".")
    return any(".".join(parts[:count]) in others for count in range(1, len(parts) + 1))


def _version(other: OtherPython) -> str:
    return ".".join(other.python.split(".")[:2])

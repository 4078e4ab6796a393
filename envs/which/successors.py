"""Successors written by hand: what the record of names cannot know, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from envs import EXPLAINED, Problem
from envs.model import disk, version_numbers
from envs.model.pairing import Pairing

TABLE = EXPLAINED / "successors.toml"

KERAS = "{keras}"
"""In the table: either Keras, `keras` or `tensorflow.keras`."""

_OLD_WORDS = SpecifierSet("<2.4")

_KEYS = {"names", "keyword", "refused", "changed", "first", "write", "uses", "reason", "proofs"}
_PROOF_KEYS = {"before", "old", "after", "new"}


@dataclass(frozen=True, slots=True)
class Proof:
    """The code `old` works in `before`, if that is not empty, and fails in `after`; `new` works."""

    before: str
    old: str
    after: str
    new: str


@dataclass(frozen=True, slots=True)
class Successor:
    """What to write instead of some names, or of an argument of theirs; or why there is nothing.

    `uses` are the names that must be there for `write` to work. `refused` are the releases of
    Keras that do not take the argument, where its `**kwargs` hides that, and `changed` those that
    take it and do something else.
    """

    names: tuple[str, ...]
    reason: str
    proofs: tuple[Proof, ...]
    keyword: str = ""
    refused: SpecifierSet | None = None
    changed: SpecifierSet | None = None
    write: str = ""
    uses: tuple[str, ...] = ()
    first: bool = False
    """Whether it stands before what is derived."""

    def is_about(self, path: str, keyword: str = "") -> bool:
        """Whether it speaks of a path, or of an argument of it."""
        if keyword != self.keyword:
            return False
        return any(
            fnmatchcase(words, one) for words in (path, generalise(path)) for one in self.names
        )


def split_keras(path: str) -> tuple[str, str]:
    """A path as the Keras that it is of, and the rest; the Keras is empty for anything else."""
    match = re.match(r"(tensorflow\.(?:python\.)?keras|tf_keras|keras)(?:\.|$)", path)
    return (match[1], path[len(match[1]) :]) if match else ("", path)


def generalise(path: str) -> str:
    """A path with `{keras}` for whichever Keras it is of."""
    keras, rest = split_keras(path)
    return f"{KERAS}{rest}" if keras else path


def keras_release(path: str, pairing: Pairing, releases: Mapping[str, str]) -> str:
    """The release of the Keras that a path is of, in a pairing.

    Up to 2.5, TensorFlow has a copy of its own, and then it is TensorFlow's release.
    """
    keras, _ = split_keras(path)
    if keras == "keras":
        return releases.get("keras") or ""
    if pairing.kind == "legacy":
        return releases.get("tf-keras") or ""
    if pairing.kind in ("standalone", "bundled", "nightly"):
        return pairing.tensorflow
    return releases.get("keras") or pairing.tensorflow


class Table:
    """The successors, and which Keras each pairing has."""

    def __init__(
        self,
        successors: tuple[Successor, ...],
        pairings: Mapping[str, Pairing],
        releases: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.successors = successors
        self._pairings = pairings
        self._releases = releases
        self._numbers = cache(self._find_numbers)
        self.find_successors = cache(self._find_successors)

    def _find_successors(self, path: str, keyword: str = "") -> list[Successor]:
        """What is written of a path, or of an argument of it."""
        return [one for one in self.successors if one.is_about(path, keyword)]

    def is_refused(self, path: str, keyword: str, pairing: str) -> bool:
        """Whether a call is known to fail because of an argument that its `**kwargs` takes."""
        entries = self.find_successors(path, keyword)
        return any(self._holds(one.refused, path, pairing) for one in entries)

    def takes_old_words(self, path: str, pairing: str) -> bool:
        """Whether a call may take more than its parameters say: the words of Keras 1.

        Keras up to 2.3 translates them in a decorator, behind which the parameters are seen.
        """
        keras, _ = split_keras(path)
        return keras == "keras" and self._holds(_OLD_WORDS, path, pairing)

    def explain_change(self, path: str, keyword: str, pairing: str) -> str:
        """What is known of an argument that is taken, and does something else; or nothing."""
        for one in self.find_successors(path, keyword):
            if self._holds(one.changed, path, pairing):
                return f"{keyword}: {one.reason.replace(KERAS, split_keras(path)[0])}"
        return ""

    def _holds(self, releases: SpecifierSet | None, path: str, pairing: str) -> bool:
        if releases is None:
            return False
        numbers = self._numbers(split_keras(path)[0], pairing)
        return bool(numbers) and releases.contains(numbers)

    def _find_numbers(self, keras: str, pairing: str) -> str:
        """The minor of a Keras in a pairing, without what marks a pre-release."""
        release = keras_release(keras, self._pairings[pairing], self._releases[pairing])
        return ".".join(map(str, version_numbers.release_numbers(release)[:2]))


def load_successors(file: Path = TABLE) -> tuple[Successor, ...]:
    """The successors of a table. Raises Problem, naming file and key, for every mistake."""
    where = file.name
    data = disk.read_toml(file)
    if set(data) - {"successors"}:
        raise Problem(f"{where}: unknown key '{min(set(data) - {'successors'})}'")
    entries = data.get("successors", [])
    return tuple(
        _parse_successor(one, f"{where}: successors[{n}]") for n, one in enumerate(entries)
    )


def _parse_successor(entry: Any, where: str) -> Successor:
    if not isinstance(entry, dict):
        raise Problem(f"{where}: write each as a table, [[successors]]")
    for key in entry:
        if key not in _KEYS:
            raise Problem(f"{where}: unknown key '{key}'; known: {', '.join(sorted(_KEYS))}")
    for key in ("names", "reason", "proofs"):
        if not entry.get(key):
            raise Problem(f"{where}: {key} is missing")
    for proof in entry["proofs"]:
        if set(proof) != _PROOF_KEYS:
            raise Problem(f"{where}: a proof has {', '.join(sorted(_PROOF_KEYS))}, and no more")
    try:
        refused, changed = (
            SpecifierSet(entry[key]) if key in entry else None for key in ("refused", "changed")
        )
    except InvalidSpecifier as error:
        raise Problem(f"{where}: {error}") from None
    return Successor(
        tuple(entry["names"]),
        " ".join(entry["reason"].split()),
        tuple(Proof(**proof) for proof in entry["proofs"]),
        entry.get("keyword", ""),
        refused,
        changed,
        entry.get("write", "").strip(),
        tuple(entry.get("uses", ())),
        entry.get("first", False),
    )

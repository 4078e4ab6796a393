"""The grid: who saves, who loads, and how the loading of one file can end."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from envs.model import lock, outcomes, pairing, version_numbers
from envs.model.pairing import Target
from envs.models import formats
from envs.running import classification

APART = "+keras"
"""What stands after the name of a pairing for its `keras`, where `tf.keras` is another Keras."""

PLAIN = ("load_model", "load_weights", "model_from_json")
"""The ways that need nothing said."""

WITH_ADAM = ("functional", "objects", "convolutional", "embedding")
"""The kinds that are trained with Adam."""

_RACE = "tf21+keras"
"""Keras 2.3 on TensorFlow 2.1 reads the number of Adam's step before or after it is raised."""

BY_CHANCE = "differs by chance"
"""How training on ends where it does not end twice the same, by the race above."""

_LONGEST = 300
"""How many characters of an error are kept."""


@dataclass(frozen=True)
class Side:
    """One Keras of a pairing, which saves and loads: `tf.keras`, or `keras` if it is another."""

    target: Target
    api: str = "tf.keras"

    @property
    def name(self) -> str:
        """`tf212`, or `tf21+keras` for the other Keras of that pairing."""
        return self.target.pairing.name + (APART if self.api == "keras" else "")


class LoadVerdict(StrEnum):
    """How loading one file ended, in a word or two; `MEANING` explains each."""

    EQUAL = "loads"
    OPTIONS = "with options"
    OTHERWISE = "predicts otherwise"
    FAILS = "fails"


MEANING = {
    LoadVerdict.EQUAL: "loads as usual, and predicts the same",
    LoadVerdict.OPTIONS: "loads in another way only, and then predicts the same",
    LoadVerdict.OTHERWISE: "loads without an error, and predicts something else",
    LoadVerdict.FAILS: "does not load in any way that was tried",
}


@dataclass(frozen=True)
class Loading:
    """How the loading of one file ended.

    `way` is the first way in which it predicts the same, None if there is none; `error` is how the
    first way ended, empty if well; `otherwise` are the ways in which it loads and predicts
    something else; `trains` says whether the next two losses are those of the saver.
    """

    way: str | None
    error: str = ""
    otherwise: tuple[str, ...] = ()
    trains: str = ""

    @property
    def verdict(self) -> LoadVerdict:
        """How it ended in a word or two. What predicts otherwise silently is never a success."""
        if self.otherwise:
            return LoadVerdict.OTHERWISE
        if self.way is None:
            return LoadVerdict.FAILS
        return LoadVerdict.OPTIONS if self.error else LoadVerdict.EQUAL


@cache
def list_sides() -> dict[str, Side]:
    """Name -> each Keras of each possible pairing on its recommended Python, oldest first.

    The `keras` of the `legacy` pairings is that of the pairing beside them. Raises Problem if a
    lock cannot be read.
    """
    sides = {}
    for target in pairing.list_targets(pairing.load_pairings()).values():
        if not target.recommended:
            continue
        for api in ("tf.keras", "keras") if has_another_keras(target) else ("tf.keras",):
            side = Side(target, api)
            sides[side.name] = side
    return sides


def list_side_tracks() -> list[list[str]]:
    """The sides of each track, oldest TensorFlow first; neighbours in one are mostly alike.

    First those of the pairings as they are, then the `keras` of its own, bundled and legacy ones.
    """
    tracks: dict[tuple[bool, bool, bool], list[str]] = defaultdict(list)
    for side in list_sides().values():
        kind = side.target.pairing.kind
        tracks[kind == "legacy", kind == "bundled", side.api == "keras"].append(side.name)
    return [tracks[key] for key in sorted(tracks)]


def list_runs(names: Collection[str]) -> list[list[str]]:
    """Sides by name, in runs of neighbours of their tracks, each with its first and its last."""
    runs: list[list[str]] = []
    for track in list_side_tracks():
        places = [place for place, name in enumerate(track) if name in names]
        for before, place in zip([None, *places], places, strict=False):
            if before is not None and place == before + 1:
                runs[-1] = [runs[-1][0], track[place]]
            else:
                runs.append([track[place]])
    return runs


def has_another_keras(target: Target) -> bool:
    """Whether `keras` is another Keras than `tf.keras`: from 2.4 on, it is the same."""
    keras = lock.read_lock(target).versions.get("keras")
    return keras is not None and version_numbers.release_numbers(keras)[:2] < (2, 4)


def list_grid_files() -> list[str]:
    """Every file that a side saves if it can, such as `h5/functional`, in order."""
    return [f"{form}/{kind}" for form, kinds in formats.FORMATS.items() for kind in kinds]


def read_loading(tries: Iterable[tuple[str, str]], way: str | None, trains: str) -> Loading:
    """The loading of a file, from what load_files.py reports: its tries before the way, and it."""
    tries = list(tries)
    otherwise = tuple(name for name, how in tries if how == "predicts otherwise")
    error = word_error(tries[0][1]) if tries else ""
    known = ("", "equal", "not compiled", "differs", "differs after a step", BY_CHANCE)
    return Loading(way, error, otherwise, trains if trains in known else word_error(trains))


def word_training(trains: str, saver: str, loader: str, kind: str) -> str:
    """How training on ended, with BY_CHANCE where the saver or the loader trains by chance."""
    raced = _RACE in (saver, loader) and kind in WITH_ADAM
    return BY_CHANCE if raced and trains.startswith(("equal", "differs")) else trains


def word_error(text: str) -> str:
    """An error as one line, the same in each run: its type, and what its message says.

    Keras 3 puts the whole configuration of a model before what is wrong: that is left out.
    """
    text = text.strip()
    if text.startswith(("crashes: ", "times out: ", "predicts otherwise")):
        return text
    inner = re.search(r"(?s)\n\s*Exception encountered: (.*)$", text)
    found = classification.read_exception(text)
    kind = found.exception if found else "Exception"
    body = inner[1] if inner else text.partition(": ")[2]
    body = re.sub(r"(config=)?\{.*\}", lambda hit: _shorten_config(hit[0]), body, flags=re.DOTALL)
    # HDF5 names the moment and its own handles.
    body = re.sub(
        r"\((file \w+ failed): .*?(error message = '[^']*').*\)", r"(\1: \2)", body, flags=re.S
    )
    # TensorFlow names the machine.
    body = re.sub(r"\brunning on [\w.-]+?\. ", "running on <machine>. ", body)
    body = re.sub(r"value=\[.*?\]>", "value=...>", body, flags=re.DOTALL)
    body = sort_sets(body)
    body = re.sub(r"b?[\"'][^\"'\n]{400,}[\"']", "'...'", body)
    said = outcomes.normalise_message(f"{kind}: {body}".strip().removesuffix(":"))
    return said if len(said) <= _LONGEST else said[: _LONGEST - 3].rstrip() + "..."


def sort_sets(text: str) -> str:
    """A text whose printed sets have their members in order: they come in another one each time.

    Keras makes a list of a set where it speaks of unknown entries.
    """

    def sort_members(hit: re.Match[str]) -> str:
        opening, members, closing = hit.groups()
        return opening + ", ".join(sorted(members.split(", "))) + closing

    text = re.sub(r"(Unknown entries in [\w ]+: \[)([^\]]+)(\])", sort_members, text)
    return re.sub(r"(\{)([^{}:]+)(\})", sort_members, text)


def _shorten_config(text: str) -> str:
    """A dict as it was printed, if it is short; three dots for a long one."""
    return text if len(text) < 80 else "{...}"


def rank(loadings: Iterable[Loading]) -> LoadVerdict | None:
    """The worst verdict of some loadings; None if there are none."""
    found = {one.verdict for one in loadings}
    order = (LoadVerdict.OTHERWISE, LoadVerdict.FAILS, LoadVerdict.OPTIONS, LoadVerdict.EQUAL)
    return next((verdict for verdict in order if verdict in found), None)


def form_of(file: str) -> str:
    """The format of a file of the grid: `h5` of `h5/functional`."""
    return file.rpartition("/")[0]


def kind_of(file: str) -> str:
    """The kind of model in a file of the grid: `functional` of `h5/functional`."""
    return file.rpartition("/")[2]


Cells = Mapping[str, Loading]
"""File -> how its loading ended."""

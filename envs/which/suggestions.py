"""Suggestions: what to write instead of a name that a pairing does not have.

Most are derived from the record: another path of the same object, or the same name elsewhere in the
same package. Nothing is suggested that was not seen in that pairing.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from envs.names import blocks
from envs.names.record import Names, Presence, Sighting
from envs.which.answer import Lack
from envs.which.successors import KERAS, Successor, Table, split_keras
from envs.which.uses import UseKind

_V1 = "tensorflow.compat.v1"

_HOPS = 3
"""Over how many pairings an object is followed that moves more than once."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to write at a place.

    `line` is a program that shows that it is there: an import, or an import and an expression.
    `derived` tells the record's suggestions from those of the table.
    """

    write: str
    line: str
    why: str
    derived: bool = True
    after: str = ""
    """The import that the new text needs, if the code may not have it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A path that is there, why it is the one, and whether it is the same object."""

    path: str
    why: str
    same: bool


class Adviser:
    """Finds what to write instead in one pairing.

    With `apart`, objects of `keras` and of `tf.keras` do not go together there.
    """

    def __init__(self, names: Names, table: Table, pairing: str, apart: bool = False) -> None:
        self.names = names
        self.table = table
        self.pairing = pairing
        self.apart = apart
        place = names.pairings.index(pairing)
        self._nearest = sorted(
            names.pairings, key=lambda other: (abs(names.pairings.index(other) - place), other)
        )
        self.find_successor = cache(self._find_successor)

    def suggest(self, lack: Lack) -> Suggestion | None:
        """What to write instead of what a use lacks; None if nothing is known."""
        finding, use = lack.finding, lack.use
        if finding.needs:
            line = f"import {finding.needs}"
            why = f"`{finding.path}` is only there after it"
            return Suggestion(use.written, f"{line}\n{finding.path}", why, after=line)
        if finding.python:
            why = f"derived: the recommended Python of {self.pairing} has it"
            return Suggestion("", "", why)
        if finding.error == "call" and not finding.keyword:
            return self._pass_by_keyword(lack)
        if finding.error == "call" or use.kind == UseKind.MEMBER:
            return self._written(finding.path, finding.keyword)
        found = self.find_successor(finding.path)
        derived = self._rewrite(lack, found) if found else None
        entry = self._entry(finding.path, "")
        written = self._write(*entry) if entry else None
        if derived is None or written is None or entry is None:
            return derived or written
        same = found is not None and found.same
        if written.write and (entry[0].first or not same):
            return written
        if not written.write and finding.path in entry[0].names:
            # Nothing else to write, but something to know.
            return replace(derived, why=f"{derived.why}; {entry[0].reason}")
        return derived

    # --- derived ---

    def _pass_by_keyword(self, lack: Lack) -> Suggestion | None:
        """The call with the arguments by name that it must give, or gives by a place."""
        finding, use = lack.finding, lack.use
        path, most = finding.path, finding.most
        names, why = list(finding.without), "what has no default must be given"
        if most is not None:
            here = self.names.look_up(path, self.pairing)
            old, names = self._find_places(path, use.positional)
            if names[:most] != _list_places(here):
                return None
            names = names[most : use.positional]
            if not names or not all(blocks.accepts(here.parameters, name) for name in names):
                return None
            why = f"so they are called in {old}"
        kept = most if most is not None else use.positional or use.keywords
        given = [*(["..."] if kept else []), *(f"{name}=..." for name in names)]
        write = f"{use.written}({', '.join(given)})"
        module, _, name = path.rpartition(".")
        line = f"from {module} import {name}"
        if self.names.look_up(module, self.pairing).kind == "class":
            above, _, owner = module.rpartition(".")
            line = f"from {above} import {owner}\n{owner}.{name}"
        return Suggestion(write, line, f"derived: {why}")

    def _find_places(self, path: str, count: int) -> tuple[str, list[str]]:
        """The nearest pairing where so many arguments need no keyword, and their names."""
        for old in self._nearest:
            names = _list_places(self.names.look_up(path, old))
            if len(names) >= count:
                return old, names
        return "", []

    def _find_successor(self, path: str) -> Found | None:
        """Another path that is there, and why it is the one.

        First the same object under the same Keras, then the same name there, then the other Keras.
        But for one that is only deeper inside `keras` until it comes back: `tensorflow.keras` has
        it where it is meant to be, and that holds for all of TensorFlow 2.
        """
        found = [one for one in (self._same_object(path), self._same_leaf(path)) if one]
        keras = _public(split_keras(path)[0])
        if not keras:
            return next(iter(found), None)
        first = min(found, key=lambda one: _public(split_keras(one.path)[0]) != keras, default=None)
        if first and (self.apart or first.path.count(".") <= path.count(".")):
            return first
        return self._same_in_tensorflow(path) or first

    def _same_in_tensorflow(self, path: str) -> Found | None:
        """The very name of `keras` in `tensorflow.keras`."""
        keras, rest = split_keras(path)
        later = self.names.pairings[self.names.pairings.index(self.pairing) + 1 :]
        back = next((one for one in later if self._seen(path, one)), None)
        if keras != "keras" or not rest or back is None:
            return None
        new = f"tensorflow.keras{rest}"
        if not self._is_there(new, self.names.look_up(path, back), path):
            return None
        return Found(new, f"the same name in `{new.rpartition('.')[0]}`", same=True)

    def _same_object(self, path: str) -> Found | None:
        seen = {path}
        left = [(path, 0, "")]
        while left:
            one, hops, said = left.pop(0)
            for old in self._nearest:
                sighting = self.names.look_up(one, old)
                if sighting.presence != Presence.THERE:
                    continue
                if sighting.kind not in ("class", "function", "module"):
                    return None
                others = [
                    *self.names.same_object(one, old),
                    *self.names.paths_of(sighting.canonical, self.pairing),
                ]
                words = said or f"the same object in {old}"
                there = [other for other in others if self._is_there(other, sighting, path)]
                if there:
                    return Found(self._best(there, path), words, same=True)
                if hops < _HOPS:
                    fresh = [other for other in others if other not in seen][:4]
                    seen.update(fresh)
                    left += [(other, hops + 1, words) for other in fresh]
                break
        return None

    def _same_leaf(self, path: str) -> Found | None:
        """The same name elsewhere in a Keras, or in TensorFlow's `compat.v1`."""
        old = next((one for one in self._nearest if self._seen(path, one)), None)
        if old is None:
            return None
        sighting = self.names.look_up(path, old)
        keras, _ = split_keras(path)
        leaf = path.rpartition(".")[2]
        if keras:
            # A constant of the same name may be anything.
            if sighting.kind not in ("class", "function", "module"):
                return None
            others = [
                one
                for one in self.names.same_leaf(leaf, self.pairing)
                if split_keras(one)[0] and self._is_like(one, path, sighting)
            ]
        else:
            others = [f"{_V1}{path.removeprefix('tensorflow')}"]
        there = [other for other in others if self._is_there(other, sighting, path)]
        if not there:
            return None
        best = self._best(there, path)
        return Found(best, f"the same name in `{best.rpartition('.')[0]}`", same=not keras)

    def _is_like(self, path: str, old: str, sighting: Sighting) -> bool:
        """Whether a path with the same last name is in the same package, or takes as much."""
        if split_keras(path)[1].split(".")[1:2] == split_keras(old)[1].split(".")[1:2]:
            return True
        there = self.names.look_up(path, self.pairing).parameters
        if not there or not sighting.parameters:
            return False
        taken = {one.name for one in there}
        return all(one.name in taken for one in sighting.parameters if one.kind != "kwargs")

    def _seen(self, path: str, pairing: str) -> bool:
        return self.names.look_up(path, pairing).presence == Presence.THERE

    def _is_there(self, path: str, like: Sighting, old: str) -> bool:
        """Whether a path is there, of the same kind, and no more private than the old one."""
        parts = path.split(".")
        if any(part.startswith("_") or part == "src" for part in parts):
            return False
        if parts[1:2] in (["python"], ["core"]) and parts[:2] != old.split(".")[:2]:
            return False
        sighting = self.names.look_up(path, self.pairing)
        if sighting.presence != Presence.THERE or sighting.kind != like.kind:
            return False
        module, _, name = path.rpartition(".")
        if not module:
            return sighting.importable
        return self.names.import_name(module, name, self.pairing).presence == Presence.THERE

    def _best(self, paths: list[str], old: str) -> str:
        """The path that is most like the old one: of the same Keras, in the same package, short."""
        keras, rest = split_keras(old)
        root, parts = old.partition(".")[0], rest.split(".")

        def distance(path: str) -> tuple[object, ...]:
            other, tail = split_keras(path)
            shared = 0
            for one, two in zip(parts, tail.split("."), strict=False):
                if one != two:
                    break
                shared += 1
            versioned = any(word in path for word in ("compat", "legacy", "experimental"))
            return (
                bool(keras) and other != _public(keras),
                path.partition(".")[0] != root,
                versioned,
                -shared,
                path.count("."),
                len(path),
            )

        return min(dict.fromkeys(paths), key=distance)

    def _rewrite(self, lack: Lack, found: Found) -> Suggestion:
        """The suggestion in the words of the place."""
        use, new = lack.use, found.path
        module, _, name = new.rpartition(".")
        said = f"derived: {found.why}"
        old = _public(split_keras(lack.finding.path)[0])
        if self.apart and old and _public(split_keras(new)[0]) != old:
            said += "; it is of the other Keras, and layers of the two do not go together"
        if not module:
            return Suggestion(f"import {new}", f"import {new}", said)
        plain = f"from {module} import {name}"
        _, _, alias = use.written.partition(" as ")
        alias = alias.strip()
        match use.kind:
            case UseKind.IMPORT:
                if self.names.import_module(new, self.pairing).presence == Presence.THERE:
                    line = f"import {new} as {alias}" if alias else f"import {new}"
                else:
                    line = f"{plain} as {alias}" if alias and alias != name else plain
                return Suggestion(line, line, said)
            case UseKind.FROM:
                bound = alias or use.path.rpartition(".")[2]
                line = plain if bound == name else f"{plain} as {bound}"
                return Suggestion(line, line, said)
            case UseKind.STAR:
                line = f"from {new} import *"
                return Suggestion(line, line, said)
            case UseKind.ATTRIBUTE if use.base and new.startswith(f"{use.base_path}."):
                sighting = self.names.look_up(new, self.pairing)
                if not sighting.needs:
                    write = f"{use.base}{new[len(use.base_path) :]}"
                    return Suggestion(write, f"import {new.partition('.')[0]}\n{new}", said)
        above, _, parent = module.rpartition(".")
        if hasattr(builtins, name) and above:
            # `from keras.ops import sum` would hide Python's own.
            line = f"from {above} import {parent}"
            return Suggestion(f"{parent}.{name}", f"{line}\n{parent}.{name}", said, after=line)
        return Suggestion(name, plain, said, after=plain)

    # --- written by hand ---

    def _written(self, path: str, keyword: str) -> Suggestion | None:
        """What the table says of a path or an argument, if all that it uses is there."""
        entry = self._entry(path, keyword)
        return self._write(*entry) if entry else None

    def _entry(self, path: str, keyword: str) -> tuple[Successor, str] | None:
        """The first entry about a path whose names are all there, and the Keras that has them."""
        own = _public(split_keras(path)[0])
        for one in self.table.find_successors(path, keyword):
            for keras in dict.fromkeys((own, "keras", "tensorflow.keras")):
                if all(self._seen(name.replace(KERAS, keras), self.pairing) for name in one.uses):
                    return one, keras
        return None

    def _write(self, entry: Successor, keras: str) -> Suggestion:
        used = [name.replace(KERAS, keras) for name in entry.uses]
        needed = [self.names.look_up(name, self.pairing).needs for name in used]
        imports = [
            needs or name.partition(".")[0] for needs, name in zip(needed, used, strict=True)
        ]
        lines = [f"import {module}" for module in dict.fromkeys(imports)] + used
        why = f"written by hand: {entry.reason.replace(KERAS, keras)}"
        write = entry.write.replace(KERAS, keras)
        return Suggestion(write, "\n".join(lines), why, derived=False)


def _list_places(sighting: Sighting) -> list[str]:
    """The arguments that need no keyword."""
    parameters = sighting.parameters or ()
    return [one.name for one in parameters if one.kind in ("positional", "either")]


def _public(keras: str) -> str:
    """The public path of a Keras."""
    return keras.replace(".python", "")


def list_suggestions(
    lacks: list[Lack], adviser: Adviser
) -> Iterator[tuple[Lack, Suggestion | None]]:
    """Each lack, with what to write instead."""
    for lack in lacks:
        yield lack, adviser.suggest(lack)

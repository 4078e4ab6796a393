"""Suggestions: what to write instead of a name that a pairing does not have.

Most are derived from the record: another path of the same object, or the same name elsewhere in the
same package. Nothing is suggested that was not seen in that pairing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from envs.names.record import Presence, Record, Sighting
from envs.which.answer import Lack
from envs.which.successors import KERAS, Successor, Table, split_keras
from envs.which.uses import UseKind

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


class Adviser:
    """Finds what to write instead in one pairing."""

    def __init__(self, names: Record, table: Table, pairing: str) -> None:
        self.names = names
        self.table = table
        self.pairing = pairing
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
        if finding.error == "call" or use.kind == UseKind.MEMBER:
            return self._written(finding.path, finding.keyword)
        found = self.find_successor(finding.path)
        derived = self._rewrite(lack, found[0], found[1]) if found else None
        entry = self._entry(finding.path, "")
        written = self._write(*entry) if entry else None
        if derived is None or written is None or entry is None:
            return derived or written
        same = found is not None and found[2] == "object"
        if written.write and (entry[0].first or not same):
            return written
        if not written.write and finding.path in entry[0].names:
            # Nothing else to write, but something to know.
            return replace(derived, why=f"{derived.why}; {entry[0].reason}")
        return derived

    # --- derived ---

    def _find_successor(self, path: str) -> tuple[str, str, str] | None:
        """Another path that is there, why it is the one, and how sure that is."""
        return self._same_object(path) or self._same_leaf(path)

    def _same_object(self, path: str) -> tuple[str, str, str] | None:
        seen = {path}
        left = [(path, 0, "")]
        while left:
            one, hops, said = left.pop(0)
            for old in self._nearest:
                sighting = self.names.look_up(one, old)
                if sighting.presence != Presence.THERE:
                    continue
                others = [
                    *self.names.same_object(one, old),
                    *self.names.paths_of(sighting.canonical, self.pairing),
                ]
                words = said or f"the same object in {old}"
                there = [other for other in others if self._is_there(other, sighting)]
                if there:
                    return self._best(there, path), words, "object"
                if hops < _HOPS:
                    fresh = [other for other in others if other not in seen][:4]
                    seen.update(fresh)
                    left += [(other, hops + 1, words) for other in fresh]
                break
        return None

    def _same_leaf(self, path: str) -> tuple[str, str, str] | None:
        old = next((o for o in self._nearest if self._seen(path, o)), None)
        if old is None:
            return None
        sighting = self.names.look_up(path, old)
        if sighting.kind not in ("class", "function", "module"):
            return None
        keras, rest = split_keras(path)
        if not keras:
            return None
        swapped = f"{'tensorflow.keras' if keras == 'keras' else 'keras'}{rest}"
        leaf = path.rpartition(".")[2]
        there = [
            other
            for other in self.names.same_leaf(leaf, self.pairing)
            if split_keras(other)[0] and self._is_there(other, sighting)
        ]
        if there:
            best = self._best(there, path)
            package = best.rpartition(".")[0]
            return best, f"the same name in `{package}`", "leaf"
        if self._is_there(swapped, sighting):
            return swapped, "the same name in the other Keras", "leaf"
        return None

    def _seen(self, path: str, pairing: str) -> bool:
        return self.names.look_up(path, pairing).presence == Presence.THERE

    def _is_there(self, path: str, like: Sighting) -> bool:
        """Whether a path is there and of the same kind, and can be written by a person."""
        if any(part.startswith("_") or part == "src" for part in path.split(".")):
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
        keras = keras.replace(".python", "")
        parts = rest.split(".")

        def distance(path: str) -> tuple[object, ...]:
            other, tail = split_keras(path)
            shared = 0
            for one, two in zip(parts, tail.split("."), strict=False):
                if one != two:
                    break
                shared += 1
            versioned = "compat" in path or "legacy" in path or "experimental" in path
            return other != keras, versioned, -shared, path.count("."), len(path)

        return min(dict.fromkeys(paths), key=distance)

    def _rewrite(self, lack: Lack, new: str, why: str) -> Suggestion | None:
        """The suggestion in the words of the place."""
        use = lack.use
        module, _, name = new.rpartition(".")
        said = f"derived: {why}"
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
        return Suggestion(name, plain, said, after=plain)

    # --- written by hand ---

    def _written(self, path: str, keyword: str) -> Suggestion | None:
        """What the table says of a path or an argument, if all that it uses is there."""
        entry = self._entry(path, keyword)
        return self._write(*entry) if entry else None

    def _entry(self, path: str, keyword: str) -> tuple[Successor, str] | None:
        """The first entry about a path whose names are all there, and the Keras that has them."""
        own = split_keras(path)[0].replace(".python", "")
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


def list_suggestions(
    lacks: list[Lack], adviser: Adviser
) -> Iterator[tuple[Lack, Suggestion | None]]:
    """Each lack, with what to write instead."""
    for lack in lacks:
        yield lack, adviser.suggest(lack)

"""Judging: whether one use of a name works in one pairing, by the record of names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from envs.names import blocks
from envs.names.record import Names, Presence, Sighting
from envs.which.successors import Table
from envs.which.uses import Code, Ref, Use, UseKind

Key = tuple[UseKind, str, str, str, tuple[str, ...], int, bool]

_OF_MEMBERS = ("enum.Enum.name", "enum.Enum.value")
"""Properties that raise an error when they are asked of the class."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the record says of a use in a pairing: what is not there, or that it does not know.

    `error` is one of the kinds of `uses.ERRORS`, or empty if the use works. `missing` is the
    shortest path that is not there. Of a call, `keyword` is the argument that is not taken,
    `without` are those that it must give and does not, and `most` is how many it may give without
    keyword, if it gives more.
    `python` is the Python on which alone it is not there; empty if that is not so.
    """

    path: str
    error: str = ""
    missing: str = ""
    why: str = ""
    keyword: str = ""
    without: tuple[str, ...] = ()
    most: int | None = None
    python: str = ""
    unknown: bool = False
    deprecated: str = ""
    needs: str = ""


class Judge:
    """Looks up uses in the record, each once."""

    def __init__(self, names: Names, table: Table, code: Code) -> None:
        self.names = names
        self.table = table
        self.imported = code.imported
        self._found: dict[tuple[Key, str], Finding] = {}
        self._stars: dict[str, dict[str, frozenset[str]]] = {}
        self._members: dict[str, bool] = {}
        self._classes: dict[str, bool] = {}

    def judge(self, use: Use, ref: Ref, pairing: str) -> Finding:
        """What the record says of a use, if its name stands for `ref`, in a pairing."""
        call = (use.keywords, use.positional, use.unpacked)
        key = (use.kind, ref.path, use.module, use.base_path, *call)
        if (key, pairing) not in self._found:
            self._found[key, pairing] = self._judge(use, ref.path, pairing)
        return self._found[key, pairing]

    def is_class(self, path: str) -> bool:
        """Whether a path is a class in some pairing."""
        if path not in self._classes:
            found = (self.names.look_up(path, pairing).kind for pairing in self.names.pairings)
            self._classes[path] = "class" in found
        return self._classes[path]

    def is_from_star(self, module: str, name: str) -> bool:
        """Whether `from module import *` brings a name in some pairing."""
        return any(name in self._star(module, pairing) for pairing in self.names.pairings)

    def _judge(self, use: Use, path: str, pairing: str) -> Finding:
        match use.kind:
            case UseKind.IMPORT | UseKind.STAR:
                return self._import(path, self.names.import_module(path, pairing), pairing)
            case UseKind.FROM:
                name = path.removeprefix(f"{use.module}.")
                sighting = self.names.import_name(use.module, name, pairing)
                return self._import(path, sighting, pairing, use.module)
            case UseKind.STAR_NAME:
                module, _, name = path.rpartition(".")
                if name in self._star(module, pairing):
                    return Finding(path)
                if self.names.import_module(module, pairing).presence != Presence.THERE:
                    # The import itself is what fails.
                    return Finding(path)
                return Finding(path, "attribute", path, f"`{module}` does not bring it")
            case UseKind.ATTRIBUTE:
                return self._attribute(path, pairing, use.base_path)
            case UseKind.CALL:
                return self._call(use, path, self.names.look_up(path, pairing), pairing)
            case UseKind.MEMBER:
                return self._member(use, path, pairing)

    def _import(self, path: str, sighting: Sighting, pairing: str, module: str = "") -> Finding:
        if sighting.presence == Presence.MISSING:
            missing = sighting.missing_at or path
            of_module = not module or f"{module}.".startswith(f"{missing}.")
            error = "module" if of_module else "name"
            return Finding(path, error, missing, sighting.error)
        if sighting.presence == Presence.UNKNOWN:
            return self._unknown(path, pairing)
        return Finding(path, deprecated=_notice(sighting))

    def _unknown(self, path: str, pairing: str) -> Finding:
        """What the nearest name around it that the record covers says.

        An attribute of a constant or of a function is not recorded, and nothing is amiss with it.
        """
        around = path.rpartition(".")[0]
        if not around:
            return Finding(path, unknown=True)
        sighting = self.names.look_up(around, pairing)
        if sighting.presence == Presence.UNKNOWN:
            return self._unknown(around, pairing)
        if sighting.presence == Presence.MISSING:
            return Finding(path, "attribute", sighting.missing_at or around, sighting.error)
        if sighting.kind == "function" and self.names.pairings_with(path):
            # Elsewhere it is a class, whose attributes a function does not have.
            return Finding(path, "attribute", path, f"`{around}` is a function")
        leaf = path[len(around) + 1 :].partition(".")[0]
        inside = sighting.kind in ("module", "class")
        return Finding(path, unknown=inside and not leaf.startswith("__"))

    def _attribute(self, path: str, pairing: str, base: str) -> Finding:
        sighting = self.names.look_up(path, pairing)
        if sighting.presence == Presence.MISSING:
            return Finding(path, "attribute", sighting.missing_at or path, sighting.error)
        if sighting.presence == Presence.UNKNOWN:
            return self._unknown(path, pairing)
        if sighting.kind == "instance" or sighting.canonical in _OF_MEMBERS:
            return Finding(path, "attribute", path, "only instances have it")
        if sighting.unbound and not f"{base}.".startswith(f"{sighting.unbound}."):
            why = f"`{sighting.unbound}` is no attribute, only `from` and `as` reach it"
            return Finding(path, "attribute", sighting.unbound, why)
        # A lazy loader that fails when it is looked into is there, and what is in it is not.
        lazy = sighting.error and sighting.needs == path
        if sighting.needs and sighting.needs not in self.imported and not lazy:
            why = f"only there after `import {sighting.needs}`"
            return Finding(path, "attribute", path, why, needs=sighting.needs)
        return Finding(path, deprecated=_notice(sighting))

    def _member(self, use: Use, path: str, pairing: str) -> Finding:
        owner = path.rpartition(".")[0]
        if self.names.look_up(owner, pairing).kind != "class":
            return Finding(path)
        sighting = self.names.look_up(path, pairing)
        if sighting.presence == Presence.MISSING:
            # An instance may have more than its class. A name counts that a class once had.
            if path not in self._members:
                self._members[path] = bool(self.names.pairings_with(path))
            if self._members[path]:
                return Finding(path, "attribute", path, sighting.error)
            return Finding(path)
        return self._call(use, path, sighting, pairing)

    def _call(self, use: Use, path: str, sighting: Sighting, pairing: str) -> Finding:
        if sighting.presence != Presence.THERE:
            return Finding(path)
        notice = ""
        exact = not self.table.takes_old_words(path, pairing)
        for keyword in use.keywords:
            refused = exact and blocks.accepts(sighting.parameters, keyword) is False
            if refused or self.table.is_refused(path, keyword, pairing):
                why = f"does not take `{keyword}`"
                return Finding(path, "call", path, why, keyword)
            notice = self.table.explain_change(path, keyword, pairing) or notice
        if sighting.parameters is not None and not use.unpacked:
            # By the class, as in `Model.fit(model, x)`, the instance is given too.
            itself = use.kind == UseKind.CALL and sighting.on_instance
            given = use.positional - itself
            kinds = [parameter.kind for parameter in sighting.parameters]
            most = sum(kind in ("positional", "either") for kind in kinds)
            if exact and "args" not in kinds and given > most:
                why = f"takes {most} arguments without keyword, not {given}"
                return Finding(path, "call", path, why, most=most)
            # A word of Keras 1 may stand for any argument.
            words_known = all(blocks.accepts(sighting.parameters, word) for word in use.keywords)
            missing = _list_missing(sighting, given, use.keywords)
            if missing and (exact or words_known):
                names = " and ".join(f"`{name}`" for name in missing)
                why = f"must be given {names}"
                return Finding(path, "call", path, why, without=missing)
        return Finding(path, deprecated=notice)

    def _star(self, module: str, pairing: str) -> frozenset[str]:
        by_pairing = self._stars.setdefault(module, {})
        if pairing not in by_pairing:
            by_pairing[pairing] = frozenset(self.names.star_names(module, pairing))
        return by_pairing[pairing]


def _list_missing(sighting: Sighting, positional: int, keywords: Sequence[str]) -> tuple[str, ...]:
    """The arguments that a call must give and does not."""
    missing = []
    for parameter in sighting.parameters or ():
        if parameter.kind in ("positional", "either"):
            positional -= 1
            if positional >= 0:
                continue
        elif parameter.kind != "keyword":
            continue
        if parameter.required and parameter.name not in keywords:
            missing.append(parameter.name)
    return tuple(missing)


def _notice(sighting: Sighting) -> str:
    """The notice that a name is deprecated.

    One that is about an argument only is left out, and one that tells to use the name itself.
    """
    said = sighting.deprecated
    return "" if said.startswith("`(") or said == f"use {sighting.path}" else said

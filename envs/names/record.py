"""The record read: whether a name exists in a pairing, what it is there, and where else it stands.

Three answers are kept apart: a name was seen; it was looked for and is missing; or the walk does
not cover it, so that nothing is known. Only what an answer needs is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, lru_cache

from envs.names import blocks, facts, rules
from envs.names.blocks import ClassBlock, ModuleBlock, Parameter, Texts
from envs.names.rules import ROOTS as ROOTS
from envs.names.statements import Order

KINDS = {"m": "module", "c": "class", "f": "function", "k": "constant"}
_INSIDE = {
    **{"f": "method", "s": "method", "p": "property", "k": "attribute"},
    **{"c": "class", "i": "instance"},
}


class Presence(StrEnum):
    """Whether a name is there: `unknown` where nothing looked."""

    THERE = "there"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Sighting:
    """What is known of a name in a pairing.

    `kind` is a value of `KINDS`, or inside a class `method`, `property`, `attribute`, or `instance`
    for what only its instances have. `canonical` is where a class or function is defined, or a
    module's own name; empty if unknown; of what is in a class, that class by its best path.
    `public` is the best path of a class or function, under which its parameters are stated.
    `parameters` are those of a call, None if unknown; with `on_instance`, a call by the class takes
    the instance before them. `importable` is whether `import path` works. `needs` is the module
    that must be imported before the attributes can be reached from the top; empty if none.
    `unbound` is a module on the way that is no attribute of the one above even then, so that only
    `from` or `as` reaches it; empty if none. `error` is what importing or touching it raised,
    `deprecated` a notice. `missing_at` is the first part of the path that is not there.
    """

    path: str
    pairing: str
    presence: Presence
    kind: str = ""
    canonical: str = ""
    public: str = ""
    parameters: tuple[Parameter, ...] | None = None
    on_instance: bool = False
    importable: bool = False
    needs: str = ""
    unbound: str = ""
    error: str = ""
    deprecated: str = ""
    missing_at: str = ""


class Names:
    """The record. Methods raise Problem for a pairing that is not recorded, or a damaged file."""

    def __init__(self, order: Order, texts: Texts) -> None:
        self.order = order
        self._texts = texts
        self._takers: dict[str, list[ModuleBlock]] = {}
        self.look_up = lru_cache(200_000)(self._look_up)
        self._follow = lru_cache(200_000)(self._trace)
        self._best_of = lru_cache(200_000)(self._find_best)

    @property
    def pairings(self) -> tuple[str, ...]:
        """The recorded pairings, oldest TensorFlow first."""
        return self.order.names

    # --- one name ---

    def _look_up(self, path: str, pairing: str) -> Sighting:
        """What a chain such as `keras.layers.Dense` finds, after the imports that it needs."""
        root, *parts = path.split(".")
        if root not in ROOTS or not all(part.isidentifier() for part in parts):
            return Sighting(path, pairing, Presence.UNKNOWN)
        return replace(self._follow(path, pairing)[0], path=path)

    def _trace(self, path: str, pairing: str) -> tuple[Sighting, str]:
        """What a chain finds, and the module if it is one; the chain above is traced once."""
        place = self.order.number(pairing)
        above, _, part = path.rpartition(".")
        if not above:
            return self._import(path, pairing, place), path
        seen, module = self._follow(above, pairing)
        if seen.presence is not Presence.THERE:
            return seen, ""
        if seen.kind == "module":
            return self._step(module, part, path, seen, place)
        if seen.kind == "class":
            return self._inside(part, path, seen, place), ""
        return Sighting(path, pairing, Presence.UNKNOWN), ""

    def _step(
        self, module: str, part: str, here: str, above: Sighting, place: int
    ) -> tuple[Sighting, str]:
        """One attribute further from a module: what is there, and the module if it is one."""
        block = self._content(module, place)
        if block is None:
            return replace(_bare(above), path=here, presence=Presence.UNKNOWN), ""
        found = block.find(part, place)
        importable = self._block(here).holds("import", place)
        if found is None:
            for path in (here, f"{module}.{part}"):
                if self._block(path).holds("import", place):
                    seen = replace(_bare(above), path=here, kind="module", canonical=path)
                    loose = "unbound" in self._block(path).words("does", place)
                    unbound = above.unbound or (path if loose else "")
                    # The record has it as the same as a plain module, of which it tells no modules.
                    same = self._block(here.rpartition(".")[0]).same(place)
                    untold = same and self._may_hold(block, part, place)
                    seen = replace(seen, needs="" if untold else path, unbound=unbound)
                    seen = replace(seen, error=block.error(part, place))
                    return replace(seen, importable=path == here), path
            return self._absent(block, part, here, above, place), ""
        kind, target = found
        seen = replace(_bare(above), path=here, kind=KINDS[kind], canonical=target)
        seen = replace(seen, needs=above.needs, unbound=above.unbound)
        seen = replace(seen, deprecated=block.notice(part, place))
        if kind == "m":
            return replace(seen, importable=importable), target
        canonical, public = self._places(block.name, part, target, place)
        return self._detailed(replace(seen, canonical=canonical), public, kind, place), ""

    def _places(self, module: str, name: str, target: str, place: int) -> tuple[str, str]:
        """Where a class or function is defined, and its best path, from what its module says."""
        path = f"{module}.{name}"
        if target.startswith("="):
            home, _, leaf = target[1:].rpartition(".")
            found = self._block(home).find(leaf, place)
            return found[1] if found else "", target[1:]
        if target == path:
            return path, self._best_of(path, place)
        return target, min(path, target, key=facts.rank_path) if target else ""

    def _find_best(self, canonical: str, place: int) -> str:
        """The best path of a class or function, from where it is defined."""
        home = canonical.rpartition(".")[0]
        if home not in self._takers:
            self._takers[home] = [self._block(name) for name in self._texts.find_takers(home)]
        for block in self._takers[home]:
            for name, stated in block.names.items():
                if any(target == canonical and held >> place & 1 for held, _, target in stated):
                    return min(f"{block.name}.{name}", canonical, key=facts.rank_path)
        return canonical

    def _detailed(self, seen: Sighting, public: str, kind: str, place: int) -> Sighting:
        """A class or function with its parameters and its notice."""
        text, notice = None, ""
        if kind == "c":
            inside = self._class(public)
            text, notice = inside.constructor(place), inside.notice(place)
        elif kind == "f":
            home, _, leaf = public.rpartition(".")
            inside = self._class(home)
            text, notice = inside.call(leaf, place), inside.notice(place, leaf)
        seen = replace(seen, public=public, deprecated=seen.deprecated or notice)
        return _with_parameters(seen, text)

    def _inside(self, part: str, here: str, above: Sighting, place: int) -> Sighting:
        """One attribute of a class, its own or inherited."""
        seen = replace(_bare(above), path=here, needs=above.needs, unbound=above.unbound)
        if part.startswith("_") or not self._class(above.public).known(place):
            return replace(seen, presence=Presence.UNKNOWN)
        for class_ in self._ancestors(above.public, place):
            inside = self._class(class_)
            found = inside.find(part, place)
            if found:
                relation, text = found
                seen = replace(seen, kind=_INSIDE[relation], canonical=f"{class_}.{part}")
                if relation == "c":
                    return self._detailed(seen, f"{class_}.{part}", "c", place)
                return _with_parameters(replace(seen, on_instance=relation == "f"), text)
            if not inside.known(place):
                return replace(seen, presence=Presence.UNKNOWN)
        return replace(seen, presence=Presence.MISSING, missing_at=here)

    def _absent(
        self, block: ModuleBlock, part: str, here: str, above: Sighting, place: int
    ) -> Sighting:
        """A name that a module does not have, as far as it was looked for."""
        seen = replace(_bare(above), path=here)
        error = block.error(part, place) or self._block(here).failure(place)
        raw = rules.is_inner(block.name) and part != part.lower()
        if raw and not error:
            operations = self._content("tensorflow.raw_ops", place)
            raw = operations is not None and operations.find(part, place) is not None
        unsure = self._may_hold(block, part, place)
        if not error and (raw or unsure or not rules.is_covered(here)):
            return replace(seen, presence=Presence.UNKNOWN)
        return replace(seen, presence=Presence.MISSING, missing_at=here, error=error)

    def _may_hold(self, block: ModuleBlock, part: str, place: int) -> bool:
        """Whether a plain module may have a module under a name: the record tells only of some."""
        if block.holds("package", place):
            return False
        return self._block(facts.IMPORTED).find(part, place) is not None

    def import_module(self, path: str, pairing: str) -> Sighting:
        """What the statement `import path` finds."""
        place = self.order.number(pairing)
        root, *parts = path.split(".")
        if root not in ROOTS or not all(part.isidentifier() for part in parts):
            return Sighting(path, pairing, Presence.UNKNOWN)
        seen = self._import(root, pairing, place)
        for number in range(1, len(parts) + 1):
            if seen.presence is not Presence.THERE:
                break
            above = seen
            seen = self._import(".".join(path.split(".")[: number + 1]), pairing, place)
            missing = seen.presence is Presence.MISSING and not seen.error
            if missing and self._content(above.path, place) is None:
                seen = replace(seen, presence=Presence.UNKNOWN, missing_at="")
        return replace(seen, path=path)

    def _import(self, path: str, pairing: str, place: int) -> Sighting:
        block = self._block(path)
        if block.holds("import", place):
            return Sighting(path, pairing, Presence.THERE, "module", path, importable=True)
        error = block.failure(place)
        if not error and not rules.is_covered(path):
            return Sighting(path, pairing, Presence.UNKNOWN)
        return Sighting(path, pairing, Presence.MISSING, missing_at=path, error=error)

    def import_name(self, module: str, name: str, pairing: str) -> Sighting:
        """What `from module import name` finds: an attribute, or a module that it imports."""
        place = self.order.number(pairing)
        above = self.import_module(module, pairing)
        path = f"{module}.{name}"
        if above.presence is not Presence.THERE or not name.isidentifier():
            return replace(above, path=path)
        seen, _ = self._step(module, name, path, replace(above, needs=module), place)
        return seen

    # --- many names ---

    def modules(self) -> list[str]:
        """Every module that is stated for some pairing, sorted."""
        return sorted(name for name, _ in self._texts.every_module())

    def is_importable(self, module: str, pairing: str) -> bool:
        """Whether `import module` works in a pairing."""
        return self._block(module).holds("import", self.order.number(pairing))

    def list_names(self, module: str, pairing: str) -> Mapping[str, str]:
        """The public names of a module, and what kind each is; empty if there is no such module."""
        place = self.order.number(pairing)
        known = self.is_importable(module, pairing) or self._is_module(module, pairing)
        block = self._content(module, place) if known else None
        if block is None:
            return {}
        found = {name: block.find(name, place) for name in block.names}
        return {name: KINDS[one[0]] for name, one in sorted(found.items()) if one}

    def list_homes(self, module: str, pairing: str) -> Mapping[str, str]:
        """The classes and functions of a module, and the package of each; empty if unknown."""
        place = self.order.number(pairing)
        block = self._content(module, place)
        found = {name: block.find(name, place) for name in block.names} if block else {}
        return {
            name: one[1].lstrip("=").split(".")[0]
            for name, one in sorted(found.items())
            if one and one[0] in "cf"
        }

    def star_names(self, module: str, pairing: str) -> tuple[str, ...]:
        """The names that `from module import *` brings, as far as they are known."""
        place = self.order.number(pairing)
        if self.import_module(module, pairing).presence is not Presence.THERE:
            return ()
        block = self._content(module, place)
        if block is None:
            return ()
        names = {name for name in self.list_names(module, pairing) if not name.startswith("_")}
        names -= block.words("apart", place)
        return tuple(sorted(names | block.words("private", place)))

    def list_attributes(self, path: str, pairing: str) -> Mapping[str, str]:
        """The public attributes of a class, inherited ones too, and what kind each is."""
        place = self.order.number(pairing)
        seen = self.look_up(path, pairing)
        if seen.kind != "class":
            return {}
        kinds: dict[str, str] = {}
        for class_ in reversed(self._ancestors(seen.public, place)):
            inside = self._class(class_)
            found = {name: inside.find(name, place) for name in inside.names}
            kinds |= {name: _INSIDE[one[0]] for name, one in found.items() if one}
        return dict(sorted(kinds.items()))

    def pairings_with(self, path: str) -> tuple[str, ...]:
        """The pairings in which a path is there."""
        there = Presence.THERE
        return tuple(one for one in self.pairings if self.look_up(path, one).presence is there)

    def paths_of(self, canonical: str, pairing: str) -> tuple[str, ...]:
        """Every path of what is defined there, the best first; none if that is not known."""
        if not canonical:
            return ()
        place = self.order.number(pairing)
        leaf = canonical.rpartition(".")[2]
        words = {leaf, self._best_of(canonical, place).rpartition(".")[2]}
        found = []
        for block in {one.name: one for word in words for one in self._blocks_with(word)}.values():
            for name, stated in block.names.items():
                if any(
                    one[2].rpartition(".")[2] in words and one[0] >> place & 1 for one in stated
                ):
                    found.append((block, name))
        if self._is_module(canonical, pairing):
            found.append((self._block(canonical.rpartition(".")[0]), leaf))
        return self._sorted_paths(found, pairing, canonical)

    def same_object(self, path: str, pairing: str) -> tuple[str, ...]:
        """Other paths of the same class, function or module in a pairing, the best first."""
        canonical = self.look_up(path, pairing).canonical
        if not canonical:
            return ()
        return tuple(other for other in self.paths_of(canonical, pairing) if other != path)

    def same_leaf(self, leaf: str, pairing: str) -> tuple[str, ...]:
        """Every path in a pairing that ends in a name, and can be imported, the best first."""
        found = [(block, leaf) for block in self._blocks_with(leaf) if leaf in block.names]
        return self._sorted_paths(found, pairing, "")

    def _sorted_paths(
        self, found: list[tuple[ModuleBlock, str]], pairing: str, canonical: str
    ) -> tuple[str, ...]:
        place = self.order.number(pairing)
        ranked = {}
        for block, name in found:
            for module in (block.name, *self._same_as(block.name, place)):
                seen = self.import_name(module, name, pairing) if module else None
                if seen is None or seen.presence is not Presence.THERE:
                    continue
                if canonical and seen.canonical != canonical:
                    continue
                ranked[seen.path] = facts.rank_path(seen.path)
        return tuple(sorted(ranked, key=ranked.__getitem__))

    # --- blocks ---

    def _is_module(self, path: str, pairing: str) -> bool:
        return self.look_up(path, pairing).kind == "module"

    def _block(self, name: str) -> ModuleBlock:
        return self._texts.module_block(name, self.order)

    def _class(self, name: str) -> ClassBlock:
        return self._texts.class_block(name, self.order)

    def _content(self, module: str, place: int) -> ModuleBlock | None:
        """The block with the names of a module; None if the walk did not look into it."""
        block = self._block(module)
        other = block.same(place)
        block = self._block(other) if other else block
        return block if block.seen >> place & 1 else None

    def _ancestors(self, class_: str, place: int) -> list[str]:
        """A class and those it inherits from, in the order in which Python looks."""
        return blocks.linearise(class_, lambda one: self._class(one).bases(place))

    def _blocks_with(self, word: str) -> Iterator[ModuleBlock]:
        for name in self._texts.find_word(word):
            yield self._block(name)

    def _same_as(self, module: str, place: int) -> list[str]:
        return [name for name in self._aliases.get(module, ()) if self._block(name).same(place)]

    @cached_property
    def _aliases(self) -> Mapping[str, list[str]]:
        """Module -> the modules that are the same somewhere."""
        aliases: dict[str, list[str]] = {}
        for name, body in self._texts.every_module():
            for line in re.findall(r"(?m)^  same: (.+)$", body):
                for other in line.split():
                    aliases.setdefault(other, []).append(name)
        return aliases


def _bare(seen: Sighting) -> Sighting:
    """The same path and pairing, and nothing of what was seen above."""
    return Sighting(seen.path, seen.pairing, Presence.THERE)


def _with_parameters(seen: Sighting, text: str | None) -> Sighting:
    return replace(seen, parameters=blocks.parse_parameters(text) if text else None)

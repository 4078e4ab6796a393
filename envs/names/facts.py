"""Facts of one pairing: what its walks wrote, turned into statements.

The same module stands under many paths: `tensorflow.keras.layers` is `keras.api._v2.keras.layers`,
and part of `tensorflow.compat.v2`. Its names are stated once, under its best path; for the others
it is stated that they are the same. Two modules are the same if all names in them are, and in those
below them.

So it is with classes and functions: of all modules that have one, that with the best path states
where it is defined, and the others that it is the one there. What it takes is stated under the best
path too, which stays as it is when its code moves.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from envs import Problem
from envs.model import outcomes
from envs.names import blocks, rules
from envs.names.statements import Statement, is_word

_LONGEST = 240
"""How many characters of a message or of a notice are kept."""

Names = dict[str, tuple[str, str]]
"""Name -> its kind (`m`, `c`, `f` or `k`) and where it is defined."""


@dataclass
class Walked:
    """What the walks of one pairing saw, by module and by path."""

    modules: dict[str, dict[str, Any]] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    does: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    died: dict[str, str] = field(default_factory=dict)
    apart: set[str] = field(default_factory=set)
    """Paths that the import above had not loaded: each was imported in a process of its own."""


def read_walk(lines: Iterable[str], root: str, walked: Walked) -> None:
    """Add what the walk of one package wrote. Raises Problem if it did not come to its end.

    What the walk of `tensorflow` saw of modules of `keras` yields to what their own walk saw.
    """
    finished = False
    for line in lines:
        try:
            fact = json.loads(line)
        except ValueError:
            raise Problem(f"the walk of {root} wrote a line that is cut: {line[:60]!r}") from None
        if "names" in fact:
            own = fact["module"].split(".")[0] == root
            if own or fact["module"] not in walked.modules:
                walked.modules[fact["module"]] = fact
        elif "imports" in fact:
            walked.paths[fact["path"]] = fact["imports"]
        elif "error" in fact and "path" in fact:
            walked.errors[fact["path"]] = shorten_message(fact["error"])
        elif "does" in fact:
            walked.does[fact["path"]].add(fact["does"])
        elif "object" in fact:
            walked.objects.setdefault(fact["object"], fact)
        elif "begin" in fact:
            walked.apart.add(fact["begin"].removeprefix("import "))
        elif "failed" in fact:
            raise Problem(f"the walk of {root} failed at '{fact['failed']}': {fact['error']}")
        elif "died" in fact:
            walked.died[fact["died"]] = fact["how"]
        finished = finished or fact.get("finished") == root
    if not finished:
        raise Problem(f"the walk of {root} ended early")


def shorten_message(message: str) -> str:
    """A message in one line, the same on every machine."""
    message = re.sub(r"^From \S+:\d+: ", "", message)
    return outcomes.normalise_message(message)[:_LONGEST].strip()


def list_statements(walked: Walked) -> set[Statement]:
    """What the walks saw of modules, as statements."""
    same = find_same(walked.modules)
    best = find_best(walked.modules, same)
    stated: set[Statement] = set()
    for module, fact in walked.modules.items():
        if module in same:
            if rules.is_stated(module):
                stated.add((module, "same", same[module]))
        else:
            stated.update(_state_module(module, fact, same, best))
            if module not in walked.paths:
                stated.add((module, "reached", ""))
    for path, module in walked.paths.items():
        if not rules.is_stated(path):
            continue
        stated.add((path, "import", ""))
        if path != module and path not in walked.modules:
            stated.add((path, "same", same.get(module, module)))
        above, _, leaf = path.rpartition(".")
        free = path not in walked.apart and "unbound" not in walked.does.get(path, ())
        if leaf.startswith("_") and free and above not in same:
            # No private name is looked at, but this module was there with the import above.
            stated.add((above, "m .", leaf))
    stated |= {(path, "error", error) for path, error in walked.errors.items()}
    stated |= {(path, "does", what) for path, all_ in walked.does.items() for what in all_}
    stated |= {(_last(what), "died", _word(how)) for what, how in walked.died.items()}
    return stated


def list_details(walked: Walked) -> set[Statement]:
    """What the walks saw of classes and functions, as statements."""
    best = find_best(walked.modules, find_same(walked.modules))
    stated: set[Statement] = set()
    for place in _list_offered_objects(walked, best):
        fact, path = walked.objects[place], best.get(place, place)
        stated.update(_state_object(path, fact, best))
        stated |= {(path, "i", name) for name in _list_stored(place, walked.objects)}
    return stated


def _list_offered_objects(walked: Walked, best: Mapping[str, str]) -> set[str]:
    """The classes and functions that are offered to users, and what those classes inherit from."""
    paths = {place: best.get(place, place) for place in walked.objects}
    waiting = {
        place
        for place, path in paths.items()
        if rules.is_offered(path.rpartition(".")[0]) and not path.startswith("tensorflow.python.")
    }
    found: set[str] = set()
    while waiting:
        found |= waiting
        bases = {base for place in waiting for base in walked.objects[place].get("bases", ())}
        waiting = {base for base in bases if base in walked.objects} - found
    return found


def _list_stored(place: str, objects: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The names that a class alone sets on `self`: no class that it inherits from has them."""
    stored = set(objects[place].get("stored", ()))
    if not stored:
        return stored
    line = blocks.linearise(place, lambda one: objects.get(one, {}).get("bases", []))
    for class_ in line:
        fact = objects.get(class_, {})
        stored -= set(fact.get("attributes", ()))
        stored -= set(fact.get("stored", ())) if class_ != place else set()
    return stored


def _last(text: str) -> str:
    return text.split()[-1]


def _word(text: str) -> str:
    return text.replace(" ", "-")


def find_same(modules: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Module -> the module with the best path that has the same names; the best are left out.

    At first all modules without differences in their own names count as the same. Then those are
    told apart whose modules below are, until no more are.
    """
    kinds: dict[str, int] = dict.fromkeys(modules, 0)
    count = 0
    while True:
        seen: dict[object, int] = {}
        now = {}
        for module, fact in modules.items():
            content = frozenset(
                (name, kind, kinds.get(place, place) if kind == "m" else place)
                for name, (kind, place) in fact["names"].items()
            )
            now[module] = seen.setdefault((kinds[module], content), len(seen))
        kinds = now
        if len(seen) == count:
            break
        count = len(seen)
    groups: dict[int, list[str]] = defaultdict(list)
    for module, kind_ in kinds.items():
        if modules[module]["names"]:
            groups[kind_].append(module)
    same: dict[str, str] = {}
    for group in groups.values():
        best, *others = sorted(group, key=rank_path)
        same |= dict.fromkeys(others, best)
    return same


def find_best(modules: Mapping[str, Mapping[str, Any]], same: Mapping[str, str]) -> dict[str, str]:
    """Where a class or function is defined -> its best path; left out if that is the best."""
    paths: dict[str, list[str]] = defaultdict(list)
    for module, fact in modules.items():
        if module in same or _is_own_use(module, fact["package"]):
            continue
        for name, (kind, place) in fact["names"].items():
            if kind in "cf" and is_word(place) and place.rpartition(".")[0] not in ("", module):
                paths[place].append(f"{module}.{name}")
    best = {place: min(*its, place, key=rank_path) for place, its in paths.items()}
    return {place: path for place, path in best.items() if path != place}


def _is_own_use(module: str, package: bool) -> bool:
    """Whether what a module takes from another is for its own use, and no offer to users."""
    if module.endswith(".raw_ops") or rules.is_inner(module):
        return True
    return not package and "src" in module.split(".")


def rank_path(path: str) -> tuple[int, int, int, str]:
    """What paths of the same thing are sorted by: public, few parts, short."""
    parts = path.split(".")
    private = sum(part.startswith("_") or part in ("src", "python", "api") for part in parts)
    return private, len(parts), len(path), path


def _state_module(
    module: str, fact: Mapping[str, Any], same: Mapping[str, str], best: Mapping[str, str]
) -> Iterable[Statement]:
    """The names of a module, what star imports leave out, and what touching a name says."""
    names: Names = fact["names"]
    for name, (kind, place) in names.items():
        if rules.GENERATED.search(name):
            continue
        if kind == "m":
            yield _state_module_name(module, name, place, fact["package"], same)
        elif kind == "k":
            yield module, "k", name
        elif relation := _state_alias(module, name, kind, place, fact["package"], best):
            foreign = relation[0].endswith("?") and module.startswith("tensorflow.contrib.")
            foreign = foreign and not fact["package"]
            yield IMPORTED if foreign else module, *relation
    if fact["package"]:
        yield module, "package", ""
    if fact["all"] is not None:
        brought = set(fact["all"])
        known = {name for name in names if not rules.GENERATED.search(name)}
        left_out = {name for name in known - brought if not name.startswith("__")}
        yield from ((module, "apart", name) for name in left_out)
        more = {name for name in brought - set(names) if name.isidentifier()}
        yield from ((module, "private", name) for name in more)
    for name, error in fact["errors"].items():
        yield module, f"raises {name}", shorten_message(error)
    for name, said in fact["said"].items():
        text = shorten_message(said)
        instead = re.search(r"^The name \S+ is deprecated\. Please use tf\.(\S+) instead\.$", text)
        if instead and instead[1].split(".")[-1] == name:
            parent = ".".join(["tensorflow", *instead[1].split(".")[:-1]])
            yield module, f"use {parent}", name
        else:
            yield module, f"says {name}", text


def _state_module_name(
    module: str, name: str, place: str, package: bool, same: Mapping[str, str]
) -> Statement:
    """The statement for a module among the names of another: `m .` is the one below it.

    What plain modules import for their own use would be half of the record: of all these names
    together it is only stated that they occur, so that nothing is known of one in any of them.
    """
    best = same.get(place, place)
    if best == f"{module}.{name}":
        return module, "m .", name
    if package and is_word(best):
        return module, f"m {best}", name
    return IMPORTED, "m ?", name


def _state_alias(
    module: str, name: str, kind: str, place: str, package: bool, best: Mapping[str, str]
) -> tuple[str, str] | None:
    """The relation and the item for a class or function, from where it is defined.

    An item is `Dense`, or `relu=relu_v2` if it is called otherwise there. What an inner module
    takes from another is only named. None for a raw operation there, which `tensorflow.raw_ops`
    has.
    """
    home, _, leaf = place.rpartition(".")
    if rules.is_inner(module) and kind == "f" and leaf != name and leaf == as_snake(name):
        return None
    if not home or not is_word(place) or (home != module and _is_own_use(module, package)):
        return f"{kind} ?", name
    relation = f"{kind} ." if home == module else f"{kind} {home}"
    path = best.get(place, place)
    if home != module and path not in (place, f"{module}.{name}"):
        home, _, leaf = path.rpartition(".")
        relation = f"{kind} ={home}"
    return relation, name if leaf == name else f"{name}={leaf}"


IMPORTED = "*"
"""The block of the names under which plain modules import modules."""


def as_snake(name: str) -> str:
    """The name of a raw operation as its function has it: `add_n` for `AddN`."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def _state_object(
    path: str, fact: Mapping[str, Any], best: Mapping[str, str]
) -> Iterable[Statement]:
    """The parameters of a class or function, and what a class has of its own."""
    module, _, name = path.rpartition(".")
    if not is_word(path):
        return
    if fact["kind"] == "f":
        yield module, "f", name + fact["parameters"]
        if fact["deprecated"]:
            yield module, f"deprecated {name}", shorten_message(fact["deprecated"])
        return
    yield path, "class", fact["parameters"] or "?"
    if bases := [best.get(base, base) for base in fact["bases"] if base]:
        yield path, "bases", ", ".join(bases)
    if fact["deprecated"]:
        yield path, "deprecated", shorten_message(fact["deprecated"])
    for name, kind in fact["attributes"].items():
        yield path, kind[0], name + kind[1:]

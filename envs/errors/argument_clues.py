"""Arguments that a class or function does not take: which pairings take them, and what to write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from envs.errors.catalogue import trim_line
from envs.errors.name_clues import Clue, choose_pairing, choose_taken, load_successor_table
from envs.model import pairing
from envs.names import blocks, files
from envs.names.record import Names, Presence
from envs.which.answer import Lack
from envs.which.judging import Finding
from envs.which.successors import split_keras
from envs.which.suggestions import Adviser
from envs.which.uses import Place, Ref, Use, UseKind

LINES = (
    r"TypeError: (?:(?P<owner>\w+)\.)?(?P<name>\w+)\(\) got an unexpected keyword argument "
    r"'(?P<keyword>\w+)'.*",
    r"(?:Type|Value)Error: Unrecognized keyword arguments? passed to (?P<owner>\w+): "
    r"\{'(?P<keyword>\w+)'.*",
)
"""The lines that name an argument; Python up to 3.9 does not say the class of an `__init__`."""

_OWNERS = {"TensorFlowTrainer": "Model", "Functional": "Model"}
"""Classes that messages name, and the public class that has their methods."""

_UNUSUAL = {"compat", "contrib", "core", "experimental", "keras", "python", "raw_ops"}
"""Parts of paths under which a function is not what code calls by its bare name."""


def find_argument_clue(line: str, facts: Mapping[str, str]) -> Clue | None:
    """What the record of names knows of an argument that a line says is not taken.

    None if the line names none, if the record does not know that a pairing refuses it, or if the
    reader's own TensorFlow takes it.
    """
    use = read_argument(line)
    if use is None:
        return None
    owner, name, keyword = use
    names = files.load_names()
    paths = _list_paths(names, owner, name)
    clues = (_judge_argument(names, path, keyword, line, facts) for path in paths)
    return next((clue for clue in clues if clue is not None), None)


def _judge_argument(
    names: Names, path: str, keyword: str, line: str, facts: Mapping[str, str]
) -> Clue | None:
    """What the record knows of an argument of one class or function; None as above."""
    table = load_successor_table()
    # Where the table names the releases that refuse an argument, `**kwargs` takes it in the others.
    told = any(entry.refused for entry in table.find_successors(path, keyword))
    there, missing = [], []
    for one in names.pairings:
        sighting = names.look_up(path, one)
        if sighting.presence is not Presence.THERE:
            continue
        taken = blocks.accepts(sighting.parameters, keyword)
        if taken is False or table.is_refused(path, keyword, one):
            missing.append(one)
        elif taken or told:
            there.append(one)
    known, minor = pairing.load_pairings(), facts.get("minor")
    if not missing or any(known[one].minor == minor for one in there):
        return None
    asked = choose_pairing(facts, missing)
    call = Use(UseKind.CALL, (Ref(path),), Place("", 1, 1), keywords=(keyword,))
    finding = Finding(path, "call", path, "", keyword)
    advice = Adviser(names, table, asked).suggest(Lack(call, finding))
    if not there and advice is None:
        return None
    write, why = (advice.write, advice.why) if advice else ("", "")
    chosen = choose_taken(there, missing, facts)
    return Clue(line, path, tuple(there), tuple(missing), asked, write, why, keyword, chosen)


def read_argument(line: str) -> tuple[str, str, str] | None:
    """The class (or nothing), the method or function, and the argument that a line names."""
    for pattern in LINES:
        if match := re.fullmatch(pattern, trim_line(line)):
            parts = match.groupdict()
            owner, name = parts["owner"] or "", parts.get("name") or "__init__"
            if owner or name != "__init__":
                return _OWNERS.get(owner, owner), name, parts["keyword"]
    return None


def _list_paths(names: Names, owner: str, name: str) -> list[str]:
    """The public paths of a class, of its method, or of a function: of Keras, then TensorFlow's."""
    kind = "class" if owner else "function"
    found = _list_newest(names, owner or name, kind, _is_of_keras)
    found.sort(key=lambda path: not path.startswith("tensorflow.keras."))
    paths = found[:1]
    if owner:
        return [path if name == "__init__" else f"{path}.{name}" for path in paths]
    others = _list_newest(names, name, kind, _is_of_tensorflow)
    return paths + sorted(others, key=lambda path: (path.count("."), path))[:1]


def _list_newest(names: Names, leaf: str, kind: str, fits: Callable[[str], bool]) -> list[str]:
    """The paths that end in a name, in the newest pairing that has one that fits."""
    for one in reversed(names.pairings):
        paths = filter(fits, names.same_leaf(leaf, one))
        if found := [path for path in paths if names.look_up(path, one).kind == kind]:
            return found
    return []


def _is_of_keras(path: str) -> bool:
    private = any(part.startswith("_") or part == "src" for part in path.split("."))
    return bool(split_keras(path)[0]) and not private


def _is_of_tensorflow(path: str) -> bool:
    return path.startswith("tensorflow.") and not _UNUSUAL.intersection(path.split("."))

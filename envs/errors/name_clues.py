"""Names that the catalogue does not have: where the record of names has them, and what to write."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from envs.errors.catalogue import trim_line
from envs.model import pairing
from envs.names import files
from envs.names.record import Names, Presence, Sighting
from envs.which import python_choice, successors
from envs.which.answer import Lack
from envs.which.judging import Finding
from envs.which.suggestions import Adviser
from envs.which.uses import Place, Ref, Use, UseKind

LINES = (
    r"ModuleNotFoundError: No module named '(?P<module>[\w.]+)'(?:; '[\w.]+' is not a package)?",
    r"ImportError: cannot import name '(?P<name>\w+)' from (?:partially initialized module )?"
    r"'(?P<module>[\w.]+)'.*",
    r"AttributeError: (?:partially initialized )?module '(?P<module>[\w.]+)' has no attribute "
    r"'(?P<name>\w+)'.*",
    r"AttributeError: (?:'(?P<owner>\w+)' object|type object '(?P<class_>\w+)') has no attribute "
    r"'(?P<name>\w+)'.*",
)
"""The lines that name a name; what the groups are called says which part."""

_INNER = (
    (r"^keras\.api\._v[12]\.keras", "tensorflow.keras"),
    (r"^tf_keras\.api\._v[12]\.keras", "tensorflow.keras"),
    (r"^tensorflow(?:_core)?\.(?:python\.)?keras\.api\._v[12]\.keras", "tensorflow.keras"),
    (r"^keras\._tf_keras\.keras", "tensorflow.keras"),
    (r"^tensorflow\._api\.v[12]\.compat\.v[12](?=\.(?!compat)|$)", "tensorflow"),
    (r"^tensorflow\._api\.v[12](?=\.|$)", "tensorflow"),
    (r"^tensorflow_core\._api\.v[12](?=\.|$)", "tensorflow"),
    (r"^tensorflow_core(?=\.|$)", "tensorflow"),
)
"""How messages call modules, and how code does."""

_MODELS = ("Sequential", "Functional", "Model")


@dataclass(frozen=True)
class Clue:
    """What the record knows of a name: `there` and `missing` are pairings, oldest first.

    `asked` is the pairing for which `write` says what to write instead; both may be empty. With
    `keyword`, it is about that argument of the name. `taken` is the pairing for code that must stay
    as it is. `elsewhere` says that the reader's own TensorFlow has the name, as far as it is known:
    then something else is imported.
    """

    line: str
    path: str
    there: tuple[str, ...]
    missing: tuple[str, ...]
    asked: str
    write: str
    why: str
    keyword: str = ""
    taken: str = ""
    elsewhere: bool = False

    @property
    def shown(self) -> str:
        """The name, or the name and its argument."""
        return f"{self.path}({self.keyword}=)" if self.keyword else self.path

    def as_json(self) -> dict[str, Any]:
        """The clue as explain.schema.json describes it."""
        return {
            "path": self.path,
            "argument": self.keyword or None,
            "there": list(self.there),
            "missing": list(self.missing),
            "pairing": self.asked or None,
            "write": self.write or None,
            "why": self.why or None,
            "take": self.taken or None,
            "elsewhere": self.elsewhere,
        }


def find_clue(line: str, facts: Mapping[str, str]) -> Clue | None:
    """What the record of names knows of the name in a line.

    None if there is no such name in it, or if no pairing has it.
    """
    use = read_use(line)
    if use is None:
        return None
    module, name = use
    path = f"{module}.{name}" if name else module
    if path.split(".")[0] not in ("keras", "tensorflow", "tf_keras") or "." not in path:
        return None
    names = files.load_names()
    seen = {one: _look(names, module, name, one) for one in names.pairings}
    there = tuple(one for one, sighting in seen.items() if sighting.presence is Presence.THERE)
    missing = tuple(one for one, sighting in seen.items() if sighting.presence is Presence.MISSING)
    asked = choose_pairing(facts, missing)
    if asked and there:
        write, why = _advise(names, module, name, path, seen, asked)
    else:
        write, why = _find_misplaced(names, module, name, asked) if asked else ("", "")
    if not there and not write:
        return None
    taken = choose_taken(there, missing, facts)
    # A name of the package itself is missing in a pairing without it, and says nothing of others.
    lacking = [one for one in missing if module != "keras" or not has_no_keras(one)]
    elsewhere = not lacking or _is_there(there, missing, facts)
    return Clue(line, path, there, missing, asked, write, why, "", taken, elsewhere)


def read_use(line: str) -> tuple[str, str] | None:
    """The module and the name that a line says is missing; the name is empty for a module."""
    for pattern in LINES:
        match = re.fullmatch(pattern, trim_line(line))
        if match is None:
            continue
        parts = match.groupdict()
        owner = parts.get("owner") or parts.get("class_")
        if owner:
            if owner not in _MODELS:
                return None
            class_ = "Sequential" if owner == "Sequential" else "Model"
            return f"tensorflow.keras.{class_}", parts["name"]
        module = parts["module"]
        if re.search(r"compat\.v[12]\.compat$", module):
            return None  # TensorFlow's own inside, which code does not name
        for inner, public in _INNER:
            module = re.sub(inner, public, module)
        return module, parts.get("name") or ""
    return None


def _look(names: Names, module: str, name: str, one: str) -> Sighting:
    if not name:
        return names.import_module(module, one)
    if module.rpartition(".")[2] in _MODELS:
        return names.look_up(f"{module}.{name}", one)
    return names.import_name(module, name, one)


def choose_pairing(facts: Mapping[str, str], among: Sequence[str]) -> str:
    """The pairing that is nearest to what is known of the reader; the newest if nothing is."""
    if not among:
        return ""
    known = pairing.load_pairings()
    minor = ".".join(facts.get("tensorflow", "").split(".")[:2])
    fitting = [name for name in among if name in known and known[name].minor == minor]
    return (fitting or _list_plain(among) or list(among))[0 if fitting else -1]


def choose_taken(there: Sequence[str], missing: Sequence[str], facts: Mapping[str, str]) -> str:
    """The pairing for code that must stay as it is, among those that have what it names.

    The newest of one kind of Keras, and with the reader's Python, if any is. A name that went may
    have come back: if more pairings had it before, the newest of those, for what else the code
    uses is of that time.
    """
    known = pairing.load_pairings()
    same, order = _list_plain(there), list(known)
    gone = [order.index(one) for one in _list_plain(missing)]
    back = [one for one in same if any(at < order.index(one) for at in gone)]
    before = [one for one in same if one not in back]
    same = before if len(before) >= len(back) else same
    python = ".".join(facts.get("python", "").split(".")[:2])
    fitting = [one for one in same if python in known[one].pythons]
    return next(reversed(fitting or same or there), "")


def _list_plain(names: Sequence[str]) -> list[str]:
    """The pairings among some that are no variant of another one, and final."""
    known = pairing.load_pairings()
    variants = ("legacy", "preview", "bundled")
    return [one for one in names if one in known and known[one].kind not in variants]


def has_no_keras(name: str) -> bool:
    """Whether a pairing has no package `keras`: its readers read that `keras` itself is missing."""
    return pairing.load_pairings()[name].kind == "bundled"


def _is_there(there: Sequence[str], missing: Sequence[str], facts: Mapping[str, str]) -> bool:
    """Whether the reader's own TensorFlow has a name, as far as it is known.

    Of a reader of whom only Keras 3 is known, whether all pairings with a final Keras 3 have it.
    """
    minor, known = facts.get("minor"), pairing.load_pairings()
    is_keras_3 = not minor and facts.get("keras", "").startswith("3.")

    def is_the_readers(one: str) -> bool:
        if one not in known:
            return False
        if is_keras_3:
            return known[one].kind == "keras3"
        return known[one].minor == minor and known[one].kind != "legacy"

    return any(map(is_the_readers, there)) and not any(map(is_the_readers, missing))


def _find_misplaced(names: Names, module: str, name: str, asked: str) -> tuple[str, str]:
    """Where a class or function stands that is looked for in a module that never had it."""
    if not name or names.import_module(module, asked).presence is not Presence.THERE:
        return "", ""
    top = successors.split_keras(module)[0] or module.partition(".")[0]
    found = [
        path
        for path in names.same_leaf(name, asked)
        if path.startswith(f"{top}.")
        and not any(part.startswith("_") or part == "src" for part in path.split("."))
        and names.look_up(path, asked).kind in ("class", "function")
    ]
    home = next((path.rpartition(".")[0] for path in found if path.count(".") > 1), "")
    home = home or next((path.rpartition(".")[0] for path in found), "")
    if not home:
        return _find_nearest(names, module, name, asked)
    return f"from {home} import {name}", f"no pairing has it in `{module}`; it is in `{home}`"


def _find_nearest(names: Names, module: str, name: str, asked: str) -> tuple[str, str]:
    """The name of a module that is spelled nearly as one that no pairing has."""
    public = [one for one in names.list_names(module, asked) if not one.startswith("_")]
    near = difflib.get_close_matches(name, public, 1, 0.8)
    if not near:
        return "", ""
    return (
        f"from {module} import {near[0]}",
        f"no pairing has `{module}.{name}`; `{near[0]}` is near",
    )


def load_successor_table() -> successors.Table:
    """What became of names and arguments, for all pairings. Raises Problem."""
    return successors.Table(
        successors.load_successors(), pairing.load_pairings(), python_choice.find_releases()
    )


def _advise(
    names: Names, module: str, name: str, path: str, seen: Mapping[str, Sighting], asked: str
) -> tuple[str, str]:
    """What to write in a pairing instead of a name, and why."""
    table = load_successor_table()
    kind = UseKind.FROM if name else UseKind.IMPORT
    if module.rpartition(".")[2] in _MODELS:
        kind = UseKind.MEMBER
    use = Use(kind, (Ref(path),), Place("", 1, 1), module=module if name else path)
    sighting = seen[asked]
    finding = Finding(path, "name", sighting.missing_at or path, sighting.error)
    advice = Adviser(names, table, asked).suggest(Lack(use, finding))
    return (advice.write, advice.why) if advice else ("", "")

"""The files of the catalogue, read and checked: each mistake is one message with file and key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from envs import Problem
from envs.errors.catalogue import FACTS, FOLDER, GROUPS, KINDS, Case, Cure, Entry, trim_line
from envs.model import disk, pairing

_TEXTS = ("group", "line", "cause", "above", "not_reproduced")
_LISTS = ("patterns", "differs", "sources")
_TABLES = ("parts", "when", "shares")
_KEYS = {*_TEXTS, *_LISTS, *_TABLES, "needs_above", "cures", "cases"}
_NEEDED = ("group", "line", "cause", "patterns", "cures", "differs")


@cache
def load_catalogue(folder: Path = FOLDER) -> dict[str, Entry]:
    """Every entry by name, in the order of their groups. Raises Problem for every mistake."""
    entries = [load_entry(file) for file in sorted(folder.glob("*.toml"))]
    known = {entry.name for entry in entries}
    for entry in entries:
        if strange := set(entry.shares) - known:
            raise Problem(f"{entry.name}.toml: shares: no entry is called '{min(strange)}'")
    order = list(GROUPS)
    return {
        entry.name: entry
        for entry in sorted(entries, key=lambda one: (order.index(one.group), one.name))
    }


def load_entry(file: Path) -> Entry:
    """The entry of a file. Raises Problem, naming file and key, for every mistake."""
    data = disk.read_toml(file)
    where = f"examples/errors/{file.name}"
    _check_keys(data, _KEYS, _NEEDED, where)
    for key in _TEXTS:
        _expect(isinstance(data.get(key, ""), str), where, key, "write a text")
    for key in _LISTS:
        _expect(_is_texts(data.get(key, [])), where, key, "write a list of texts")
    for key in _TABLES:
        _expect(_is_words(data.get(key, {})), where, key, "write a table of texts")
    group = data["group"]
    _expect(group in GROUPS, where, "group", f"'{group}' is none of {', '.join(GROUPS)}")
    cures = {
        name: _parse_cure(name, table, f"{where}: cures.{name}")
        for name, table in data["cures"].items()
    }
    entry = Entry(
        name=file.stem,
        group=group,
        line=data["line"],
        cause=" ".join(data["cause"].split()),
        patterns=tuple(data["patterns"]),
        cures=cures,
        cases=tuple(
            _parse_case(table, cures, f"{where}: cases[{number}]")
            for number, table in enumerate(data.get("cases", []))
        ),
        differs=tuple(data["differs"]),
        parts=data.get("parts", {}),
        when=_parse_releases(data.get("when", {}), where),
        above=data.get("above", ""),
        needs_above=data.get("needs_above", False),
        shares=data.get("shares", {}),
        sources=tuple(data.get("sources", ())),
        unmade=data.get("not_reproduced", ""),
    )
    _check_entry(entry, where)
    return entry


def _check_entry(entry: Entry, where: str) -> None:
    """Hold the parts of an entry to each other. Raises Problem."""
    _expect(bool(entry.cures), where, "cures", "an error needs a cure")
    _expect(bool(entry.differs), where, "differs", "give a neighbouring line that is another error")
    _expect(bool(entry.above) or not entry.needs_above, where, "needs_above", "goes with above")
    unmade = "either cases, or not_reproduced with the reason and sources"
    _expect(bool(entry.cases) != bool(entry.unmade), where, "cases", unmade)
    _expect(bool(entry.sources) or not entry.unmade, where, "sources", unmade)
    try:
        named = [set(pattern.groupindex) for pattern in entry.compiled]
        re.compile(entry.above)
    except re.error as error:
        raise Problem(f"{where}: patterns: '{error.pattern!s}': {error}") from None
    words = {*FACTS, *entry.parts, *(set.intersection(*named) if named else ())}
    for text in (entry.cause, *(cure.do for cure in entry.cures.values())):
        for word in re.findall(r"\{(\w+)\}", text):
            why = "no fact, and not named in every pattern: give it in 'parts'"
            _expect(word in words, where, "cures", f"'{{{word}}}' is {why}")
    for line in (entry.line, *(case.line for case in entry.cases)):
        known = entry.match_line(trim_line(line.removesuffix("..."))) is not None
        _expect(known or line.endswith("..."), where, "patterns", f"none matches: {line}")
    for line in entry.differs:
        known = entry.match_line(trim_line(line)) is not None
        _expect(not known, where, "differs", f"a pattern matches what is another error: {line}")
    tried = {name for case in entry.cases for name in list_tried(entry, case)}
    for name in entry.cures:
        proven = name in tried or entry.unmade
        _expect(bool(proven), where, f"cures.{name}", "no case carries it out")


def list_tried(entry: Entry, case: Case) -> list[str]:
    """The cures that a case carries out: those that it names, else all that need no other code."""
    if case.cures:
        return list(case.cures)
    changed = case.mended or {}
    return [name for name, cure in entry.cures.items() if name in changed or cure.kind != "code"]


def _parse_cure(name: str, table: Any, where: str) -> Cure:
    known = {"for": "whom"}
    keys = {field.name for field in fields(Cure)} - {"name", "whom"} | {"for"}
    _check_keys(table, keys, ("kind", "do"), where)
    kind = table["kind"]
    _expect(kind in KINDS, where, "kind", f"'{kind}' is none of {', '.join(KINDS)}")
    values = {known.get(key, key): _freeze(value) for key, value in table.items()}
    values["do"] = " ".join(values["do"].split())
    _expect(_is_words(table.get("when", {})), where, "when", "write a table of texts")
    values["when"] = _parse_releases(table.get("when", {}), where)
    cure = Cure(name=name, **values)
    if cure.pairing:
        _check_pairing(cure.pairing, cure.python, where)
    taken = kind == "pairing"
    _expect(taken == bool(cure.pairing), where, "pairing", "goes with the kind 'pairing' alone")
    return cure


def _parse_case(table: Any, cures: Mapping[str, Cure], where: str) -> Case:
    _check_keys(table, {field.name for field in fields(Case)}, ("pairing", "line"), where)
    case = Case(**{key: _freeze(value) for key, value in table.items()})
    _expect(bool(case.code) != bool(case.run), where, "code", "give either code or run")
    _expect(bool(case.before) == bool(case.before_code), where, "before", "goes with before_code")
    _check_pairing(case.pairing, case.python, where)
    if case.before:
        _check_pairing(case.before, "", where)
    for name in (*case.cures, *(case.mended or {})):
        _expect(name in cures, where, "mended", f"no cure is called '{name}'")
    for code in (case.code, case.before_code):
        try:
            compile(code, "case", "exec")
        except SyntaxError as error:
            raise Problem(f"{where}: code: {error}") from None
    return case


def _check_pairing(name: str, python: str, where: str) -> None:
    """Check that there is a lock for a pairing and a Python. Raises Problem."""
    if name == "none":
        _expect(bool(python), where, "python", "an environment of no pairing needs it")
        return
    known = _pairings()
    _expect(name in known, where, "pairing", f"'{name}' is no pairing")
    why = f"{name} has no lock for it, but for {', '.join(known.get(name, ()))}"
    _expect(not python or python in known[name], where, "python", why)


@cache
def _pairings() -> dict[str, tuple[str, ...]]:
    return {name: one.pythons for name, one in pairing.load_pairings().items()}


def _parse_releases(table: Mapping[str, str], where: str) -> dict[str, SpecifierSet]:
    for key in table:
        _expect(key in FACTS[:3], where, "when", f"'{key}' is none of {', '.join(FACTS[:3])}")
    try:
        return {key: SpecifierSet(value, prereleases=True) for key, value in table.items()}
    except InvalidSpecifier as error:
        raise Problem(f"{where}: when: {error}") from None


def _check_keys(table: Any, known: set[str], needed: tuple[str, ...], where: str) -> None:
    if not isinstance(table, dict):
        raise Problem(f"{where}: write it as a table")
    for key in table:
        _expect(key in known, where, key, f"unknown key; known: {', '.join(sorted(known))}")
    for key in needed:
        _expect(key in table, where, key, "is missing")


def _freeze(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_words(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _expect(holds: bool, where: str, key: str, why: str) -> None:
    if not holds:
        raise Problem(f"{where}: {key}: {why}")

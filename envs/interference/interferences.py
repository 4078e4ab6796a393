"""Interferences: what breaks an environment, the effect, and what verify.py reports."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from envs import MEASURED, Problem
from envs.model import disk

FILE = MEASURED / "interference.toml"
BLESS = "run nox -s interference -- --bless"

PAIRINGS = ("tf115", "tf212", "tf215", "tf216", "tf216-legacy", "tf221")
"""The pairings in which every interference is reproduced, unless `not` says why it cannot be."""

_HEADER = """\
# What interferes: `summary` says what it is, and `not` in which pairings it cannot be, and why.
# `also` names further pairings. `happens` was recorded: the effect on an ordinary script, compared
# with the clean environment, and what verify.py says, where, and with which fixes. Run:
#     nox -s interference -- --bless
"""


@dataclass(frozen=True)
class Record:
    """One interference in one pairing: its effect, and what verify.py says and advises."""

    effect: tuple[str, ...]
    says: tuple[str, ...]
    fixes: tuple[str, ...]


@dataclass(frozen=True)
class Interference:
    """One way to break an environment. `spared` is pairing -> why it cannot happen there."""

    name: str
    summary: str
    also: tuple[str, ...]
    spared: Mapping[str, str]
    happens: Mapping[str, Record]

    @property
    def pairings(self) -> tuple[str, ...]:
        """The pairings in which it is reproduced."""
        return tuple(name for name in (*PAIRINGS, *self.also) if name not in self.spared)


def load_interferences(path: Path = FILE, *, complete: bool = True) -> dict[str, Interference]:
    """Every interference by name.

    Raises Problem if the file cannot be read, or if a pairing or key in it is unknown; with
    `complete`, also if a record is missing.
    """
    known = {}
    for name, table in disk.read_toml(path).items():
        where = f"envs/measured/{path.name}: {name}"
        if surplus := set(table) - {"summary", "also", "not", "happens"}:
            raise Problem(f"{where}: unknown key '{sorted(surplus)[0]}'")
        interference = Interference(
            name,
            table["summary"],
            tuple(table.get("also", ())),
            {
                pairing: why
                for names, why in table.get("not", {}).items()
                for pairing in names.split()
            },
            _records(table.get("happens", []), where),
        )
        if unknown := set(interference.spared) - {*PAIRINGS, *interference.also}:
            raise Problem(
                f"{where}: not: '{sorted(unknown)[0]}' is not a pairing of this interference: "
                "remove it"
            )
        if surplus := set(interference.happens) - set(interference.pairings):
            raise Problem(
                f"{where}: happens: '{sorted(surplus)[0]}' is not a pairing of this interference, "
                "or 'not' excludes it: remove it"
            )
        missing = sorted(set(interference.pairings) - set(interference.happens))
        if complete and missing:
            raise Problem(f"{where}: nothing is recorded for {', '.join(missing)}: {BLESS}")
        known[name] = interference
    return known


def _records(tables: list[dict[str, Any]], where: str) -> dict[str, Record]:
    records: dict[str, Record] = {}
    for table in tables:
        if set(table) != {"pairings", "effect", "says", "fixes"}:
            raise Problem(f"{where}: happens: must have exactly pairings, effect, says, fixes")
        record = Record(*(tuple(table[key]) for key in ("effect", "says", "fixes")))
        records |= {pairing: record for pairing in table["pairings"]}
    return records


def bless_interferences(happened: Mapping[str, Mapping[str, Record]], path: Path = FILE) -> str:
    """Write new records (interference -> pairing -> record) to the file; keep all others.

    Returns what changed, in words. Raises Problem.
    """
    with disk.alone(path.parent.parent / ".nox" / "interference.record"):
        before = path.read_text(encoding="utf-8")
        known = load_interferences(path, complete=False)
        for name, records in happened.items():
            known[name] = replace(known[name], happens={**known[name].happens, **records})
        after = render_interferences(known)
        disk.write_file(path, after)
    return disk.describe_change(before, after)


def render_interferences(known: Mapping[str, Interference]) -> str:
    """The text of the file. Pairings with the same record share a table."""
    lines = [_HEADER.rstrip()]
    for interference in known.values():
        name = interference.name
        lines += ["", f"[{name}]", f"summary = {_text(interference.summary)}"]
        if interference.also:
            lines.append(f"also = {_texts(interference.also)}")
        reasons: dict[str, list[str]] = defaultdict(list)
        for pairing, why in interference.spared.items():
            reasons[why].append(pairing)
        if reasons:
            lines += [f"[{name}.not]"]
            for why, pairings in reasons.items():
                lines.append(f"{_text(' '.join(pairings))} = {_text(why)}")
        for record, pairings in group_records(interference).items():
            lines += [f"[[{name}.happens]]", f"pairings = {_texts(pairings)}"]
            lines += [
                f"{key} = {_texts(getattr(record, key))}" for key in ("effect", "says", "fixes")
            ]
    return "\n".join(lines) + "\n"


def group_records(interference: Interference) -> dict[Record, list[str]]:
    """Record -> the pairings that it holds for."""
    groups: dict[Record, list[str]] = defaultdict(list)
    for pairing in interference.pairings:
        if pairing in interference.happens:
            groups[interference.happens[pairing]].append(pairing)
    return groups


def _text(text: str) -> str:
    """A text as TOML."""
    return json.dumps(text, ensure_ascii=False)


def _texts(texts: tuple[str, ...] | list[str]) -> str:
    """A list of texts as TOML; one line for each if there are two or more."""
    if len(texts) < 2:
        return f"[{', '.join(map(_text, texts))}]"
    return "[\n" + "".join(f"    {_text(text)},\n" for text in texts) + "]"

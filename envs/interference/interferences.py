"""Interferences: what breaks an environment, its effect, and what verify.py says of it."""

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
"""The pairings in which each interference is reproduced, or a reason says why it cannot be."""

_HEADER = """\
# What interferes: `summary` says what it is, and `not` in which pairings it cannot be, and why.
# `also` names further pairings. `happens` was recorded: the effect on an ordinary script, compared
# with the clean environment, and what verify.py says, where, and with which fixes. Run:
#     nox -s interference -- --bless
"""


@dataclass(frozen=True)
class Record:
    """One interference in one pairing: its effect, and what verify.py says against it."""

    effect: tuple[str, ...]
    says: tuple[str, ...]
    fixes: tuple[str, ...]


@dataclass(frozen=True)
class Interference:
    """One way to break an environment; `spared` is pairing -> why it cannot happen there."""

    name: str
    summary: str
    also: tuple[str, ...]
    spared: Mapping[str, str]
    happens: Mapping[str, Record]

    @property
    def pairings(self) -> tuple[str, ...]:
        """Where it is reproduced."""
        return tuple(one for one in (*PAIRINGS, *self.also) if one not in self.spared)


def load_interferences(path: Path = FILE, *, complete: bool = True) -> dict[str, Interference]:
    """Every interference by name. Raises Problem for a missing, surplus or unknown record."""
    found = {}
    for name, table in disk.read_toml(path).items():
        where = f"envs/measured/{path.name}: {name}"
        if surplus := set(table) - {"summary", "also", "not", "happens"}:
            raise Problem(f"{where}: unknown key '{sorted(surplus)[0]}'")
        one = Interference(
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
        if unknown := set(one.spared) - {*PAIRINGS, *one.also}:
            raise Problem(f"{where}: not: '{sorted(unknown)[0]}' is not reproduced anyway")
        if surplus := set(one.happens) - set(one.pairings):
            raise Problem(f"{where}: happens: '{sorted(surplus)[0]}' cannot be there")
        missing = sorted(set(one.pairings) - set(one.happens))
        if complete and missing:
            raise Problem(f"{where}: nothing is recorded for {', '.join(missing)}: {BLESS}")
        found[name] = one
    return found


def _records(tables: list[dict[str, Any]], where: str) -> dict[str, Record]:
    records: dict[str, Record] = {}
    for table in tables:
        if set(table) != {"pairings", "effect", "says", "fixes"}:
            raise Problem(f"{where}: happens: must have exactly pairings, effect, says, fixes")
        record = Record(*(tuple(table[key]) for key in ("effect", "says", "fixes")))
        records |= {pairing: record for pairing in table["pairings"]}
    return records


def bless_interferences(happened: Mapping[str, Mapping[str, Record]], path: Path = FILE) -> str:
    """Record what happened (interference -> pairing -> record); what did not run keeps its own.

    Returns what changed.
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
    """The text of the file; pairings in which the same happens share a table."""
    lines = [_HEADER.rstrip()]
    for one in known.values():
        lines += ["", f"[{one.name}]", f"summary = {_text(one.summary)}"]
        if one.also:
            lines.append(f"also = {_texts(one.also)}")
        reasons: dict[str, list[str]] = defaultdict(list)
        for pairing, why in one.spared.items():
            reasons[why].append(pairing)
        if reasons:
            lines += [f"[{one.name}.not]"]
            lines += [f"{_text(' '.join(names))} = {_text(why)}" for why, names in reasons.items()]
        for record, names in group_records(one).items():
            lines += [f"[[{one.name}.happens]]", f"pairings = {_texts(names)}"]
            lines += [
                f"{key} = {_texts(getattr(record, key))}" for key in ("effect", "says", "fixes")
            ]
    return "\n".join(lines) + "\n"


def group_records(one: Interference) -> dict[Record, list[str]]:
    """Each thing that happens, and in which pairings."""
    found: dict[Record, list[str]] = defaultdict(list)
    for pairing in one.pairings:
        if pairing in one.happens:
            found[one.happens[pairing]].append(pairing)
    return found


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _texts(texts: tuple[str, ...] | list[str]) -> str:
    if len(texts) < 2:
        return f"[{', '.join(map(_text, texts))}]"
    return "[\n" + "".join(f"    {_text(text)},\n" for text in texts) + "]"

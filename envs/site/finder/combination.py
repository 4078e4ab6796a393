"""What is known of a combination of releases, on a platform: its locks, or why there is none.

It is decided from the tables of `choice_data` alone, which the page reads too; there,
`scripts/combination.js` decides the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

Facts = Mapping[str, str]
Table = Mapping[str, Any]

FACTS = ("tensorflow", "keras", "tf-keras", "python", "platform", "variant", "kind")
"""What a combination may name, in the order in which it is kept longest."""

MOST_LOCKS = 6
MOST_REASONS = 3
"""So many are named at once."""


def answer_combination(facts: Facts, tables: Table) -> dict[str, Any]:
    """The locks that fit some facts, the best first; the cells of the atlas; or what else fits.

    `verdict` is `fits` if a lock has all of it, `works` or `fails` if only the atlas knows the
    combination, and else `none`.
    """
    asked = {name: facts[name] for name in FACTS if facts.get(name)}
    locks = find_fitting(asked, tables)
    cells = find_cells(asked, tables)
    answer: dict[str, Any] = {
        "facts": asked,
        "locks": keep_first_of_pairing(locks)[:MOST_LOCKS],
        "cells": cells,
        "unknown": [
            name for name, value in asked.items() if not find_fitting({name: value}, tables)
        ],
        "reasons": [],
        "nearest": [],
    }
    answer["verdict"] = judge_combination(locks, cells, tables)
    if not locks:
        answer["reasons"] = find_reasons(asked, tables)
        answer["nearest"] = find_nearest_locks(asked, tables)
    return answer


def judge_combination(locks: Sequence[Any], cells: Sequence[Table], tables: Table) -> str:
    """`fits`, `works`, `fails` or `none`."""
    if locks:
        return "fits"
    if not cells:
        return "none"
    return "works" if any(tables["works"][cell["verdict"]] for cell in cells) else "fails"


def find_fitting(asked: Facts, tables: Table) -> list[Table]:
    """The locks that have all that is asked for, the best first.

    Without a variant it is that of everybody, and without a platform the first of the table.
    """
    wanted = {"variant": "default", **asked}
    found = [
        one for one in tables["locks"] if all(_fits(one, *fact, tables) for fact in wanted.items())
    ]
    return sorted(found, key=lambda one: one["rank"])


def _fits(one: Table, name: str, value: str, tables: Table) -> bool:
    if name == "platform":
        return bool(one["platform"] == value or one["platform"].startswith(f"{value}-"))
    if name == "kind":
        return bool(tables["pairings"][one["pairing"]]["kind"] == value)
    if name == "variant":
        return bool(one["variant"] == value)
    return is_of_minor(one.get(name) or "", value)


def is_of_minor(release: str, asked: str) -> bool:
    """Whether a release is of the minor that is asked for, or of the major if that is all."""
    wanted = asked.split(".")[:2]
    return release.split(".")[: len(wanted)] == wanted


def keep_first_of_pairing(locks: Iterable[Table]) -> list[Table]:
    """The best lock of each pairing."""
    found: dict[str, Table] = {}
    for one in locks:
        found.setdefault(one["pairing"], one)
    return list(found.values())


def find_cells(asked: Facts, tables: Table) -> list[dict[str, Any]]:
    """The cells of the atlas for a TensorFlow and a Keras: row, column, and verdict."""
    if "tensorflow" not in asked:
        return []
    found = []
    for row in tables["rows"]:
        if not is_of_minor(row["tensorflow"], asked["tensorflow"]):
            continue
        for number, column in enumerate(tables["columns"]):
            package, _, release = column.partition(" ")
            if package in asked and is_of_minor(release, asked[package]):
                verdict = int(row["verdicts"][number])
                found.append({"row": row["name"], "column": column, "verdict": verdict})
    return found


def find_reasons(asked: Facts, tables: Table) -> list[str]:
    """Why there is no lock, where the index says it: each reason once."""
    wanted = {"variant": "default", **asked}
    names = ("tensorflow", "python", "platform", "variant", "kind")
    found = [
        one["reason"]
        for one in tables["impossible"]
        if _is_asked(one, asked)
        and all(
            _fits(one, name, wanted[name], tables)
            for name in names
            if name in wanted and ("pairing" if name == "kind" else name) in one
        )
    ]
    return list(dict.fromkeys(found))[:MOST_REASONS]


def _is_asked(reason: Table, asked: Facts) -> bool:
    """Whether a reason is about what was asked: a Python, or else a system or a variant."""
    return any(
        name in asked for name in (("platform", "variant") if "platform" in reason else ("python",))
    )


def find_nearest_locks(asked: Facts, tables: Table) -> list[dict[str, Any]]:
    """What fits if one fact is given up: that fact, and the best lock; then if two are."""
    names = [name for name in reversed(FACTS) if name in asked]
    for given_up in ([[one] for one in names], [[a, b] for a in names for b in names if a < b]):
        found = []
        for without in given_up:
            rest = {name: value for name, value in asked.items() if name not in without}
            locks = find_fitting(rest, tables) if rest else []
            if locks:
                found.append({"without": without, "lock": locks[0]})
        if found:
            return found[:MOST_REASONS]
    return []


def answer_packages(packages: Facts, facts: Facts, tables: Table) -> dict[str, Any]:
    """What is known of a list of packages: its combination, broken caps, and what is double."""
    answer = answer_combination(facts, tables)
    locks = answer["locks"] or [one["lock"] for one in answer["nearest"]]
    near = next(
        (one for one in locks if is_of_minor(one["tensorflow"], facts.get("tensorflow", "-"))), None
    )
    answer["caps"] = find_broken_caps(packages, near["pairing"], tables) if near else []
    answer["doubled"] = [
        names
        for group in tables["same"]
        if len(names := [name for name in group if name in packages]) > 1
    ]
    return answer


def find_broken_caps(packages: Facts, name: str, tables: Table) -> list[dict[str, str]]:
    """The requirements that a pairing needs, and a list of packages does not meet."""
    found = []
    for cap in tables["pairings"][name].get("caps", ()):
        needed = Requirement(cap["requirement"])
        beside = Requirement(cap["beside"]) if cap.get("beside") else None
        package = canonicalize_name(needed.name)
        release = packages.get(package)
        if not release or needed.specifier.contains(release, prereleases=True):
            continue
        other = packages.get(canonicalize_name(beside.name)) if beside else None
        if beside and not (other and beside.specifier.contains(other, prereleases=True)):
            continue
        found.append(
            {
                "package": package,
                "release": release,
                "requirement": cap["requirement"],
                "reason": cap["reason"],
            }
        )
    return found

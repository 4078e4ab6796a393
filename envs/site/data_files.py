"""The data for programs: a JSON file for each kind, with its schema, under `data/v1`.

Two builds of the same commit are the same, byte for byte, with one item a line: a diff of two
shows what changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from envs.atlas import cells, layout
from envs.companions import trials
from envs.errors import explanation
from envs.errors.catalogue import Cure
from envs.errors.catalogue import Entry as Error
from envs.model import causes, lock, outcome_records, pairing
from envs.model.pairing import Pairing, Target
from envs.models import formats, grid
from envs.names import files
from envs.publish import pages
from envs.site import links
from envs.site.reference import Reference

VERSION = 1
"""Raised when a program that reads the data could break; the old one then stays a while."""

FOLDER = f"data/v{VERSION}"
SCHEMAS = Path(__file__).with_name("schemas")

Items = list[dict[str, Any]]


def render_data_files(known: Reference) -> dict[str, str]:
    """Name of each file in the folder of the data -> its text. Raises Problem."""
    facts: dict[str, Callable[[Reference], dict[str, Any]]] = {
        "pairings": lambda known: {"pairings": _list_pairings(known)},
        "locks": lambda known: {"locks": _list_locks(known)},
        "atlas": _describe_atlas,
        "errors": lambda known: {"errors": _list_errors(known)},
        "names": _describe_names,
        "models": _describe_models,
        "companions": _describe_companions,
    }
    rendered = {f"{name}.json": _render(name, make(known)) for name, make in facts.items()}
    return rendered | {
        path.name: path.read_text(encoding="utf-8") for path in sorted(SCHEMAS.glob("*.json"))
    }


def _render(name: str, facts: Mapping[str, Any]) -> str:
    """An object as JSON; of each list in it, an item a line."""
    lines = []
    for key, value in (
        {"$schema": f"{name}.schema.json", "version": VERSION} | dict(facts)
    ).items():
        text = json.dumps(value, ensure_ascii=False)
        if isinstance(value, list) and value:
            items = ",\n".join(f"  {json.dumps(item, ensure_ascii=False)}" for item in value)
            text = f"[\n{items}\n ]"
        lines.append(f" {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _list_pairings(known: Reference) -> Items:
    return [_pairing_facts(one, known) for one in known.pairings.values()]


def _pairing_facts(one: Pairing, known: Reference) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": one.name,
        "summary": one.summary,
        "page": f"pairings/{one.name}.html",
        "kind": one.kind,
        "tf_keras": pairing.KINDS[one.kind],
        "recommended": not one.preview and one.impossible is None,
        "tensorflow": one.tensorflow,
        "pythons": list(one.pythons),
        "requires": list(one.requires),
        "caps": [asdict(cap) for cap in one.caps],
        "env": dict(one.env),
        "impossible": one.impossible,
        "works": {},
        "outcomes": {},
    }
    if one.impossible:
        return facts
    for python in one.pythons:
        record = outcome_records.load_record(Target(one, python), known.rules)
        facts["works"][python] = pages.say_what_works(record)
        facts["outcomes"][python] = {script: str(how) for script, how in record.items()}
    return facts


def _list_locks(known: Reference) -> Items:
    listed = []
    for entry in known.entries:
        facts = dict(entry)
        if "file" in entry:
            content = (lock.FOLDER / entry["file"]).read_bytes()
            facts["address"] = links.address_file(f"requirements/{entry['file']}")
            facts["sha256"] = hashlib.sha256(content).hexdigest()
        listed.append(facts)
    return listed


def _describe_atlas(known: Reference) -> dict[str, Any]:
    as_of, columns = layout.load_columns()
    why = causes.load_causes(causes.OF_CELLS)
    listed = []
    for name, target in known.rows.items():
        for column in columns:
            cell = known.atlas[name].get(column)
            if cell is None:
                continue
            error = cell.cannot or (cell.failure[1] if cell.failure else "")
            cause = causes.find_cause(error, why) if error else None
            listed.append(
                {
                    "pairing": name,
                    "tensorflow": target.pairing.tensorflow,
                    "python": target.python,
                    "package": column.package,
                    "version": column.version,
                    "verdict": str(cells.judge_cell(cell, column)),
                    "admitted": cell.admitted,
                    "cannot": cell.cannot,
                    "changed": {package: list(change) for package, change in cell.changed.items()},
                    "steps": dict(cell.steps),
                    "cause": cause.cause if cause else None,
                    "date": cell.conditions.date,
                }
            )
    return {"as_of": as_of, "verdicts": _words(cells.MEANING), "cells": listed}


def _words(meaning: Mapping[Any, str]) -> dict[str, str]:
    return {str(key): words for key, words in meaning.items()}


def _list_errors(known: Reference) -> Items:
    return [_error_facts(one, known) for one in known.errors.values()]


def _error_facts(one: Error, known: Reference) -> dict[str, Any]:
    made = known.made.get(one.name)
    return {
        "name": one.name,
        "page": f"errors/{one.name}.html",
        "group": one.group,
        "line": one.line,
        "patterns": list(one.patterns),
        "cause": one.fill(one.cause, {}),
        "when": {fact: str(releases) for fact, releases in one.when.items()},
        "above": one.above,
        "shares": dict(one.shares),
        "cures": [_cure_facts(one, cure) for cure in one.cures.values()],
        "pairings": sorted({case.pairing for case in one.cases}),
        "sources": list(one.sources),
        "not_reproduced": one.unmade or None,
        "made": made.date if made else None,
    }


def _cure_facts(one: Error, cure: Cure) -> dict[str, Any]:
    return {
        "name": cure.name,
        "kind": cure.kind,
        "for": cure.whom or None,
        "do": one.fill(cure.do, {}),
        "commands": explanation.list_commands(one, cure, one.parts),
    }


def _describe_names(known: Reference) -> dict[str, Any]:
    walks = [
        {key: getattr(walk, key) for key in ("name", "track", "tensorflow", "python", "date")}
        for walk in files.load_walks()
    ]
    steps = [
        {
            "before": step.before,
            "after": step.after,
            "came": sorted(step.came),
            "went": sorted(step.went),
        }
        for step in known.steps
    ]
    return {"pairings": walks, "steps": steps}


def _describe_models(known: Reference) -> dict[str, Any]:
    why = causes.load_causes(causes.OF_MODELS)
    saved: Items = []
    loads: Items = []
    endings: dict[grid.Loading, int] = {}
    for recorded in known.grid.values():
        for side, held in recorded.saved.items():
            saved += [{"side": side, "file": file, **asdict(one)} for file, one in held.items()]
        for loader, savers in recorded.loads.items():
            for saver, loaded in savers.items():
                how = {
                    file: endings.setdefault(loading, len(endings))
                    for file, loading in loaded.cells.items()
                }
                facts = {"loader": loader, "saver": saver, "date": loaded.date, "files": how}
                loads.append(facts)
    sides = [
        {"name": name, "pairing": side.target.pairing.name, "module": side.api}
        for name, side in grid.list_sides().items()
    ]
    return {
        "formats": {form: list(kinds) for form, kinds in formats.FORMATS.items()},
        "verdicts": _words(grid.MEANING),
        "sides": sides,
        "endings": [_ending_facts(loading, why) for loading in endings],
        "saved": saved,
        "loads": loads,
    }


def _ending_facts(loading: grid.Loading, why: Iterable[causes.Cause]) -> dict[str, Any]:
    cause = causes.find_cause(loading.error, list(why)) if loading.error else None
    return {
        "verdict": str(loading.verdict),
        **asdict(loading),
        "otherwise": list(loading.otherwise),
        "cause": cause.cause if cause else None,
        "instead": (cause.instead or None) if cause else None,
    }


def _describe_companions(known: Reference) -> dict[str, Any]:
    listed = [
        {
            "pairing": name,
            "package": title.removesuffix(_BY_PIP),
            "installer": "pip" if title.endswith(_BY_PIP) else "uv",
            "verdict": trials.judge_trial(trial),
            **{
                key: value for key, value in asdict(trial).items() if key not in ("lock", "scripts")
            },
        }
        for name, done in known.trials.items()
        for title, trial in done.items()
    ]
    return {"verdicts": dict(trials.MEANING), "trials": listed}


_BY_PIP = " by pip"
"""What stands after a package in the record where pip installed it, and not uv."""

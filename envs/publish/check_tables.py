"""The table of the check of a whole environment: its parts, and what releases cannot do."""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import Any

from envs.model import platforms
from envs.model.index import Entry
from envs.model.results import SMOKE


def render_check_tables(entries: list[Entry]) -> dict[str, str]:
    """Name of each table on the page of the locks -> the table."""
    return {"whole": _parts_table(), "checked": _count_checked(entries)}


def _parts_table() -> str:
    """A row for each part of the check: from which release on, and what cannot do it."""
    stated = _read_stated()
    limits: dict[str, list[str]] = defaultdict(list)
    for part, first, last, words in stated["LIMITS"]:
        span = _name_release(first) + ("" if first == last else f" to {_name_release(last)}")
        limits[part].append(f"{span}: `... {words} ...`")
    lines = ["| part | from TensorFlow | which releases cannot do it |", "|---|---|---|"]
    for part, first in stated["PARTS"]:
        lines.append(f"| {part} | {_name_release(first)} | {'; '.join(limits[part])} |")
    return "\n".join(lines)


def _read_stated() -> dict[str, Any]:
    """What smoke.py states: PARTS (name and first release) and LIMITS. It is read, not run."""
    stated: dict[str, Any] = {}
    for statement in ast.parse(SMOKE.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name, value = statement.targets[0].id, statement.value
            if name == "LIMITS":
                stated[name] = ast.literal_eval(value)
            elif name == "PARTS" and isinstance(value, ast.List):
                rows = [row for row in value.elts if isinstance(row, ast.Tuple)]
                stated[name] = [
                    tuple(ast.literal_eval(one) for one in row.elts[:2]) for row in rows
                ]
    return stated


def _name_release(release: tuple[int, int]) -> str:
    return ".".join(map(str, release))


def _count_checked(entries: list[Entry]) -> str:
    """How many of the locks that were run passed the check as it is now, and which did not yet."""
    checks: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if "smoke" in entry:
            checks[entry["smoke"]].append(entry)
    current, earlier = checks["current"], checks["earlier"]
    said = f"{len(current)} of the {len(current) + len(earlier)} locks that were run passed it"
    said += f" as it is now, on {' and '.join(sorted({e['date'] for e in current}))}." * bool(
        current
    )
    if not earlier:
        return said
    names: dict[str, list[str]] = defaultdict(list)
    for entry in earlier:
        where = platforms.describe_platform(entry["platform"], entry["variant"])
        names[where].append(f"`{entry['pairing']}` {entry['python']}")
    return "\n".join(
        [f"{said} These passed an earlier one, which had fewer parts:", ""]
        + [f"- {where}: {', '.join(locks)}" for where, locks in names.items()]
    )

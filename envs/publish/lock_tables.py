"""The tables of locks: where each lock lies, when it was run, and why some do not exist."""

from __future__ import annotations

import re
from collections import defaultdict

from envs.model import index, platforms
from envs.model.index import Entry
from envs.model.pairing import Pairing

PREVIEW = "preview"
"""The kind of a pairing with a pre-release of TensorFlow."""

_COLUMNS = [
    (platform, variant)
    for variant, platform_names in platforms.VARIANTS.items()
    for platform in platform_names
]
"""Platform and variant of each column of the table of locks; the first is Linux x86_64."""


def render_lock_tables(pairings: dict[str, Pairing], entries: list[Entry]) -> dict[str, str]:
    """Name of each table on the page of the locks -> the table."""
    return {
        "locks": _locks_table(pairings, entries),
        "runs": _runs_table(pairings, entries),
        "not-run": _reasons(entries),
        "impossible": _impossible(entries),
    }


def _locks_table(pairings: dict[str, Pairing], entries: list[Entry]) -> str:
    """A row for each pairing, a column for each platform and variant, with links to the locks.

    What was executed is in bold, what was emulated in italics.
    """
    titles = [platforms.describe_platform(*column) for column in _COLUMNS]
    lines = [
        "| pairing | TensorFlow | Keras | " + " | ".join(titles) + " |",
        "|---" * (3 + len(titles)) + "|",
    ]
    for shown in pairings.values():
        name = f"`{shown.name}`" + (", not recommended" if shown.kind == PREVIEW else "")
        if shown.impossible:
            cells = [f"impossible: {shown.impossible}"] + [""] * len(titles)
        else:
            by_column: dict[tuple[str, str], list[Entry]] = defaultdict(list)
            for entry in entries:
                if entry["pairing"] == shown.name:
                    by_column[entry["platform"], entry["variant"]].append(entry)
            linux = by_column[_COLUMNS[0]]
            cells = [
                group_pythons({entry["python"]: index.describe_keras(entry) for entry in linux})
            ]
            for column in _COLUMNS:
                links = [_link(entry, shown) for entry in by_column[column] if "file" in entry]
                cells.append(" ".join(links) or "-")
        lines.append(f"| {name} | {shown.tensorflow} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _link(entry: Entry, shown: Pairing) -> str:
    """A link from the page of the locks to one of them, named by its Python."""
    link = f"[{entry['python']}]({entry['file']})"
    link = {"executed": f"**{link}**", "emulated": f"*{link}*"}.get(entry["status"], link)
    return link if entry["tensorflow"] == shown.tensorflow else f"{link} ({entry['tensorflow']})"


def _runs_table(pairings: dict[str, Pairing], entries: list[Entry]) -> str:
    """A row for each pairing, a column for each platform and variant: how and when it was run."""
    titles = [platforms.describe_platform(*column) for column in _COLUMNS]
    lines = ["| pairing | " + " | ".join(titles) + " |", "|---" * (1 + len(titles)) + "|"]
    for shown in pairings.values():
        cells = []
        for column in _COLUMNS:
            runs: dict[str, list[str]] = defaultdict(list)
            for entry in entries:
                here = (entry["platform"], entry["variant"]) == column
                if here and entry["pairing"] == shown.name and "file" in entry:
                    runs[describe_run(entry)].append(entry["python"])
            cells.append("; ".join(f"{run}: {', '.join(p)}" for run, p in runs.items()) or "-")
        lines.append(f"| `{shown.name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def describe_run(entry: Entry) -> str:
    """How and when a lock was run: `emulated 2026-11-25, wine 10.0`; `resolved` if it was not."""
    if entry["status"] == "resolved":
        return "resolved"
    said = f"{entry['status']} {entry['date']}"
    return f"{said}, {entry['with']}" if "with" in entry else said


def _reasons(entries: list[Entry]) -> str:
    """How many locks are only resolved, and why: a line for each reason."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for entry in entries:
        if entry["status"] == "resolved":
            where = platforms.describe_platform(entry["platform"], entry["variant"])
            counts[where, entry.get("reason", "it has not been its turn yet")] += 1
    return "\n".join(
        f"- {where}: {number} locks: {why}." for (where, why), number in counts.items()
    )


def _impossible(entries: list[Entry]) -> str:
    """Why there is no lock: a row for each pairing, platform and reason."""
    rows: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for entry in entries:
        if entry["status"] == "impossible":
            where = platforms.describe_platform(entry["platform"], entry["variant"])
            reason = entry["reason"].replace(f"Python {entry['python']}", "this Python")
            rows[entry["pairing"], where, reason].append(entry["python"])
    lines = ["| pairing | platform | Python | why there is no lock |", "|---|---|---|---|"]
    for (name, where, reason), pythons in rows.items():
        lines.append(f"| `{name}` | {where} | {', '.join(pythons)} | {escape_cell(reason)} |")
    return "\n".join(lines)


def group_pythons(values: dict[str, str]) -> str:
    """What holds on the recommended Python, and on which others something else does."""
    recommended, *_ = values.values()
    others: dict[str, list[str]] = defaultdict(list)
    for python, value in values.items():
        if value != recommended:
            others[value].append(python)
    exceptions = [f"{value} on {', '.join(pythons)}" for value, pythons in others.items()]
    return "; ".join([recommended, *exceptions])


def escape_cell(text: str) -> str:
    """A text as it must be written to stand in a table as it is."""
    return re.sub(r"([|<>*\[\]])", r"\\\1", text)

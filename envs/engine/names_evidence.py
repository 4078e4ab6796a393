"""The names of pairings as results: told, refused if they prove nothing here, merged."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from typing import Any

from envs import Problem
from envs.names import files, names_request, recording
from envs.names.files import GROUPS, Walk
from envs.names.recording import Seen

_SHOWN = 3
"""How many names that are otherwise are shown of a pairing."""


def tell_names(name: str) -> dict[str, Any]:
    """What is recorded of a pairing in this checkout: its walk, and its statements by block.

    Raises Problem.
    """
    walks = files.load_walks()
    target = names_request.list_recommended()[name]
    seen = recording.recorded_of(target, files.order_of(walks))
    statements: dict[str, dict[str, list[list[str]]]] = {}
    for group in GROUPS:
        blocks: dict[str, list[list[str]]] = defaultdict(list)
        for block, relation, item in sorted(seen[group]):
            blocks[block].append([relation, item])
        statements[group] = blocks
    walk = next(asdict(walk) for walk in walks if walk.name == name)
    return {"walk": walk, "statements": statements}


def _read_names(name: str, told: dict[str, Any]) -> tuple[Walk, Seen]:
    if name not in names_request.list_recommended():
        raise Problem(f"there is no pairing {name} whose names are recorded")
    seen = {
        group: {
            (block, str(relation), str(item))
            for block, stated in told["statements"][group].items()
            for relation, item in stated
        }
        for group in GROUPS
    }
    return Walk(**told["walk"]), seen


def object_to_names(name: str, told: dict[str, Any]) -> str | None:
    """Why the names of a pairing are no evidence of this checkout; None if they are.

    Raises Problem.
    """
    walk, _ = _read_names(name, told)
    if walk.name != name or files.is_stale(names_request.list_recommended()[name], [walk]):
        return "it was walked with other pins, or with other scripts"
    return None


def date_names(name: str, told: dict[str, Any]) -> str:
    """The day of the walk. Raises Problem."""
    return _read_names(name, told)[0].date


def merge_names_seen(name: str, told: dict[str, Any]) -> list[str]:
    """Write what was seen of a pairing into the record, if it is otherwise or the record is stale.

    Returns what is otherwise, in words. Raises Problem if it cannot be written.
    """
    target = names_request.list_recommended()[name]
    walk, seen = _read_names(name, told)
    walks = files.load_walks()
    known = name in [one.name for one in walks]
    news = (
        recording.list_news(recording.recorded_of(target, files.order_of(walks)), seen)
        if known
        else []
    )
    if news or files.is_stale(target, walks):
        recording.write_pairing(target, seen, walk.python, walk.date)
    shown = "; ".join(f"`{line}`" for line in news[:_SHOWN])
    return [f"`{name}`: {len(news)} statements, such as {shown}"] if news else []

"""The record of the catalogue: when the cases of each entry were made and mended as written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from envs import MEASURED, ROOT, Problem
from envs.errors import case_steps
from envs.errors.catalogue import Entry
from envs.model import disk, lock, pairing

FILE = MEASURED / "errors.json"


@dataclass(frozen=True)
class Made:
    """When an entry was made and mended, what of it, and in which environments.

    `cases` is the digest of what was run, and `locks` is environment -> digest of its lock.
    """

    date: str
    cases: str
    seconds: float
    locks: Mapping[str, str]


def load_made() -> dict[str, Made]:
    """Entry -> when it was made. Raises Problem if the file is damaged."""
    if not FILE.exists():
        return {}
    try:
        data = json.loads(FILE.read_text(encoding="utf-8"))
        return {name: Made(**table) for name, table in data.items()}
    except (ValueError, TypeError) as error:
        raise Problem(f"envs/measured/{FILE.name}: {error}: restore it with git") from None


def write_made(made: Mapping[str, Made]) -> None:
    """Add entries to the record, one a line; drop those that the catalogue no longer has."""
    from envs.errors import catalogue_files

    with disk.alone(ROOT / ".nox" / "errors.record"):
        known = catalogue_files.load_catalogue()
        kept = {name: one for name, one in {**load_made(), **made}.items() if name in known}
        lines = [f"  {json.dumps(name)}: {json.dumps(asdict(kept[name]))}" for name in sorted(kept)]
        disk.write_file(FILE, "{\n" + ",\n".join(lines) + "\n}\n")


def find_locks(places: Iterable[str]) -> dict[str, str]:
    """Environment -> the digest of its lock; empty for one that has none."""
    targets = pairing.list_targets(pairing.load_pairings())
    return {
        place: lock.read_lock(targets[place]).digest if place in targets else ""
        for place in sorted(set(places))
    }


def is_made_as_written(entry: Entry, made: Made | None) -> bool:
    """Whether an entry was made as it stands, in environments whose locks did not change."""
    if made is None or not entry.cases:
        return False
    places = {track.place for track in case_steps.list_tracks(entry)}
    return made.cases == case_steps.digest_cases(entry) and made.locks == find_locks(places)

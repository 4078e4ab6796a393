"""The files of the record: which pairings are in it, and the texts of their names."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from envs import MEASURED, Problem
from envs.model import disk, lock
from envs.model.pairing import Pairing, Target
from envs.names import blocks, statements
from envs.names.blocks import PARTS, REST, Texts
from envs.names.record import Names
from envs.names.statements import Order, Statement

FOLDER = MEASURED / "names"
PAIRINGS = FOLDER / "pairings.json"
SCHEMA = FOLDER / "pairings.schema.json"
SCRIPTS = [Path(__file__).with_name(f"{name}.py") for name in ("walk", "look", "rules", "facts")]
"""What decides which statements come of a pairing."""

GROUPS = ("modules", "objects")
"""The folders of the record: what modules have, and what classes and functions take."""


@dataclass(frozen=True)
class Walk:
    """When and with what the names of a pairing were recorded.

    `lock` is the digest of its pins, `script` that of the scripts, `python` a version such as
    `3.11.7`, and `date` the day of the walk.
    """

    name: str
    track: str
    tensorflow: str
    python: str
    lock: str
    script: str
    date: str


def track_of(pairing: Pairing) -> str:
    """The track of a pairing: `bundled`, `legacy` or `main`."""
    return pairing.kind if pairing.kind in ("bundled", "legacy") else "main"


@cache
def walk_digest() -> str:
    """Twelve hexadecimal digits that change with the scripts that look and that state."""
    return hashlib.sha256(b"".join(script.read_bytes() for script in SCRIPTS)).hexdigest()[:12]


def load_walks() -> list[Walk]:
    """The walks that are recorded, oldest TensorFlow first. Raises Problem."""
    if not PAIRINGS.exists():
        return []
    try:
        data = json.loads(PAIRINGS.read_text(encoding="utf-8"))
        return [Walk(**one) for one in data["pairings"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem(
            f"envs/measured/names/{PAIRINGS.name}: cannot be read ({error!r}): "
            "restore it with git, or run nox -s names"
        ) from None


def render_walks(walks: list[Walk]) -> str:
    """The text of the file that lists the walks, one a line."""
    facts = {"$schema": SCHEMA.name, "generated": "by nox -s names, with the files beside it"}
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in facts.items()]
    rows = ",\n".join(f"  {json.dumps(asdict(walk))}" for walk in walks)
    return "\n".join(["{", *lines, ' "pairings": [', rows, " ]", "}", ""])


def order_of(walks: list[Walk]) -> Order:
    """The order of the recorded pairings."""
    return Order(tuple(walk.name for walk in walks), tuple(walk.track for walk in walks))


def is_stale(target: Target, walks: list[Walk]) -> bool:
    """Whether a pairing is missing, or was recorded with another lock or script."""
    now = (lock.read_lock(target).digest, walk_digest())
    return now not in [
        (walk.lock, walk.script) for walk in walks if walk.name == target.pairing.name
    ]


def text_paths() -> dict[str, Path]:
    """The name of each text of the record, such as `modules/keras`, and its file."""
    return {
        f"{group}/{part}": FOLDER / group / f"{part}.txt"
        for group in GROUPS
        for part in (*PARTS, REST)
    }


def load_names() -> Names:
    """The record, of which each file is read when it is needed. Raises Problem."""
    paths = text_paths()
    return Names(order_of(load_walks()), Texts(lambda name: disk.text_of(paths[name])))


def read_names(order: Order, texts: Mapping[str, str]) -> Names:
    """A record made from texts, by their names; those that are left out are empty.

    Raises Problem.
    """
    blocks.check_texts(texts, order)
    return Names(order, Texts(lambda name: texts.get(name, "")))


def load_group(group: str, order: Order) -> dict[Statement, int]:
    """All statements of the modules, or of the objects. Raises Problem."""
    found: dict[Statement, int] = {}
    for name, path in text_paths().items():
        if name.startswith(f"{group}/"):
            found |= statements.parse_statements(disk.text_of(path), order, name)
    return found


def write_group(group: str, stated: Mapping[Statement, int], order: Order) -> None:
    """Write the statements of a group into its files. Raises Problem."""
    parts: dict[str, dict[Statement, int]] = defaultdict(dict)
    for one, held in stated.items():
        parts[blocks.part_of(one[0])][one] = held
    (FOLDER / group).mkdir(parents=True, exist_ok=True)
    for part in (*PARTS, REST):
        text = statements.render_statements(parts[part], order)
        disk.write_file(FOLDER / group / f"{part}.txt", text)

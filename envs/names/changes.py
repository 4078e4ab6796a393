"""What came and went: the names that one pairing has and its neighbour lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from envs.names import facts, files, rules
from envs.names.record import Names

AREAS = ("keras", "tensorflow.keras", "tensorflow", "tf_keras")
"""What is counted apart: the last three without what is in another of them."""

_SHOWN = 8
"""How many names of a step a table shows."""


@dataclass(frozen=True)
class Step:
    """A pairing and the one before it on its track, and the paths that came and went between."""

    before: str
    after: str
    came: frozenset[str]
    went: frozenset[str]


def area_of(path: str) -> str:
    """The area that a path is counted in."""
    root, _, rest = path.partition(".")
    if root == "tensorflow" and rest.split(".")[0] == "keras":
        return "tensorflow.keras"
    return root


def is_shown(module: str) -> bool:
    """Whether the names of a module count: it is offered to users, and no part is private."""
    parts = module.split(".")
    hidden = {"src", "python", "api", "compat", "legacy_tf_layers", "raw_ops"}
    private = any(part.startswith("_") or part in hidden for part in parts)
    return parts[0] in rules.ROOTS and rules.is_offered(module) and not private


def list_offered(names: Names, pairing: str) -> frozenset[str]:
    """The modules that count, and the classes and functions of TensorFlow and Keras in them."""
    paths = set()
    for module in names.modules():
        if is_shown(module) and names.is_importable(module, pairing):
            homes = names.list_homes(module, pairing)
            paths.add(module)
            paths |= {f"{module}.{name}" for name, home in homes.items() if home in rules.DETAILED}
    return frozenset(paths)


@cache
def list_steps() -> tuple[Step, ...]:
    """A step for each recorded pairing after the first of its track. Raises Problem."""
    names = files.load_names()
    steps = []
    for track in dict.fromkeys(names.order.tracks):
        on_track = zip(names.pairings, names.order.tracks, strict=True)
        line = [name for name, its in on_track if its == track]
        offered = {name: list_offered(names, name) for name in line}
        for before, after in pairwise(line):
            then, now = offered[before], offered[after]
            steps.append(Step(before, after, now - then, then - now))
    return tuple(steps)


def render_changes(steps: Sequence[Step]) -> str:
    """A row for each step: how many names came and went, and the best known of those that went."""
    titles = " | ".join(f"`{area}`" for area in AREAS)
    lines = [f"| pairing | after | {titles} | went, for example |", "|---" * (3 + len(AREAS)) + "|"]
    for step in steps:
        came, went = (Counter(map(area_of, paths)) for paths in (step.came, step.went))
        counts = [
            f"+{came[area]} -{went[area]}" if came[area] + went[area] else "" for area in AREAS
        ]
        cells = [f"`{step.after}`", f"`{step.before}`", *counts, _examples(step.went)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _examples(paths: Iterable[str]) -> str:
    """Some paths: first modules, which take most code with them, then by how short they are."""
    wanted = sorted(paths, key=lambda path: (area_of(path) == "tensorflow", facts.rank_path(path)))
    kept: list[str] = []
    for path in wanted:
        # What is below a path that went needs no mention.
        if not any(path.startswith(f"{one}.") for one in kept):
            kept.append(path)
    return ", ".join(f"`{path}`" for path in kept[:_SHOWN])

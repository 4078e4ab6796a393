"""The text of the record: statements, each with the pairings in which it was seen to hold.

A statement is a block, a relation and an item, such as `keras.layers`, `c keras.layers.core` and
`Dense`: in that module, the class `Dense` is the one of that other module. A file groups them:

    [keras.layers]
     tf113..tf28
      c keras.layers.core: Dense Dropout

A span names pairings in their order: `tf113..tf28` is a run, `tf28..` one up to the last pairing
that is recorded, so that a new pairing changes only the lines that it ends. `~tf216..` leaves out
pairings of other tracks: a track is the main one, `bundled` or `legacy`. `all` is every pairing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from envs import Problem

Statement = tuple[str, str, str]
"""Block, relation and item; the item is empty where the relation says all."""

TEXTS = ("bases", "class", "deprecated", "error", "raises", "says")
"""Relations whose item is a text; those of others are words, and several stand on a line.

So are `f` and `s` alone, which have parameters; `f .` has words.
"""

ALONE = ("import", "package", "reached")
"""Relations without an item."""


@dataclass(frozen=True)
class Order:
    """The recorded pairings, oldest TensorFlow first, and the track of each."""

    names: tuple[str, ...]
    tracks: tuple[str, ...]

    @property
    def everything(self) -> int:
        """The set of all pairings."""
        return (1 << len(self.names)) - 1

    def number(self, name: str) -> int:
        """The place of a pairing. Raises Problem for one that is not recorded."""
        try:
            return self.names.index(name)
        except ValueError:
            known = ", ".join(self.names) or "none"
            raise Problem(
                f"the names of '{name}' are not recorded; recorded are: {known}"
            ) from None

    def names_in(self, held: int) -> tuple[str, ...]:
        """The pairings of a set."""
        return tuple(name for place, name in enumerate(self.names) if held >> place & 1)

    def line_of(self, place: int) -> list[int]:
        """The places of the pairings on the track of one."""
        return [at for at, track in enumerate(self.tracks) if track == self.tracks[place]]


def render_span(held: int, order: Order) -> str:
    """The text for a set of pairings, which is not empty.

    A set on one track is told along that track. So another pairing at the end that has the same
    changes no text.
    """
    if held == order.everything:
        return "all"
    apart = []
    for track in dict.fromkeys(order.tracks):
        line = order.line_of(order.tracks.index(track))
        apart.append(_runs(held, line, order))
    told = [run for runs in apart for run in runs]
    if sum(map(bool, apart)) > 1:
        every = _runs(held, list(range(len(order.names))), order)
        told = min(every, told, key=lambda runs: len(",".join(runs)))
    return ",".join(told)


def _runs(held: int, line: list[int], order: Order) -> list[str]:
    """The runs of a set along a line of places, which is that of a track or of all."""
    runs, start = [], None
    track = "~" if len(line) < len(order.names) else ""
    for at, place in enumerate(line):
        if held >> place & 1 and start is None:
            start = at
        if start is None or (at + 1 < len(line) and held >> line[at + 1] & 1):
            continue
        first, last = order.names[line[start]], order.names[place]
        if at + 1 == len(line):
            runs.append(f"{track}{first}..")
        elif start == at:
            runs.append(first)
        else:
            # Where no other track comes between, the run is the same without the mark.
            between = place - line[start] > at - start
            runs.append(f"{track if between else ''}{first}..{last}")
        start = None
    return runs


def parse_span(text: str, order: Order) -> int:
    """The set of pairings that a span names. Raises Problem."""
    if text == "all":
        return order.everything
    held = 0
    for run in text.split(","):
        first, dots, last = run.removeprefix("~").partition("..")
        start = order.number(first)
        line = order.line_of(start) if run.startswith("~") else list(range(len(order.names)))
        end = order.number(last) if last else line[-1] if dots else start
        if end not in line or end < start:
            raise Problem(f"the span '{run}' runs backwards or leaves its track")
        held |= sum(1 << place for place in line if start <= place <= end)
    return held


def render_statements(statements: Mapping[Statement, int], order: Order) -> str:
    """The text of statements: blocks and everything in them sorted, so that it is the same."""
    blocks: dict[str, dict[int, dict[str, list[str]]]] = {}
    for (block, relation, item), held in statements.items():
        if held:
            spans = blocks.setdefault(block, {})
            spans.setdefault(held, defaultdict(list))[relation].append(item)
    lines = []
    for block in sorted(blocks):
        lines.append(f"[{block}]")
        for held in sorted(blocks[block], key=lambda held: (held & -held, held)):
            lines.append(f" {render_span(held, order)}")
            for relation, items in sorted(blocks[block][held].items()):
                lines += [f"  {line}" for line in _render_items(relation, sorted(items))]
    return "".join(f"{line}\n" for line in lines)


def _render_items(relation: str, items: list[str]) -> list[str]:
    if is_text(relation):
        return [f"{relation}: {item}" for item in items]
    return [f"{relation}: {' '.join(items)}" if any(items) else relation]


def is_text(relation: str) -> bool:
    """Whether the items of a relation are texts, of which each has a line."""
    return relation in ("f", "s") or relation.split(" ")[0] in TEXTS


def split_blocks(text: str, where: str) -> dict[str, str]:
    """Block -> its lines, which are not parsed yet. Raises Problem.

    This is what makes reading fast: of a hundred thousand lines, an answer needs a hundred.
    """
    head, *parts = ("\n" + text).split("\n[")
    if head.strip():
        raise Problem(f"{where}: begins with '{head.strip()[:40]}', not with a block: {_RESTORE}")
    blocks: dict[str, str] = {}
    for part in parts:
        title, bracket, body = part.partition("]\n")
        if not bracket or "\n" in title or title in blocks:
            raise Problem(f"{where}: the block '{title[:60]}' is cut or there twice: {_RESTORE}")
        blocks[title] = body
    return blocks


_RESTORE = "restore it with git, or run nox -s names"


def parse_block(block: str, body: str, order: Order, where: str) -> Iterator[tuple[int, str, str]]:
    """The pairings, relation and item of each statement of a block. Raises Problem."""
    held = 0
    for line in body.split("\n"):
        if line.startswith("  "):
            relation, colon, rest = line[2:].partition(": ")
            items = [rest] if is_text(relation) or not colon else rest.split(" ")
            wrong = bool(colon) if relation in ALONE else "" in items
            if not held or wrong:
                raise Problem(f"{where}: [{block}]: cannot be read: '{line[:60]}': {_RESTORE}")
            yield from ((held, relation, item) for item in items)
        elif line.startswith(" "):
            try:
                held = parse_span(line[1:], order)
            except Problem as problem:
                raise Problem(f"{where}: [{block}]: {problem}: {_RESTORE}") from None
        elif line:
            raise Problem(f"{where}: [{block}]: cannot be read: '{line[:60]}': {_RESTORE}")


def parse_statements(text: str, order: Order, where: str) -> dict[Statement, int]:
    """All statements of a text, with the pairings in which each holds. Raises Problem."""
    statements: dict[Statement, int] = defaultdict(int)
    for block, body in split_blocks(text, where).items():
        for held, relation, item in parse_block(block, body, order, where):
            statements[block, relation, item] |= held
    return dict(statements)


def merge_statements(
    statements: Mapping[Statement, int], place: int, seen: Iterable[Statement]
) -> dict[Statement, int]:
    """The statements with those of one pairing, by its place, replaced by what was seen in it."""
    merged = {one: held & ~(1 << place) for one, held in statements.items()}
    for one in seen:
        merged[one] = merged.get(one, 0) | 1 << place
    return {one: held for one, held in merged.items() if held}


def is_word(text: str) -> bool:
    """Whether a text can be an item among others on a line."""
    return re.fullmatch(r"[^\s:]+", text) is not None

"""Which entries of the catalogue a pasted text shows, how sure that is, and what comes near."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from envs.errors.catalogue import Entry, compare_releases, trim_line
from envs.errors.reading import Line, Pasted, is_chained

MOST = 3
"""How many errors are answered at once."""


WRAPS = re.compile(
    r"following error|see above|look up|subprocess-exited|metadata-gen|root error\(s\) found"
)
"""What an exception says that points to another one above it."""

WORD = re.compile(r"[A-Za-z_]\w{2,}")
COMMON = {"the", "and", "not", "has", "from", "cannot", "import", "name", "module", "No"}
"""Words that do not tell a line from others."""


@dataclass(frozen=True)
class Match:
    """An entry that a line shows. `parts` are the words that the line has for it.

    `seen` says that this very line was made here, and `fits` whether what is known of the reader's
    releases and of the rest of the text is so where it happens: None if nothing is known. `is_cut`
    says that the end of the line is missing.
    """

    entry: Entry
    line: Line
    parts: Mapping[str, str]
    seen: bool
    fits: bool | None
    is_cut: bool = False


@dataclass(frozen=True)
class Matches:
    """What a text shows: the matches, the last exception, and whether a match explains it."""

    matches: tuple[Match, ...]
    last: Line | None
    explained: bool


def find_matches(pasted: Pasted, entries: Iterable[Entry], facts: Mapping[str, str]) -> Matches:
    """The entries that a text shows: what was raised before what was printed, the last first.

    Of several entries with the same line, those come first of which more is known to be so.
    """
    known = list(entries)
    matches = [match for line in pasted.lines for match in _match_one(line, pasted, known, facts)]
    raised = [line for line in pasted.lines if line.raised]
    last = raised[-1] if raised else None
    if last is None and len({line.number for line in pasted.lines}) == 1:
        last = pasted.lines[-1]
    if last is None and not matches:
        # A person tells of an error that other records may know.
        last = next((line for line in reversed(pasted.lines) if line.named), None)
    matches.sort(key=lambda one: (one.entry.group != "warnings", one.line.number), reverse=True)
    best: dict[str, Match] = {}
    for match in matches:
        best.setdefault(match.entry.name, match)
    numbers = {match.line.number for match in matches}
    serious = [one for one in best.values() if one.entry.group != "warnings"]
    explained = bool(best) and (
        last is None
        or last.number in numbers
        # What stands below the last exception belongs to its message.
        or any(one.line.number > last.number for one in serious)
        or (bool(serious) and (is_chained(pasted) or _is_below(last, serious)))
    )
    return Matches(tuple(best.values())[:MOST], last, explained)


def _is_below(last: Line, matches: Iterable[Match]) -> bool:
    """Whether an exception only says again what one above it said, as wrappers do."""
    return any(match.line.text.partition(": ")[2] in last.text for match in matches) or bool(
        WRAPS.search(last.text)
    )


def _match_one(
    line: Line, pasted: Pasted, entries: Iterable[Entry], facts: Mapping[str, str]
) -> list[Match]:
    """The entries that a line shows, the likeliest first; those that cannot be are left out."""
    found = []
    for entry in entries:
        parts = entry.match_line(line.text)
        if parts is not None and entry.needs_above and not re.search(entry.above, pasted.text):
            continue
        if False in compare_releases(entry.when, facts):
            continue
        if parts is not None:
            seen = any(_is_same(line.text, case.line) for case in entry.cases)
            found.append(Match(entry, line, parts, seen, judge_fit(entry, pasted, facts)))
    if len(found) > 1:
        possible = [one for one in found if one.fits is not False]
        found = possible or found
        order = {True: 0, None: 1, False: 2}
        # Where nothing is known, the entry that asks for nothing is the likelier.
        found.sort(
            key=lambda one: (order[one.fits], bool(one.entry.above or one.entry.when), not one.seen)
        )
    return found


def _is_same(text: str, made: str) -> bool:
    if made.endswith("..."):
        return text.startswith(trim_line(made.removesuffix("...")))
    return text == trim_line(made)


def judge_fit(entry: Entry, pasted: Pasted, facts: Mapping[str, str]) -> bool | None:
    """Whether what is known is as it must be for an entry; None if nothing is known of it."""
    said = compare_releases(entry.when, facts)
    if entry.above and len(pasted.lines) > 1:
        said.append(bool(re.search(entry.above, pasted.text)))
    return all(said) if said else None


def find_nearest_entries(line: str, entries: Iterable[Entry], number: int = MOST) -> list[Entry]:
    """The entries whose lines have most words in common with a line."""
    words = _words(line)
    if not words:
        return []

    def likeness(entry: Entry) -> float:
        lines = {entry.line, *(case.line for case in entry.cases)}
        return max(_likeness(line, words, trim_line(one)) for one in lines)

    ranked = sorted(((likeness(one), one.name, one) for one in entries), reverse=True)
    return [entry for score, _, entry in ranked[:number] if score > 0.15]


def _likeness(line: str, words: set[str], other: str) -> float:
    common = words & _words(other)
    share = len(common) / max(1, len(words | _words(other)))
    ratio = difflib.SequenceMatcher(None, line[:160], other[:160]).quick_ratio()
    return share + 0.2 * ratio if common else 0.0


def _words(line: str) -> set[str]:
    """The words of a line that tell it from others."""
    return set(WORD.findall(line)) - COMMON

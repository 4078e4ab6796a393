"""Lines that were cut off, as titles and tables cut them: which entry a beginning is of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from envs.errors.catalogue import Entry, compare_releases, trim_line
from envs.errors.matching import MOST, Match, Matches, judge_fit
from envs.errors.reading import Line, Pasted

FEWEST_CHARACTERS = 24
FEWEST_WORDS = 5
"""How long a beginning must be to say enough."""

SHARED = 0.6
"""How many of its words, as a share, must be in a line that an entry has."""

UNSAID = (":", "=", "(")
"""What stands before that which tells an error from others: a line that ends so says too little."""

ENDS = re.compile(r"(?=\W)(?!\.\d)")
"""Where a line may be cut: not inside a word, nor a release."""

ELLIPSIS = re.compile(r"\s*(?:\.{3}|\u2026)$")
"""What stands where a line was cut."""


def add_beginning(
    pasted: Pasted, found: Matches, entries: Iterable[Entry], facts: Mapping[str, str]
) -> Matches:
    """What a text shows, with the entry whose line begins as the last exception does, if any."""
    match = _find_beginning(pasted, found.last, entries, facts)
    if match is None:
        return found
    return Matches((match, *found.matches)[:MOST], found.last, explained=True)


def _find_beginning(
    pasted: Pasted, last: Line | None, entries: Iterable[Entry], facts: Mapping[str, str]
) -> Match | None:
    """The entry that has a line which begins as the last exception; None if several have."""
    if last is None:
        return None
    known = [one for one in entries if False not in compare_releases(one.when, facts)]
    for line in pasted.lines:
        text = ELLIPSIS.sub("", line.text)
        if line.number != last.number or not _says_enough(text):
            continue
        found = [(one, parts) for one in known if (parts := _complete(text, one)) is not None]
        if len(found) == 1 and not found[0][0].needs_above:
            entry, parts = found[0]
            fits = judge_fit(entry, pasted, facts)
            return Match(entry, line, parts, seen=False, fits=fits, is_cut=True)
    return None


def _says_enough(text: str) -> bool:
    long = len(text) >= FEWEST_CHARACTERS and len(text.split(" ")) >= FEWEST_WORDS
    return long and not text.endswith(UNSAID)


def _complete(text: str, entry: Entry) -> dict[str, str] | None:
    """The named parts of a text with the rest of one of an entry's lines; None if none fits.

    What only the rest names is not the reader's: an ellipsis stands for it.
    """
    for made in _list_lines(entry):
        if not _is_alike(text, made):
            continue
        for end in ENDS.finditer(made):
            if match := entry.match_whole(text + made[end.start() :]):
                named = {
                    name: text[match.start(name) : match.end(name)]
                    + "\u2026" * (match.end(name) > len(text))
                    for name, value in match.groupdict().items()
                    if value
                }
                return {**entry.parts, **named}
    return None


def _is_alike(text: str, made: str) -> bool:
    """Whether two messages have the same first word, and most words of the one are in the other."""
    words, others = (one.partition(": ")[2].split(" ") for one in (text, made))
    common = sum(word in others for word in words)
    return words[0] == others[0] and common >= SHARED * len(words)


def _list_lines(entry: Entry) -> Iterator[str]:
    """The line of an entry, and those that were made."""
    lines = (entry.line, *(case.line for case in entry.cases))
    yield from dict.fromkeys(trim_line(line.removesuffix("...")) for line in lines)

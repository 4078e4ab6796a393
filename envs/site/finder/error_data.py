"""What `explain` decides by, as data: the catalogue, how a text is read, lines that were made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from envs.atlas import cells, row_files
from envs.errors import (
    argument_clues,
    beginnings,
    catalogue,
    explain_run,
    explanation,
    matching,
    name_clues,
    stated,
)
from envs.errors import reading as text_reading
from envs.errors.catalogue import Cure, Entry, trim_line
from envs.errors.catalogue_files import load_catalogue
from envs.errors.reading import Line
from envs.model import failures, outcomes
from envs.site import documents
from envs.site.finder.javascript import find_needle, write_javascript

_NOTHING = Line("", "", 1, True)


def make_errors() -> dict[str, Any]:
    """What the page needs to read a text and to match it with the entries of the catalogue."""
    return {
        "reading": _make_reading(),
        "entries": [_make_entry(entry) for entry in load_catalogue().values()],
    }


def make_cures() -> dict[str, Any]:
    """Entry -> its cause and its cures, which the page loads as soon as it is ready."""
    return {
        entry.name: {
            "cause": entry.cause,
            "cures": [_make_cure(cure) for cure in entry.cures.values()],
        }
        for entry in load_catalogue().values()
    }


def _make_reading() -> dict[str, Any]:
    """The patterns and words by which a text is read, each under the name that Python has for it.

    A pattern is its source and its flags.
    """
    patterns = {
        name.lower(): getattr(module, name)
        for module, names in (
            (
                text_reading,
                ("COLOURS", "ESCAPED", "BOLD", "BEFORE", "EXCEPTION", "NATIVE", "SOURCE"),
            ),
            (
                text_reading,
                (
                    "NAMED",
                    "QUOTED",
                    "MODULE",
                    "SPLIT",
                    "CHAINED",
                    "FRAME",
                    "OF_IPYTHON",
                    "NAMELESS",
                    "MODULELESS",
                    "CLOSED",
                    "QUOTATION",
                    "MARKED",
                ),
            ),
            (stated, ("PYTHON_PATH", "PYTHON_BANNER")),
            (matching, ("WRAPS", "WORD")),
            (beginnings, ("ENDS", "ELLIPSIS")),
            (catalogue, ("FOLDERS",)),
        )
        for name in names
    }
    return {
        **{name: write_compiled(pattern) for name, pattern in patterns.items()},
        "stated": {name: write_compiled(one) for name, one in stated.STATED.items()},
        "titles": [[*write_javascript(start), name] for start, name in text_reading.TITLES],
        "told": [[*write_javascript(message), name] for message, name in text_reading.TOLD],
        "most_told": text_reading.MOST_TOLD,
        "most_told_alone": text_reading.MOST_TOLD_ALONE,
        "unnamed": text_reading.UNNAMED,
        "fewest_words": text_reading.FEWEST_WORDS,
        "called": text_reading.CALLED,
        "most_above": text_reading.MOST_ABOVE,
        "fields": [write_compiled(pattern) for pattern in text_reading.FIELDS],
        "retyped": [
            [*write_javascript(form), re.sub(r"\\(\d)", r"$\1", message)]
            for form, message in text_reading.RETYPED
        ],
        "normalised": [
            [*write_compiled(pattern), replacement.replace(r"\1", "$1")]
            for pattern, replacement in outcomes.NORMALISED
        ],
        "suggested": [write_compiled(pattern) for pattern in catalogue.SUGGESTED],
        "quotes": catalogue.QUOTES,
        "entities": text_reading.ENTITIES,
        "wrapper": text_reading.WRAPPER,
        "largest": text_reading.LARGEST,
        "most_lines": text_reading.MOST_LINES,
        "most": matching.MOST,
        "common": sorted(matching.COMMON),
        "unknown": catalogue.UNKNOWN,
        "kinds": catalogue.KINDS,
        "other_import": explanation.OTHER_IMPORT,
        "otherwise": _describe_otherwise(),
        "is_cut": explanation.IS_CUT,
        "fewest_characters": beginnings.FEWEST_CHARACTERS,
        "fewest_begun": beginnings.FEWEST_WORDS,
        "shared": beginnings.SHARED,
        "unsaid": beginnings.UNSAID,
        "names": [write_javascript(line) for line in (*name_clues.LINES, *argument_clues.LINES)],
    }


def _describe_otherwise() -> str:
    """What the sureness of a match ends with, if what is known of the reader does not fit."""
    entry = next(iter(load_catalogue().values()))
    said = [
        explanation.describe_sureness(matching.Match(entry, _NOTHING, {}, True, fits))
        for fits in (None, False)
    ]
    return said[1].removeprefix(said[0])


def write_compiled(pattern: re.Pattern[str]) -> tuple[str, str]:
    """The source and the flags of a compiled pattern in JavaScript."""
    return write_javascript(pattern.pattern, bool(pattern.flags & re.ASCII))


def _make_entry(entry: Entry) -> dict[str, Any]:
    found = {
        "name": entry.name,
        "group": entry.group,
        "line": entry.line,
        "patterns": [
            [*write_javascript(pattern), find_needle(pattern)] for pattern in entry.patterns
        ],
        "made": list(dict.fromkeys(case.line for case in entry.cases)),
        "parts": dict(entry.parts),
        "when": {name: str(releases) for name, releases in entry.when.items()},
        "above": write_javascript(entry.above) if entry.above else None,
        "needs_above": entry.needs_above,
        "shares": dict(entry.shares),
        "unmade": bool(entry.unmade),
        "sure": [_describe_sureness(entry, seen) for seen in (False, True)],
    }
    return drop_empty(found)


def _describe_sureness(entry: Entry, seen: bool) -> str:
    return explanation.describe_sureness(matching.Match(entry, _NOTHING, {}, seen, None))


def _make_cure(cure: Cure) -> dict[str, Any]:
    return drop_empty(
        {
            "name": cure.name,
            "kind": cure.kind,
            "do": cure.do,
            "for": cure.whom,
            "install": list(cure.install),
            "uninstall": list(cure.uninstall),
            "env": dict(cure.env or {}),
            "pairing": cure.pairing,
            "python": cure.python,
            "when": {name: str(releases) for name, releases in cure.when.items()},
        }
    )


def drop_empty(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table without what is empty or no: the page takes what is missing for that."""
    return {name: value for name, value in table.items() if value not in ("", [], {}, None, False)}


def make_seen() -> dict[str, Any]:
    """Line -> what the examples and the atlas know of it; both were made to the letter."""
    found: dict[str, Any] = {}
    for text in _list_made():
        known = explain_run.find_known(Line(text, text, 1, True))
        if known is not None:
            found[text] = {
                "name": known.name,
                "line": known.line if known.remedy else "",
                "cause": known.cause,
                "remedy": known.remedy,
                "pairings": list(known.pairings),
                "address": _address_page(known.page),
            }
    return found


def _address_page(page: str) -> str:
    """Where the site has a page of the repository, with its anchor."""
    path, _, anchor = page.partition("#")
    return f"{documents.list_documents()[path]}.html#{anchor}"


def _list_made() -> list[str]:
    """Every line that a step of the atlas or an example ended with."""
    lines: Iterable[str] = (
        trim_line(outcome.partition(": ")[2])
        for row in row_files.load_atlas().values()
        for cell in row.values()
        for outcome in cell.steps.values()
        if not cells.step_works(outcome)
    )
    failed = (
        trim_line(f"{one.exception}: {one.message}")
        for one in failures.load_rules().failures.values()
    )
    return sorted({*lines, *failed})

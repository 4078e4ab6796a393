"""The catalogue: one file an error, with its patterns, its cause, its cures, and its cases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from envs.model import outcomes

FOLDER = outcomes.EXAMPLES / "errors"

GROUPS = {
    "imports": "Import paths that are gone or moved",
    "api": "Methods, functions and classes that are gone or renamed",
    "arguments": "Arguments that are gone or renamed",
    "two-kerases": "Two Kerases mixed, and tf-keras",
    "data": "Shapes, types and values that do not go together",
    "models": "Saving and loading models",
    "packages": "Packages beside TensorFlow that do not go with it",
    "python": "Pythons that are too new or too old",
    "install": "Installation",
    "warnings": "Warnings that are taken for errors",
    "machine": "GPUs, DLLs and processors",
}
"""Group of an entry -> its heading in the index."""

KINDS = {
    "code": "change the code",
    "environment": "change the environment",
    "pairing": "change the pairing",
    "nothing": "nothing to do",
    "machine": "change the machine",
}
"""Kind of a cure -> what it changes, in words."""

FACTS = ("tensorflow", "keras", "python", "minor")
"""What may be known of the reader: releases, and `minor`, the two numbers of TensorFlow's."""


NAMES = {"tensorflow": "TensorFlow", "keras": "Keras", "python": "Python"}
"""Fact that bounds an entry or a cure -> its name in words."""


@dataclass(frozen=True)
class Cure:
    """One way out: `do` says it in words, the rest is carried out to the letter by the cases.

    `whom` is for whom it is right. `install` and `uninstall` are what follows `pip install` and
    `pip uninstall`, `env` variables, `remove` files; `pairing` is the one to take, on `python` if
    that is not its recommended one. `when` is fact -> the releases with which it can be carried
    out, as where an older package has no wheel for a newer Python; empty if always.
    """

    name: str
    kind: str
    do: str
    whom: str = ""
    install: tuple[str, ...] = ()
    uninstall: tuple[str, ...] = ()
    env: Mapping[str, str] | None = None
    remove: tuple[str, ...] = ()
    pairing: str = ""
    python: str = ""
    when: Mapping[str, SpecifierSet] = field(default_factory=dict)

    def fits(self, known: Mapping[str, str]) -> bool:
        """Whether nothing that is known of the reader stands against it."""
        return all(compare_releases(self.when, known))


@dataclass(frozen=True)
class Case:
    """One way to make the error: where, what is done before, and the code or the command.

    `pairing` is `none` for an environment with nothing but pip. `before` is code that runs first
    in another pairing, in the same folder, and `files` are put there. `line` is the exact line
    that comes; if it ends in `...`, its beginning. `printed`: it is printed, and the code goes on.
    `mended` is cure -> the changed code; a cure that is left out of it runs the same code.
    """

    pairing: str
    line: str
    code: str = ""
    run: str = ""
    python: str = ""
    install: tuple[str, ...] = ()
    uninstall: tuple[str, ...] = ()
    env: Mapping[str, str] | None = None
    files: Mapping[str, str] | None = None
    before: str = ""
    before_code: str = ""
    printed: bool = False
    cures: tuple[str, ...] = ()
    mended: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Entry:
    """One error. `parts` are the words for what a pattern does not name.

    `when` is fact -> the releases with which it happens, and `above` is what must stand higher in
    the traceback; with `needs_above`, the line alone says too little, and another text than this
    shows another error. `shares` is another entry that has the same line -> how to tell them apart.
    `differs` are neighbouring lines that are another error. `unmade` is why it is not reproduced
    here; empty if it is.
    """

    name: str
    group: str
    line: str
    cause: str
    patterns: tuple[str, ...]
    cures: Mapping[str, Cure]
    cases: tuple[Case, ...]
    differs: tuple[str, ...]
    parts: Mapping[str, str]
    when: Mapping[str, SpecifierSet]
    above: str
    needs_above: bool
    shares: Mapping[str, str]
    sources: tuple[str, ...]
    unmade: str

    @property
    def travels(self) -> bool:
        """Whether verify.py carries it: its best cure changes the environment or the machine.

        Warnings are left out: nothing has failed.
        """
        best = next(iter(self.cures.values()))
        return self.group != "warnings" and best.kind in ("environment", "machine")

    @cached_property
    def compiled(self) -> tuple[re.Pattern[str], ...]:
        """The patterns, ready to match a whole line."""
        return tuple(map(re.compile, self.patterns))

    def match_line(self, line: str) -> dict[str, str] | None:
        """The named parts of a line that this error is known by; None if it is another's.

        The line is as `trim_line` leaves it.
        """
        if (match := self.match_whole(line)) is None:
            return None
        return {**self.parts, **{key: value for key, value in match.groupdict().items() if value}}

    def match_whole(self, line: str) -> re.Match[str] | None:
        """What the first pattern that fits makes of a whole line."""
        return next(filter(None, (pattern.fullmatch(line) for pattern in self.compiled)), None)

    def fill(self, text: str, known: Mapping[str, str]) -> str:
        """A text with the reader's own words in place of `{name}`; see `fill_words`."""
        return fill_words(text, {**self.parts, **known})


def compare_releases(when: Mapping[str, SpecifierSet], known: Mapping[str, str]) -> list[bool]:
    """For each fact of `when` that is known: whether it is one of those releases.

    What is no release as PEP 440 has it is taken for unknown.
    """
    said = []
    for name, releases in when.items():
        try:
            said += [releases.contains(Version(known[name]))] if name in known else []
        except InvalidVersion:
            continue
    return said


UNKNOWN = {
    "tensorflow": "<your TensorFlow>",
    "keras": "<your Keras>",
    "python": "<your Python>",
    "minor": "<minor of your TensorFlow>",
}
"""What stands in a text for a release that is not known."""


def fill_words(text: str, known: Mapping[str, str]) -> str:
    """A text with what is known in place of `{name}`, and words where it is not."""
    words = {**UNKNOWN, **known}
    return re.sub(r"\{(\w+)\}", lambda match: words.get(match[1], match[0]), text)


QUOTES = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\xa0": " "}
"""Characters that pages put in place of those that Python prints."""

SUGGESTED = (
    re.compile(r"\.? (?:Did you mean|Maybe you meant): .*$"),
    re.compile(r"; '(?!(?:tensorflow|keras)')[\w.]+' is not a package$"),
    re.compile(r" \((?:<path>|unknown location)\)$"),
)
"""What some Pythons put behind a message."""


FOLDERS = re.compile(
    r"(?<=Error: )/\S*/(?:site|dist)-packages/(?=\S+\.so[\w.]*: undefined symbol)"
    r"|(?<=dlopen\()/[^,()]*/(?=[^/,()]+[,)])"
)
"""The folders of a library that could not be loaded."""


def trim_line(line: str) -> str:
    """A line without what changes from reader to reader: paths, addresses, quotes, suggestions.

    Of a library that could not be loaded, the package and the file stay: they say whose it is.
    """
    line = outcomes.normalise_message(FOLDERS.sub("", line.translate(_QUOTES)))
    for pattern in SUGGESTED:
        line = pattern.sub("", line)
    return line


_QUOTES = str.maketrans(QUOTES)

"""What a person means who types into the finder: an error, code, packages, or releases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from packaging.utils import canonicalize_name

from envs.errors.catalogue_files import load_catalogue
from envs.errors.matching import find_matches
from envs.errors.reading import read_pasted


class QuestionKind(StrEnum):
    """What was typed or pasted."""

    EMPTY = "empty"
    BINARY = "binary"
    PACKAGES = "packages"
    ERROR = "error"
    FOREIGN = "foreign"
    NAME = "name"
    RELEASES = "releases"
    CODE = "code"
    OTHER = "other"


@dataclass(frozen=True)
class Question:
    """What was typed: its kind, and what it says of the reader's environment.

    `facts` are releases, a platform and a variant, `packages` is package -> release, and `unread`
    are the words that say nothing of these, `doubtful` those of them that look like releases.
    """

    kind: QuestionKind
    facts: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    @property
    def doubtful(self) -> tuple[str, ...]:
        return tuple(word for word in self.unread if re.fullmatch(DOUBTFUL, word))


HEAD = 4096
"""So many characters tell whether it is text."""

BINARY = r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]"
MOST_BINARY = 0.05
"""The share of characters that no text has, above which it is none."""

PINNED = (
    r"[ \t]*(?:-[ \t]*)?(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[A-Za-z0-9,._-]+\])?[ ]?={1,3}[ ]?"
    r"(?P<release>[0-9][A-Za-z0-9.!+]*)(?:=[A-Za-z0-9_.]+)?[ \t]*(?:[;\\#].*)?",
    r"[ \t]*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*) @ .*",
)
LISTED = (
    r"[ \t]*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)[ \t]+"
    r"(?P<release>[0-9]+\.[A-Za-z0-9.!+]+)(?:[ \t].*)?"
)
STATED = (
    r"[ \t]*(?:[-*+][ \t]*)?(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)[ \t]+[Vv]ersion[ \t]*[:=(]?[ \t]*"
    r"v?(?P<release>[0-9]+\.[A-Za-z0-9.!+]+)\)?[ \t]*"
)
PASSED_OVER = (
    r"[ \t]*(?:#.*|--.*|-r .*|-e .*|(?:Package|Name) +Version.*|-[- ]*|[a-z]+:.*"
    r"|- [A-Za-z./_-]+:?)?"
)
"""A line of `pip freeze` or `conda env export`, one of `pip list`, one that a person wrote among
these, and what says no package."""

LEAST_LISTED = 3
SHARE_OF_PACKAGES = 0.6
"""So many lines make a list, and so large a part of all lines must name packages."""

FOREIGN = {
    "Java": r"(?m)^\s+at [\w$.]+\([\w$]+\.(?:java|kt|scala):\d+\)|^Exception in thread \"",
    "JavaScript": r"(?m)^\s+at .*\(?(?:node:|https?://|file:|/|[A-Z]:\\).*:\d+:\d+\)?\s*$"
    r"|^Uncaught \w*Error: ",
    "Rust": r"(?m)^thread '.*' panicked at ",
    "Go": r"(?m)^goroutine \d+ \[\w+\]:|^panic: ",
    "C#": r"(?m)^\s+at [\w.<>`]+\(.*\) in .*\.cs:line \d+|^Unhandled [Ee]xception[.:] System\.",
    "Ruby": r"(?m)^\S+\.rb:\d+:in [`']",
    "PHP": r"(?m)^(?:PHP )?(?:Fatal error|Warning|Notice): .* in .*\.php on line \d+",
    "R": r"(?m)^Error in \w+\(.*\) :",
}
"""How tracebacks of other languages look."""

NAME = r"(?:tf|tensorflow|keras|tf_keras)(?:\.[A-Za-z_]\w*)+"
CODE = (
    r"(?m)^\s*(?:from\s+[A-Za-z_][\w.]*\s+import\b|import\s+[A-Za-z_]|(?:def|class)\s+\w+\s*[(:]|"
    r"@\w+|[A-Za-z_][\w.\[\]\"']*\s*[-+*/]?=(?!=)\s*\S|[A-Za-z_][\w.]*\()|^\s*\{\s*\"cells\""
)
CERTAIN_CODE = (
    r"(?m)^\s*(?:from\s+[A-Za-z_][\w.]*\s+import\b|import\s+[A-Za-z_])"
    r"|\w(?<![Ee]ras|[Ff]low|thon|sion)\("
)
"""A name alone, something that may be code, and something that can be nothing else."""

SAYS_ERROR = r"Error:[ \t]*\S|cannot import name|has no attribute|[Nn]o module named"
GLUED = (
    r"(?<=[\w)\]'\"])(?=(?:ModuleNotFound|Import|Attribute|Value|Type|Name|Runtime|Key|Index|Syntax)"
    r"Error: )"
    r"|(?<=[^\n])(?<!Error: )(?<!Error:)(?=cannot import name |No module named "
    r"|module '[\w.]+' has no attribute |'\w+' object has no attribute )"
)
"""What looks like code may hold an error, and where the line of one was glued to other words."""

LOOKED_AT = 20_000
"""In so many characters, a traceback of another language, or code, shows that it is one."""

LONGEST = 200
MOST_UNREAD = 3
"""A question about releases has at most so many characters, and words that say nothing of it."""

LONGEST_FORM = 2000
FORM = r"[ \t]*(?:[-*+>][ \t]*)*[A-Za-z][^:=\n]{0,80}[:=].*"
"""A filled-in form, such as that of an issue, has such lines alone, and may be longer."""

_MARKS = r"[\s:=~(\[|*`'\"-]{0,8}"
_TO = (
    rf"{_MARKS}(?:[<>]=\s?|(?:installed |backend |api )?[._]{{0,3}}versions?_{{0,2}}"
    r"|v\.|is|release)?"
    rf"(?:\s?\([a-z ]{{1,40}}\))?{_MARKS}v?"
)
_PRE = r"(?:[-.]?(?:rc|alpha|beta|a|b|dev|post)[-.]?\d*|\.\*|\.x)?"
_RELEASE = rf"(\d+(?:\.\d+){{0,2}}){_PRE}(?![\w.]*\w)"

FACTS = (
    ("variant", "cpu", r"\b(?=(?:tensorflow|tf)[-_]cpu\b)"),
    ("variant", "cuda", r"\b(?=(?:tensorflow|tf)[-_]gpu\b)|\[and-cuda\]"),
    ("tf-keras", "", rf"\btf[-_]keras{_TO}{_RELEASE}"),
    ("keras", "", rf"(?<![\w.])keras{_TO}{_RELEASE}"),
    ("tensorflow", "", rf"\b(?:tensorflow|tf)(?:[-_](?:cpu|gpu|intel|macos))?{_TO}{_RELEASE}"),
    ("python", "", rf"\b(?:c?python|py){_TO}([23](?:\.\d+)?)(?:\.\d+{_PRE}|\.\*|\.x)?(?![\w.]*\w)"),
    ("python", "", r"\b(?:c?python|py)(3)(\d{1,2})\b"),
    (
        "platform",
        "linux-aarch64",
        r"\b(?:linux[- ])?(?:aarch64|arm64 linux)\b|\blinux[- ]arm(?:64)?\b"
        r"|\braspberry(?: pi)?\b|\bjetson\b|\bgraviton\b",
    ),
    (
        "platform",
        "macos-arm64",
        r"\bapple silicon\b|\b(?:mac\w* )?m[1-5]\b(?: mac)?|\bmac\w*[- ]arm(?:64)?\b",
    ),
    ("platform", "macos-x86_64", r"\bmac\w*[- ](?:x86_64|intel)\b|\bintel mac\b"),
    ("platform", "macos", r"\b(?:mac|macos|osx|os x|macbook)\b(?: \d+(?:\.\d+)+)?"),
    (
        "platform",
        "windows-x86_64",
        r"\b(?:windows|win)(?:[- ]?(?:7|8|10|11|32|64)\b|[- ]x86_64\b)?(?![\w.])",
    ),
    (
        "platform",
        "linux-x86_64",
        r"\b(?:linux )?ubuntu\b(?: \d\d\.\d\d)?|\blinux(?:[- ]x86_64)?\b"
        r"|\bdebian\b|\bwsl2?\b|\bcolab\b",
    ),
    ("variant", "cuda", r"\b(?:gpus?|cuda|nvidia)\b"),
    ("variant", "cpu", r"\bcpu\b"),
    ("kind", "legacy", r"\blegacy\b|\btf_use_legacy_keras(?:=\w+)?\b"),
)
"""What is known of an environment, its value (or else what the groups have), and its words.

The first words count, and what was read once is not read again.
"""

BARE = rf"(?<![\w.])(?<![<>!])(?<![<>!][=\s])([123])\.(\d{{1,2}})(\.\d+)?{_PRE}(?![\w.]*\w)"
NEWEST_BARE_KERAS = 6
"""A release alone: 1.x and 2.x is TensorFlow's, 3.0 to 3.6 Keras', and a later one Python's."""

WORD = r"[^\s,;+&/|()\[\]?!'\"=<>~:]+"
AROUND = ".-*`"
"""What stands around a word in a list, and is no part of it."""

EXAMPLE = r"\(e\.g\.[^()]*\)"
"""What a form gives as an example, which is not the reader's."""

DOUBTFUL = r"[a-z_-]{0,20}\d+\.\d.*|v?\d{1,2}(?:\.x|\.\*)?"
"""A word that looks like a release; one that was not understood may be what fails."""

FILLERS = frozenset(
    re.findall(
        r"\S+",
        "a an and any are at backend beside best can combination combinations compatibility "
        "compatible distribution do does env environment find for from get go goes good have how "
        "i in install installed installing is it keras latest me my need newest of on or os "
        "pairing pairings pip platform please python release run running runs should support "
        "supported supports tensorflow tf tf.keras that the this to together upgrade use uses "
        "using version versions want what which will with work working works you",
    )
)
"""Words of a question that say nothing of an environment."""


def read_question(text: str) -> Question:
    """What was typed or pasted."""
    if not text.strip():
        return Question(QuestionKind.EMPTY)
    head = text[:HEAD]
    if "\0" in head or len(re.findall(BINARY, head)) > MOST_BINARY * len(head):
        return Question(QuestionKind.BINARY)
    packages = read_packages(text)
    if packages:
        return Question(QuestionKind.PACKAGES, find_package_facts(packages), packages)
    pasted = read_pasted(text)
    known = find_matches(pasted, load_catalogue().values(), {}).matches
    foreign = name_language(text[:LOOKED_AT])
    if known or (not foreign and any(line.raised for line in pasted.lines)):
        return Question(QuestionKind.ERROR)
    if foreign:
        return Question(QuestionKind.FOREIGN, {"language": foreign})
    if re.fullmatch(NAME, text.strip()):
        return Question(QuestionKind.NAME)
    is_form = is_filled_form(text)
    if (is_form or len(text) <= LONGEST) and not re.search(CERTAIN_CODE, text):
        facts, unread = read_facts(text)
        is_short = len(unread) <= MOST_UNREAD or (is_form and not PACKAGES.keys().isdisjoint(facts))
        if is_short and (facts or not unread):
            return Question(QuestionKind.RELEASES, facts, {}, unread)
    if re.search(CODE, text[:LOOKED_AT]):
        return Question(QuestionKind.CODE)
    return Question(QuestionKind.OTHER)


def separate_errors(text: str) -> str:
    """What may be code, from the first error in it, each at the start of a line; or empty.

    It is what is read instead if the text cannot be parsed as code.
    """
    lines = re.sub(GLUED, "\n", text[:LOOKED_AT]).split("\n")
    first = next((n for n, line in enumerate(lines) if re.search(SAYS_ERROR, line)), len(lines))
    return "\n".join(lines[first:])


def is_filled_form(text: str) -> bool:
    """Whether each line is one of a form, as `Keras version: 2.2.4` is, and one says a release."""
    lines = [line for line in text.splitlines() if line.strip()]
    return (
        len(text) <= LONGEST_FORM
        and all(re.fullmatch(FORM, line) or re.fullmatch(LISTED, line) for line in lines)
        and any(re.fullmatch(STATED, line) for line in lines)
    )


def read_packages(text: str) -> dict[str, str]:
    """Package -> release, as `pip freeze`, `pip list` and conda write them; empty if it is none."""
    lines = [line for line in text.splitlines() if not re.fullmatch(PASSED_OVER, line)]
    patterns = [*PINNED, *([LISTED] if len(lines) >= LEAST_LISTED else [])]
    found: dict[str, str] = {}
    stated: dict[str, str] = {}
    for line in lines:
        for pattern in patterns:
            if match := re.fullmatch(pattern, line):
                release = match.groupdict().get("release") or ""
                found.setdefault(canonicalize_name(match["name"]), release)
                break
        else:
            if match := re.fullmatch(STATED, line):
                stated.setdefault(canonicalize_name(match["name"]), match["release"])
    return {**stated, **found} if len(found) >= max(1, SHARE_OF_PACKAGES * len(lines)) else {}


def find_package_facts(packages: Mapping[str, str]) -> dict[str, str]:
    """The releases of TensorFlow, Keras and Python that a list of packages has."""
    found: dict[str, str] = {}
    for fact, names in PACKAGES.items():
        release = next((packages[name] for name in names if packages.get(name)), "")
        if release:
            found[fact] = release
    return found


PACKAGES = {
    "tensorflow": (
        "tensorflow",
        "tensorflow-cpu",
        "tensorflow-gpu",
        "tensorflow-intel",
        "tensorflow-macos",
    ),
    "keras": ("keras", "keras-nightly"),
    "tf-keras": ("tf-keras",),
    "python": ("python",),
}
"""Fact -> the packages of whose releases it is one."""


def name_language(text: str) -> str:
    """The other language whose traceback a text is; empty if it is none."""
    return next((name for name, look in FOREIGN.items() if re.search(look, text)), "")


def read_facts(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """What a question says of an environment, and the words that were not understood."""
    rest = re.sub(EXAMPLE, " ", text.lower())
    found: dict[str, str] = {}
    for fact, value, pattern in FACTS:
        match = re.search(pattern, rest)
        if match is None:
            continue
        found.setdefault(fact, value or ".".join(filter(None, match.groups())))
        rest = f"{rest[: match.start()]} {rest[match.end() :]}"

    def take_bare(match: re.Match[str]) -> str:
        fact, minor = "tensorflow", f"{match[1]}.{match[2]}"
        if match[1] == "3":
            fact = "keras" if int(match[2]) <= NEWEST_BARE_KERAS else "python"
        release = minor if fact == "python" else minor + (match[3] or "")
        known = found.setdefault(fact, release)
        return " " if f"{known}.".startswith(f"{minor}.") else match[0]

    rest = re.sub(BARE, take_bare, rest)
    words = [word.strip(AROUND) for word in re.findall(WORD, rest)]
    return found, tuple(word for word in words if word and word not in FILLERS)

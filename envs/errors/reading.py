"""Read what a person pastes: a line, a traceback, a log, a notebook, and what stands around it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from envs import Problem
from envs.errors.catalogue import trim_line

LARGEST = 4 * 2**20
"""How many bytes of a log are read, from its end; an error is mostly there."""

MOST_LINES = 10_000
"""How many lines of it are looked at, from its end; those of an exception all are."""

ENTITIES = {
    "&#39;": "'",
    "&#x27;": "'",
    "&quot;": '"',
    "&#34;": '"',
    "&nbsp;": "\xa0",
    "&gt;": ">",
    "&lt;": "<",
    "&amp;": "&",
}
"""What a page's source has in place of a character; in this order, for `&amp;lt;` is `&lt;`."""

COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]")
ESCAPED = re.compile(r"\\(?:x1b|u001b|033)\[[0-9;]*m")

BEFORE = re.compile(
    r"^(?:"
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]?\d*Z?(?:[+-]\d\d:?\d\d)?:?\s+"  # a time
    r"|\[?[\w.-]+(?:[-_ ]\d+)?\]?\s+\|\s"  # a service of docker compose
    r"|E(?:\s{2,}|\s*$)"  # pytest
    r"|>\s?"  # a quotation
    r"|#\d+\s+\d+\.\d+\s"  # docker build
    r"|\[\d\d:\d\d:\d\d\]:?\s"
    r"|(?:--?|[*•]|#{1,6})\s+(?=(?:ERROR|\w*Error|\w*Exception): |[Mm]odule )"  # one of a list
    r"|(?:ERROR|WARNING|INFO|CRITICAL|DEBUG)[:\s-]+(?:root|__main__|[\w.]+)?:(?=\w*(?:Error|Exc))"
    r")"
)
"""What stands before a line in logs, and is no part of the message."""

EXCEPTION = re.compile(
    r"^(?:[A-Za-z_][\w.]*\.)?([A-Z]\w*(?:Error|Exception|Warning|Exit|Interrupt|NotFound\w*)"
    r"|Exception|AlreadyExists\w*|OutOfRange)(?: \(see above for traceback\))?(?:: |:?$)"
)
TITLES = (
    (r"No module named ", "ModuleNotFoundError"),
    (r"cannot import name ", "ImportError"),
    (r"module '[\w.]+' has no attribute |'\w+' object has no attribute ", "AttributeError"),
    (r"Your currently installed version of Keras is Keras 3", "ValueError"),
    (r"Keras requires TensorFlow 2\.2 or higher", "ImportError"),
    (r"Error when checking ", "ValueError"),
)
"""How messages begin that people give without the name of their exception."""

BOLD = re.compile(r"(?<![\w)*])\*\*(?=[\w'\"`])([^*:]+:?)(?<=\S)\*\*(?![\w*])")
"""What pages show in bold, by stars; not a whole message, which they may set apart from others."""

RETYPED = (
    (r"(?:Error: )[Nn]o module named '?([\w.]+)'?", r"ModuleNotFoundError: No module named '\1'"),
    (
        r"(?:AttributeError: )?[Mm]odule '?([\w.]+)'? has no attribute '?(\w+)'?(?: error)?\.?",
        r"AttributeError: module '\1' has no attribute '\2'",
    ),
    (r"ImportError: cannot import name (\w+)", r"ImportError: cannot import name '\1'"),
    (r"Cannot import name (.*)", r"ImportError: cannot import name \1"),
    (r"IOError: (.*)", r"OSError: \1"),
    (r"Exception: (.*)", r"ValueError: \1"),
    (r"((?:[\w.]+\.)?\w+Error) \(see above for traceback\): (.*)", r"\1: \2"),
    (r"raise (\w+Error)\(u?(['\"])(.+)\2\)?", r"\1: \3"),
)
"""Messages as people write them from memory, as Python 3 and TensorFlow 2 say them.

Keras 1 raised plain exceptions.

The last is the line of code that raised one, at which some end what they paste.
"""

TOLD = (
    (r"No module named '[\w.]+'", "ModuleNotFoundError"),
    (r"cannot import name '\w+' from '[\w.]+'", "ImportError"),
    (
        r"(?:partially initialized )?module '[\w.]+' has no attribute '\w+'"
        r"(?: \(most likely due to a circular import\))?",
        "AttributeError",
    ),
    (r"(?<!module )'\w+' object has no attribute '\w+'", "AttributeError"),
    (r"property '\w+' of '\w+' object has no setter", "AttributeError"),
    (r"(?<=\berror: )\w.+", ""),
)
"""What people tell of a message in a sentence of their own, and its exception, if it is known."""

UNNAMED = (
    "ValueError",
    "TypeError",
    "AttributeError",
    "RuntimeError",
    "ImportError",
    "NotImplementedError",
)
"""What exceptions a message is tried with that a person gives without the name of any."""

FEWEST_WORDS = 4
"""How many words such a message has at least: a shorter one names releases or a package."""

MOST_TOLD = 3
"""How many lines such a text has; a longer one is a log, in which they are no last words."""

MOST_TOLD_ALONE = 60
"""The same, where no line is one of an exception: a person tells of it, with code around it."""

WRAPPER = "because of the following error (look up to see its traceback):"
"""Behind these words of transformers, in the same line or higher, stands the error itself."""

NATIVE = re.compile(r"^.{0,120}?\.cc:\d+\] ")
SOURCE = re.compile(r"^(?:<path>|\S+:\d+:) (?=\w*Warning: )")
"""The file and line that Python prints before a warning."""

NAMED = re.compile(
    r"(?<![\w.'\"])(?:[a-z]\w*\.)*[A-Z]\w* ?(?:Error|Exception) ?: |WARNING:tensorflow:", re.ASCII
)
"""Where an exception or a warning begins in a line that begins with other words."""

CLOSED = re.compile(r"\](?:\([^()]*\))?$")
"""What a link or a bracket around a message leaves at its end."""

_ANY = r"(?:[a-z]\w*\.)*[A-Z]\w* ?(?:Error|Exception) ?: .+"
QUOTED = re.compile(rf"([\"`]|\*\*)\s*({_ANY})\1|\(({_ANY})\)", re.ASCII)
"""An exception with its message between quotation marks or brackets, in a sentence."""

QUOTATION = re.compile(r"[\"`\u201c]([^\"`\u201c\u201d]{20,})[\"`\u201d]")
"""A message that a person quotes, without the name of its exception."""

MODULE = re.compile(r"[A-Za-z_][\w.]*\.(?=[A-Z]\w*(?:Error|Exception|NotFound): )")
"""The module of an exception, which stands before its name in a traceback."""

SPLIT = re.compile(r"^([A-Z][A-Za-z]*) ?(Error|Exception) ?: ")
"""An exception whose name was written with a blank, as in `Module Not Found Error`."""

MODULELESS = re.compile(r"ImportError: cannot import name '?([A-Za-z0-9_]+)'?")
"""How Python up to 3.6 says that a module lacks a name: it does not say which module."""

NAMELESS = re.compile(r"(?:AttributeError: )?'module' object has no attribute '([A-Za-z0-9_]+)'")
"""How Python 2 says that a module lacks something: it does not name the module."""

CALLED = {"tf": "tensorflow", "tensorflow": "tensorflow", "keras": "keras", "K": "keras.backend"}
"""What code calls modules -> the module."""

FIELDS = (
    re.compile(r"\"(?:name|ename)\": \"([A-Za-z0-9_]+)\",?"),
    re.compile(r"\"(?:message|evalue)\": \"(.+?)(?:\\n.*|\",?)?"),
)
"""How an editor copies an error of a notebook: a line with its name, and one with its message."""

MARKED = re.compile(r"^(?:#{1,6}|//|--?|[*\u2022])\s+")
"""What stands before a message in a comment, a heading or a list."""

MOST_ABOVE = 12
"""How many lines above are looked at for the code that failed."""

CHAINED = re.compile(
    r"^(During handling of the above exception|The above exception was the direct cause)"
)
FRAME = re.compile(r'^\s*(File "|at |--> |---> )|^\s*~*\^+~*$')
OF_IPYTHON = re.compile(r"^AttributeError: '\w+' object has no attribute '_render_traceback_'")
"""IPython's own failure to show an exception; what it failed to show stands above it."""


@dataclass(frozen=True)
class Line:
    """A line that may name an error.

    `text` is trimmed, and `shown` as it was written. `number` counts from 1. `raised` says that it
    is a line of an exception, and not just printed; `named` that it is a part of a line, in which
    an exception is named.
    """

    text: str
    shown: str
    number: int
    raised: bool
    named: bool = False


@dataclass(frozen=True)
class Pasted:
    """What was read: the lines that may name an error, in order, and the whole text."""

    lines: tuple[Line, ...]
    text: str


def decode_pasted(data: bytes, name: str) -> str:
    """The text of a file. Raises Problem if it is none.

    Windows writes what it redirects as UTF-16, and consoles write their own encodings.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:4096]:
        raise Problem(f"{name}: is no text: give a file with the traceback, or paste it")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def read_pasted(text: str) -> Pasted:
    """Read a text: colours, prompts, times and frames fall away."""
    notebook = _read_notebook(text)
    text = strip_colours(ESCAPED.sub("", notebook if notebook is not None else text))
    if any(mark in text for mark in ("&#39;", "&lt;", "&quot;")):
        for entity, character in ENTITIES.items():
            text = text.replace(entity, character)
    raw = text.replace("\r\n", "\n").split("\n")
    lines = [one.rsplit("\r", 1)[-1].rstrip() for one in raw]
    bare = [_strip_prefix(one) for one in lines]
    return Pasted(tuple(_list_lines(bare, lines)), "\n".join(bare))


def _read_notebook(text: str) -> str | None:
    """What the cells of a notebook printed; None if it is none."""
    if not text.lstrip().startswith("{") or '"cells"' not in text:
        return None
    try:
        cells = json.loads(text)["cells"]
    except (ValueError, KeyError, TypeError):
        return None
    parts: list[str] = []
    for cell in cells:
        for output in cell.get("outputs", ()):
            if output.get("output_type") == "error":
                parts += output.get("traceback") or []
                parts.append(f"{output.get('ename', '')}: {output.get('evalue', '')}")
            else:
                parts.append(_joined(output.get("text", "")))
    return "\n".join(parts)


def _joined(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


def _strip_prefix(line: str) -> str:
    """A line without what logs put before it."""
    line = line.strip().strip("│┃ ")
    if len(line) > 2 and (line[0] == line[-1] == "`" or line.count("`") % 2):
        line = line.strip("`")
    line = BOLD.sub(r"\1", line)
    if line.startswith("**") or line.endswith("**"):
        line = line.strip("*")
    if len(line) > 2 and line[0] == line[-1] == '"' and line.count('"') == 2:
        line = line.strip('" ')
    while (match := BEFORE.match(line)) and match[0]:
        line = line[match.end() :].lstrip()
    return line


def strip_colours(text: str) -> str:
    """A text without the codes that make a terminal show it coloured or bold."""
    return COLOURS.sub("", text)


def strip_native(line: str) -> str:
    """A line of TensorFlow's C++ part, or a warning, without its time and its file."""
    return SOURCE.sub("", NATIVE.sub("", line))


def _list_lines(bare: list[str], shown: list[str]) -> Iterator[Line]:
    """The lines that may name an error, each wording once, with long ones that were wrapped."""
    last: dict[str, Line] = {}
    # A long log repeats itself but for its numbers.
    different = {re.sub(r"\d+", "0", line): number for number, line in enumerate(bare)}
    numbers = sorted(different.values())
    early = [number for number in numbers[:-MOST_LINES] if EXCEPTION.match(bare[number])]
    told = _is_told(bare)
    for number in early + numbers[-MOST_LINES:]:
        line = bare[number]
        if len(line) < 6 or FRAME.match(line) or OF_IPYTHON.match(line):
            continue
        raised = bool(EXCEPTION.match(line))
        plain, named = [line], []
        if raised or line.startswith(("ERROR:", "error:")):
            plain += _join_wrapped(bare, number)
        if (bare_line := strip_native(line)) != line:
            plain.append(bare_line)
        named += [*_name_exceptions(line), *_name_module(bare, number), *_find_parts(line)]
        if number and (message := FIELDS[1].fullmatch(line)):
            named += [f"{name[1]}: {message[1]}" for name in FIELDS[0].finditer(bare[number - 1])]
        if told:
            named += _find_told(line)
            if not raised and line.count(" ") >= FEWEST_WORDS - 1:
                plain += [f"{name}: {MARKED.sub('', line)}" for name in UNNAMED]
        if module := MODULE.match(line):
            plain.append(line[module.end() :])
        for variants in (plain, named):
            for variant in variants:
                text = trim_line(variant)
                last.pop(text, None)
                found = Line(text, shown[number].strip(), number + 1, raised, variants is named)
                last[text] = found
    yield from sorted(last.values(), key=lambda one: one.number)


def _is_told(bare: list[str]) -> bool:
    """Whether a person tells of a message in a few lines, or without any line of an exception."""
    count = len(list(filter(None, bare)))
    if count > MOST_TOLD_ALONE:
        return False
    return count <= MOST_TOLD or not any(EXCEPTION.match(line) for line in bare)


def _find_parts(line: str) -> Iterator[str]:
    """What a line says behind other words, between quotation marks or in brackets."""
    if (named := NAMED.search(line)) and named.start():
        yield from _open_part(line[named.start() :])
    if match := QUOTED.search(line):
        yield from _open_part(match[2] or match[3])
    if WRAPPER in line and (inner := line.partition(WRAPPER)[2].strip()):
        yield from _open_part(inner)
    if (opened := _strip_closing(line)) != line:
        yield opened


def _open_part(part: str) -> Iterator[str]:
    """A part of a line, without the bracket that closes it, and the same with its exception."""
    opened = _strip_closing(part)
    yield opened
    yield from _name_exceptions(opened)


def _strip_closing(text: str) -> str:
    """A text without the bracket at its end that it does not open."""
    return CLOSED.sub("", text) if text.count("]") > text.count("[") else text


def _name_exceptions(line: str) -> list[str]:
    """A message that was given without the name of its exception, or with a blank in it."""
    named = [f"{name}: {line}" for start, name in TITLES if re.match(start, line)]
    for form, message in RETYPED:
        if told := re.fullmatch(form, line):
            named.append(told.expand(message))
    joined = SPLIT.sub(r"\1\2: ", line)
    return [*named, joined] if joined != line else named


def _name_module(bare: list[str], number: int) -> Iterator[str]:
    """A message of an older Python with the module that the code above it names."""
    if match := MODULELESS.fullmatch(bare[number]):
        code = rf"\bfrom ([\w.]+) import (?:.*[^A-Za-z0-9_])?{match[1]}(?![A-Za-z0-9_])"
        for line in reversed(bare[max(0, number - MOST_ABOVE) : number]):
            if found := re.search(code, line):
                yield f"ImportError: cannot import name '{match[1]}' from '{found[1]}'"
                return
    if match := NAMELESS.fullmatch(bare[number]):
        for line in reversed(bare[max(0, number - MOST_ABOVE) : number]):
            for alias, module in CALLED.items():
                if re.search(rf"(?<![A-Za-z0-9_.]){alias}\.{match[1]}(?![A-Za-z0-9_])", line):
                    yield f"AttributeError: module '{module}' has no attribute '{match[1]}'"
                    return


def _find_told(line: str) -> list[str]:
    """The messages in a sentence, each with the name of its exception."""
    found = [(re.search(message, line), name) for message, name in TOLD]
    named = [f"{name}: {match[0]}".removeprefix(": ") for match, name in found if match]
    return named + [named for part in QUOTATION.findall(line) for named in _name_exceptions(part)]


def _join_wrapped(bare: list[str], number: int) -> Iterator[str]:
    """A line together with those after it, as a narrow console breaks it."""
    joined, spaced = bare[number], bare[number]
    if len(joined) < 40:
        return
    for line in bare[number + 1 : number + 4]:
        if not line or EXCEPTION.match(line) or FRAME.match(line):
            return
        joined, spaced = joined + line, f"{spaced} {line}"
        yield from (joined, spaced)


def is_chained(pasted: Pasted) -> bool:
    """Whether one exception came while another was handled."""
    return any(CHAINED.match(line) for line in pasted.text.splitlines())

"""Patterns of Python's `re`, written for JavaScript: the same text matches in both."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envs import Problem

_WORD = r"\p{L}\p{N}_"
_SPACE = r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What Python's `\\w` and `\\s` are: JavaScript's know only part of it."""

_CLASSES = {"w": _WORD, "s": _SPACE, "d": r"\p{Nd}"}
_ASCII = {"w": "A-Za-z0-9_", "s": r"\t-\r\x20", "d": "0-9"}

_TOKEN = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\s\S])"
    r"|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]"
    r"|\(\?P<\w+>|\(\?P=\w+\)|\(\?<[=!]|\(\?[=!:]|\(\?[a-z]+\)"
    r"|\{\d*,?\d*\}|[\s\S]"
)
_LONGEST_QUANTIFIER = re.compile(r"[*?]|\{0")


def write_javascript(pattern: str, ascii_only: bool = False) -> tuple[str, str]:
    """The source and the flags of the same pattern in JavaScript.

    Raises Problem for what is in no pattern of this repository, and is not the same there.
    """
    flags = "u"
    written = []
    classes = _ASCII if ascii_only else _CLASSES
    for token in _TOKEN.findall(pattern):
        if re.fullmatch(r"\(\?[a-z]+\)", token):
            if token not in ("(?i)", "(?m)"):
                raise Problem(f"{pattern}: {token} is not written for JavaScript")
            flags = token[2] + flags
        else:
            written.append(_write_token(token, classes, pattern))
    return "".join(written), flags


def _write_token(token: str, classes: dict[str, str], pattern: str) -> str:
    if token.startswith("(?P<"):
        return f"(?<{token[4:]}"
    if token.startswith("(?P="):
        return rf"\k<{token[4:-1]}>"
    if token[0] == "[" and len(token) > 1:
        return _write_class(token, classes, pattern)
    if token[0] == "\\":
        return _write_escape(token, classes)
    if token == ".":
        return r"[^\n]"
    if token == "$":
        return r"(?=\n?$)"
    return f"\\{token}" if token in ("{", "}", "]") else token


def _write_escape(token: str, classes: dict[str, str]) -> str:
    name = token[1]
    if name in classes:
        return f"[{classes[name]}]"
    if name.lower() in classes:
        return f"[^{classes[name.lower()]}]"
    if name == "b":
        word = f"[{classes['w']}]"
        return f"(?:(?<={word})(?!{word})|(?<!{word})(?={word}))"
    if name == "Z":
        return "$"
    if name.isalnum() or name in "^$\\.*+?()[]{}|/":
        return token
    return name


def _write_class(token: str, classes: dict[str, str], pattern: str) -> str:
    """A class in brackets: what is escaped in it is one character or one of `classes`."""

    def write(escape: re.Match[str]) -> str:
        name = escape[1]
        if name in classes:
            return classes[name]
        if name in "WSD":
            raise Problem(f"{pattern}: \\{name} in brackets is not written for JavaScript")
        return escape[0] if name.isalnum() or name in "^$\\.*+?()[]{}|/-" else name

    start = "[^" if token.startswith("[^") else "["
    inside = token[len(start) : -1]
    if inside.startswith("]"):
        inside = f"\\{inside}"
    return start + re.sub(r"\\([\s\S])", write, inside) + "]"


def find_needle(pattern: str) -> str:
    """The longest text that stands in whatever a pattern matches; empty if none is sure to.

    To look for it first is faster than the pattern.
    """
    runs = "".join(_list_literal(pattern)).split("\0")
    return max(runs, key=len) if len(max(runs, key=len)) > 3 else ""


def _list_literal(pattern: str) -> Iterator[str]:
    """The characters that stand outside of all brackets, and zero bytes for what else does."""
    tokens = _TOKEN.findall(pattern)
    depth = 0
    literal = []
    for number, token in enumerate(tokens):
        following = tokens[number + 1] if number + 1 < len(tokens) else ""
        if token.startswith("("):
            depth += not re.fullmatch(r"\(\?(P=\w+|[a-z]+)\)", token)
            literal.append("\0")
        elif token == ")":
            depth -= 1
            literal.append("\0")
        elif depth:
            continue
        elif token in ("|", "(?i)"):
            return
        elif _LONGEST_QUANTIFIER.match(following):
            literal.append("\0")
        elif len(token) == 1 and token not in ".^$*+?":
            literal.append(token)
        elif token[0] == "\\" and len(token) == 2 and not token[1].isalnum():
            literal.append(token[1])
        else:
            literal.append("\0")
    yield from literal

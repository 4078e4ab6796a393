"""The code in a `Lambda`: for which Python it was compiled. It is read as bytes, and never run.

Each line of Python has bytecode of its own, which no other reads: loading such a model with another
Python ends in an error, or in a crash.
"""

from __future__ import annotations

import base64
import binascii

LINES = {
    "2.7": ("2.7",),
    "3.5": ("3.3", "3.4", "3.5"),
    "3.6": ("3.6", "3.7"),
    "3.8": ("3.8", "3.9", "3.10"),
    "3.11": tuple(f"3.{minor}" for minor in range(11, 20)),
}
"""The first Python of a line, or the last that wrote it -> those that write code laid out alike.

From 3.11 on, code of each release differs from the next, which its layout does not show.
"""

_RESUME = (b"\x97", b"\x95")
"""The operation that begins a function from Python 3.11 on."""


def find_line(function: object) -> str:
    """The line of Python that a function in a configuration was compiled for; empty if unknown."""
    if isinstance(function, dict):
        config = function.get("config")
        function = config.get("code") if isinstance(config, dict) else None
    if isinstance(function, list) and function:
        function = function[0]
    if not isinstance(function, str):
        return ""
    code = _decode(function)
    if code[:1] not in (b"c", b"\xe3"):
        return ""
    # Before the operations, there are four numbers of four bytes in Python 2, then five, or six.
    for place, line in ((17, "2.7"), (21, ""), (25, "3.8")):
        if code[place : place + 1] in (b"s", b"\xf3"):
            size = int.from_bytes(code[place + 1 : place + 5], "little")
            operations = code[place + 5 : place + 5 + size]
            return line or _judge_operations(operations)
    return ""


def _judge_operations(operations: bytes) -> str:
    if operations[:1] in _RESUME:
        return "3.11"
    # From 3.6 on, each operation takes two bytes; the last one returns.
    return "3.6" if operations.endswith(b"S\0") else "3.5" if operations.endswith(b"S") else ""


def _decode(text: str) -> bytes:
    """Code as bytes: in base64, or as Keras up to 2.0 wrote it, each byte a letter."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return text.encode("latin-1", "replace")

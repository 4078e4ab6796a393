"""The console: no character that it lacks ends a command."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence


def allow_every_character() -> None:
    """Write what the encoding of the output lacks as an escape, such as `\\u2192`.

    On Windows, output that goes to a file or a pipe is in the code page of the machine, such as
    cp1252 or cp437, and a traceback of Keras or a path may hold any character.
    """
    for stream in (sys.__stdout__, sys.__stderr__):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_answer(text: str) -> None:
    """Write an answer alone on standard output, as UTF-8 whatever the terminal's encoding is."""
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Whoever read it, such as `head`, has enough. Python must not write it again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def shorten_list(lines: Sequence[str], most: int, width: int) -> list[str]:
    """The first lines of a list, indented and cut to a width, and how many more there are."""
    shown = [f"    {line[:width]}" for line in lines[:most]]
    return [*shown, f"    and {len(lines) - most} more"] if len(lines) > most else shown


def tell_repeat(command: str) -> str:
    """The last line of a difference from a record: how to see it again, and how to record it."""
    return f"  repeat: {command}; if this is right: {command} --bless"

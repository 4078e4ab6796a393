"""The console: no character that it lacks ends a command."""

from __future__ import annotations

import io
import os
import sys


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

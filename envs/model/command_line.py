"""Command lines: what the options of several sessions have in common."""

from __future__ import annotations

import argparse
import re


def parse_count(text: str) -> int:
    """A whole number from 1 on, for argparse, which names the option if it is none."""
    if not re.fullmatch(r"[1-9]\d*", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 on")
    return int(text)


def list_asked_sessions() -> list[str]:
    """The sessions of pairings that the command line of nox names."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("-s", "-e", "--session", "--sessions", nargs="*", default=[])
    return [n for n in options.parse_known_args()[0].session if re.match(r"tf\d", n)]

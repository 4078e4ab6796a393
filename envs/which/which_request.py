"""The command line of `nox -s which`."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from envs import Problem

STDIN = "-"


@dataclass(frozen=True)
class WhichRequest:
    """What to read, for which pairing (all if none), or the one name to look up; and the form.

    `shown` is the path as it was typed; `format` is `text`, `json` or `sarif`.
    """

    path: Path | None = None
    shown: str = ""
    to: str = ""
    name: str = ""
    format: str = "text"

    @property
    def from_stdin(self) -> bool:
        """Whether the code comes from standard input."""
        return self.shown == STDIN

    @property
    def project(self) -> str:
        """The folder to copy a lock into, as it would be typed."""
        if self.from_stdin or self.path is None:
            return "PATH"
        return shlex.quote(self.shown if self.path.is_dir() else str(Path(self.shown).parent))


def parse_which_request(argv: Sequence[str], origin: Path | None = None) -> WhichRequest:
    """Parse a command line. argparse ends the process if the line is wrong.

    `origin` is the folder in which it was typed. Raises Problem for what does not go together.
    """
    options = argparse.ArgumentParser(
        prog="nox -s which --",
        description="Say in which pairings all that some code uses of TensorFlow and Keras exists.",
        epilog="Exit code: 0 if all exists in the pairing that --to names, or in some pairing; "
        "1 if not; 2 if nothing could be read. The code is never run.",
        allow_abbrev=False,
    )
    options.add_argument("path", nargs="?", metavar="PATH", help="a folder, a file, or - for stdin")
    options.add_argument(
        "--to", default="", metavar="PAIRING", help="list each place that fails there"
    )
    options.add_argument(
        "--name", default="", help="one name instead, such as keras.utils.np_utils"
    )
    forms = options.add_mutually_exclusive_group()
    for form in ("json", "sarif"):
        forms.add_argument(
            f"--{form}", dest="format", action="store_const", const=form, default="text"
        )
    given = options.parse_args(argv)
    if bool(given.path) == bool(given.name):
        raise Problem("which: give a PATH to read, or one --name")
    name = given.name.strip()
    if name and not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", name):
        raise Problem(f"--name '{name}': write it with dots, such as keras.layers.Dense")
    if name and given.format == "sarif":
        raise Problem("--sarif: a name has no place: give a PATH, or --json")
    if name == "tf" or name.startswith("tf."):
        name = f"tensorflow{name[2:]}"
    path = None
    if given.path and given.path != STDIN:
        path = (origin or Path.cwd()) / given.path
    return WhichRequest(path, given.path or "", given.to, name, given.format)

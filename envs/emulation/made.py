"""What is made once and kept: a folder that is whole, or is made again."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from envs import ROOT, Problem
from envs.model import disk

FOLDER = ROOT / ".nox" / "emulation"
"""Where everything lies that emulation makes."""

_MARK = ".made-from"
"""The file that says what a folder was made from: it is written last."""


def make_once(
    folder: Path, sources: Iterable[Path], make: Callable[[Path], None], also: str = ""
) -> bool:
    """Have `make` fill a folder, unless it is whole and made from the same; whether it was made.

    `sources` are the files that it is made from, code or data, and `also` is what else decides.
    A folder whose making was interrupted has no mark, so the next run starts it over.
    Raises Problem.
    """
    sha256 = hashlib.sha256(also.encode())
    for source in sources:
        sha256.update(hashlib.sha256(source.read_bytes()).digest())
    with disk.alone(folder):
        if disk.text_of(folder / _MARK) == sha256.hexdigest():
            return False
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        try:
            make(folder)
        except OSError as error:
            raise Problem(f"{disk.shorten(folder)}: cannot be made: {error}") from None
        disk.write_file(folder / _MARK, sha256.hexdigest())
    return True

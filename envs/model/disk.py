"""Files on disk: read, compare, and write them whole; let only one run at a time use a folder."""

from __future__ import annotations

import difflib
import os
import shutil
import stat
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from envs import ROOT, Problem

_PATIENCE = 3.0
"""How many seconds to wait for a program that still has a file open: on Windows, it then stays."""


class NotWritable(Problem):
    """A file or folder of this checkout cannot be written or removed."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a file lock beside `folder`, and wait while another run holds it.

    Raises NotWritable.
    """
    from filelock import FileLock

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            yield
    except OSError as error:
        raise NotWritable(
            f"{shorten(folder)}: cannot be written ({error.strerror}): make the checkout writable, "
            "and see that the disk is not full"
        ) from None


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it, read-only or not, if it is there.

    Windows does not remove what a program still uses, so this waits a little. Raises NotWritable.
    """
    deadline = time.monotonic() + (_PATIENCE if os.name == "nt" else 0)
    tried = False
    while os.path.lexists(folder):
        try:
            shutil.rmtree(folder)
        except OSError as error:
            if tried and time.monotonic() > deadline:
                raise NotWritable(
                    f"{shorten(folder)}: cannot be removed ({shorten(error.filename or '')}: "
                    f"{error.strerror}): end every program that uses it, such as a Python or an "
                    "editor, see that it may be written, and run again"
                ) from None
            tried = True
            _allow_removal(folder)
            time.sleep(0.1)


def _allow_removal(folder: Path) -> None:
    """Make writable what keeps a folder: read-only files on Windows, folders elsewhere."""
    for root, folders, files in os.walk(folder):
        for path in (Path(root, name) for name in (files if os.name == "nt" else folders)):
            with suppress(OSError):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | stat.S_IRWXU)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder, which is removed at the end as far as the system allows it.

    Where Windows does not allow it, `TemporaryDirectory` of Python 3.11 ends in a RecursionError.
    """
    folder = Path(tempfile.mkdtemp())
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def text_of(file: Path) -> str:
    """The text of a file; empty if the file does not exist."""
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def write_file(file: Path, text: str) -> None:
    """Replace a file by a new text, whole or not at all. Raises Problem if it cannot be written."""
    try:
        temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
        try:
            temporary.write_bytes(text.encode("utf-8"))
            _replace(temporary, file)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise Problem(f"{file}: cannot be written ({error.strerror}): the old one stands") from None


def _replace(new: Path, old: Path) -> None:
    """Move a file into the place of another. Windows refuses it while a program reads that one."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            os.replace(new, old)
            return
        except PermissionError:
            if os.name != "nt" or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def read_toml(path: Path) -> dict[str, Any]:
    """The parsed content of a TOML file. Raises Problem if it cannot be read or parsed."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Problem(f"{shorten(path)}: cannot be read: {error}") from None


def describe_change(old: str, new: str) -> str:
    """What changed between two texts of a lock or a record, with one line for each changed line.

    Hashes and comments are left out; if only those changed, it says so.
    """
    if old == new:
        return "unchanged"
    if not old:
        return "new"
    if _pins(old) == _pins(new):
        return "only its comments changed"
    before, after = (
        [line for line in text.splitlines() if not line.startswith("    --hash")]
        for text in (old, new)
    )
    lines = [
        line
        for line in difflib.unified_diff(before, after, n=0, lineterm="")
        if not line.startswith(("---", "+++", "@@")) and not line[1:].startswith("    # ")
    ]
    return "\n    ".join(["changed", *lines]) if lines else "hashes changed"


def _pins(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.lstrip().startswith("#")]


def shorten(path: str | Path) -> str:
    """A path relative to the checkout, with `/` everywhere; any other text is left unchanged."""
    text = str(path)
    inside = text.removeprefix(str(ROOT) + os.sep)
    return text if inside == text else inside.replace(os.sep, "/")

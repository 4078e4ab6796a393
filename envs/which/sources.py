"""The files of a project: found, read as text, and never run."""

from __future__ import annotations

import io
import os
import stat
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from envs import Problem
from envs.which.uses import Unread

LARGEST = 32 * 2**20
"""The largest file that is read, in bytes: no code is longer, but a notebook may hold pictures."""

SUFFIXES = (".py", ".pyw", ".ipynb")

_SKIPPED = ("node_modules", "site-packages", "__pycache__")

MENTIONS = (b"tensorflow", b"keras")
"""Code that names neither of these uses neither."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of Python or a notebook, as text. `file` is its name in the answer."""

    file: str
    text: str
    notebook: bool = False


def find_sources(path: Path) -> Iterator[Source | Unread]:
    """Every file below a path that may use TensorFlow or Keras, and what cannot be read.

    Hidden folders, environments and installed packages are left out; a link to a folder is not
    followed. Raises Problem if there is nothing at the path.
    """
    if path.is_dir():
        found = False
        for file in _walk(path):
            found = True
            yield from [file] if isinstance(file, Unread) else _read(file, str(_within(file, path)))
        if not found:
            raise Problem(f"{path}: there is no Python file and no notebook in it")
    elif path.exists() or path.is_symlink():
        yield from _read(path, path.name, asked=True)
    else:
        raise Problem(f"{path}: there is no such file or folder")


def decode_source(data: bytes, file: str) -> Source | Unread:
    """The source that bytes hold, in the encoding that they declare."""
    notebook = file.endswith(".ipynb")
    try:
        if b"\0" in data:
            raise UnicodeError("it holds a zero byte")
        encoding = (
            "utf-8-sig" if notebook else tokenize.detect_encoding(io.BytesIO(data).readline)[0]
        )
        text = data.decode(encoding)
    except (SyntaxError, UnicodeError, LookupError) as error:
        return Unread(file, f"is no text: {error}")
    # Python ends a line at each of these, and so do editors.
    return Source(file, text.replace("\r\n", "\n").replace("\r", "\n"), notebook)


def _within(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()


def _walk(folder: Path) -> Iterator[Path | Unread]:
    errors: list[OSError] = []
    for here, folders, files in os.walk(folder, onerror=errors.append):
        for name in sorted(folders):
            inner = Path(here, name)
            if name.startswith(".") or name in _SKIPPED or (inner / "pyvenv.cfg").is_file():
                folders.remove(name)
            elif inner.is_symlink():
                folders.remove(name)
                yield Unread(_within(inner, folder), "is a link to a folder: it is not followed")
        folders.sort()
        for name in sorted(files):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield Path(here, name)
    for error in errors:
        place = Path(error.filename or folder)
        yield Unread(_within(place, folder), f"cannot be read: {error.strerror}")


def _read(path: Path, file: str, asked: bool = False) -> list[Source | Unread]:
    """The source in a file; none if it cannot use TensorFlow or Keras."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return [Unread(file, "is no regular file")]
        if status.st_size > LARGEST:
            size = f"{status.st_size / 2**20:.0f} MiB"
            return [Unread(file, f"has {size}: more than {LARGEST // 2**20} MiB are not read")]
        data = path.read_bytes()
    except OSError as error:
        return [Unread(file, f"cannot be read: {error.strerror}")]
    if not asked and not any(word in data for word in MENTIONS):
        return []
    return [decode_source(data, file)]

"""Integrity: check that every file of an environment is still as it was installed.

uv and pip do not check files that are already installed. uv also links installed files to its
cache, so an edit in place damages every later environment too.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import posixpath
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.utils import canonicalize_name

Files = dict[str, list[int | str]]
"""Path in the environment -> size in bytes, mtime and ctime in nanoseconds, inode, sha256.

Bytecode is left out, because scripts write more of it as they run.
"""

_BLOCK = 2**20
"""How many bytes are read at a time."""


def take_files(folder: Path, before: Files | None = None) -> Files:
    """The files of an environment as they are now.

    A file with the same size, times and inode as in `before` is not read again. Only someone who
    sets back the clock can edit a file and keep all of these; on Windows, where the second time is
    that of creation, someone who sets back the first.
    """
    stats = dict(_stats(folder))
    known = {path: facts for path, facts in (before or {}).items() if facts[:4] == stats.get(path)}
    # Largest first, so that no thread ends late with a large file. The threads share one iterator:
    # each takes the next file when it is done with one.
    unread = sorted(stats.keys() - known.keys(), key=lambda path: stats[path][0], reverse=True)
    left, cores = iter(unread), os.cpu_count() or 1

    def digests(_: int) -> Files:
        return {path: [*stats[path], _digest(os.path.join(folder, path))] for path in left}

    with ThreadPoolExecutor(cores) as pool:
        for read in pool.map(digests, range(cores)):
            known |= read
    return known


def list_differences(before: Files, after: Files) -> list[str]:
    """Which files were deleted, added or edited, each in words, between two calls of take_files."""
    return [
        *(f"{path} was deleted" for path in sorted(before.keys() - after.keys())),
        *(f"{path} was added" for path in sorted(after.keys() - before.keys())),
        *(
            f"{path} was edited"
            for path in sorted(before.keys() & after.keys())
            if before[path][4] != after[path][4]
        ),
    ]


def find_damaged(folder: Path, files: Files, site_packages: Iterable[Path]) -> dict[str, str]:
    """Package -> its first file that is missing, or that differs from the package's RECORD."""
    damaged = {}
    for site in site_packages:
        prefix = os.path.relpath(site, folder).replace(os.sep, "/")
        for record in site.glob("*.dist-info/RECORD"):
            text = record.read_text(encoding="utf-8", errors="replace")
            for path, expected, *_ in csv.reader(text.splitlines()):
                algorithm, _, value = expected.partition("=")
                # RECORD itself, and files that an installer adds, have no hash. Bytecode in a wheel
                # (numpy 1.26) may be compiled again.
                if algorithm != "sha256" or "__pycache__" in path:
                    continue
                file = posixpath.normpath(f"{prefix}/{path}")
                if file not in files or files[file][4] != _hexadecimal(value):
                    name: str = canonicalize_name(record.parent.name.partition("-")[0])
                    damaged[name] = f"{file} is not what the wheel holds"
                    break
    return damaged


def _stats(folder: Path) -> Iterable[tuple[str, list[int | str]]]:
    """Each file's path in a folder, and the first four of the facts in Files."""
    left, top = [str(folder)], len(str(folder)) + 1
    while left:
        with os.scandir(left.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != "__pycache__":
                        left.append(entry.path)
                else:
                    stat = entry.stat(follow_symlinks=False)
                    facts = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
                    yield entry.path[top:].replace(os.sep, "/"), [*facts]


def _digest(path: str) -> str:
    """The sha256 of a file, or where a link points.

    For thousands of files, `hashlib.file_digest` takes half as long again.
    """
    if os.path.islink(path):
        return f"link to {os.readlink(path)}"
    sha256 = hashlib.sha256()
    file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        while data := os.read(file, _BLOCK):
            sha256.update(data)
    finally:
        os.close(file)
    return sha256.hexdigest()


def _hexadecimal(value: str) -> str:
    """A hash as hexadecimal digits; a RECORD holds it as base64 without padding."""
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()

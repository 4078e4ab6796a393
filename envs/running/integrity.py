"""Integrity: whether every file of an environment is still what was installed.

Neither uv nor pip compares installed files with anything when they synchronise, and uv links them
to its cache, so that an edit in place damages every later environment too.
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
"""Path in the environment -> size, times of change of content and of inode in nanoseconds, inode,
and the sha256 of the content. Without bytecode, which scripts add to as they run."""


_BLOCK = 2**20
"""Bytes that are read at a time."""


def take_files(folder: Path, before: Files | None = None) -> Files:
    """The files of an environment as they are now.

    A file whose size, times and inode are those of `before` is not read again: nothing but a
    changed clock can give an edited file its former ones back.
    """
    found = dict(_stats(folder))
    known = {path: facts for path, facts in (before or {}).items() if facts[:4] == found.get(path)}
    # The largest first, so that no core is left with it; each takes the next when it is done.
    unread = sorted(found.keys() - known.keys(), key=lambda path: found[path][0], reverse=True)
    left, cores = iter(unread), os.cpu_count() or 1

    def digests(_: int) -> Files:
        return {path: [*found[path], _digest(os.path.join(folder, path))] for path in left}

    with ThreadPoolExecutor(cores) as pool:
        for read in pool.map(digests, range(cores)):
            known |= read
    return known


def list_differences(before: Files, after: Files) -> list[str]:
    """Which files were edited, deleted or added between two takes."""
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
    """Package -> which of its files is missing, or not what the package's own RECORD says."""
    found = {}
    for site in site_packages:
        prefix = os.path.relpath(site, folder).replace(os.sep, "/")
        for record in site.glob("*.dist-info/RECORD"):
            text = record.read_text(encoding="utf-8", errors="replace")
            for path, expected, *_ in csv.reader(text.splitlines()):
                algorithm, _, value = expected.partition("=")
                # RECORD itself and what an installer adds have none. Bytecode that a wheel brings
                # (numpy 1.26) may be compiled anew.
                if algorithm != "sha256" or "__pycache__" in path:
                    continue
                at = posixpath.normpath(f"{prefix}/{path}")
                if at not in files or files[at][4] != _hexadecimal(value):
                    name: str = canonicalize_name(record.parent.name.partition("-")[0])
                    found[name] = f"{at} is not what the wheel holds"
                    break
    return found


def _stats(folder: Path) -> Iterable[tuple[str, list[int | str]]]:
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
    """The sha256 of a file; of thousands, `hashlib.file_digest` takes half as long again."""
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
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()

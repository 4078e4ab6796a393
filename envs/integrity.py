"""Integrity: whether every file of an environment is still what was installed.

Neither uv nor pip compares installed files with anything when they synchronise, and uv links them
to its cache, so that an edit in place damages every later environment too.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.utils import canonicalize_name

Files = dict[str, list[int | str]]
"""Path in the environment -> size, times of change of content and of inode in nanoseconds, inode,
and the sha256 of the content. Without bytecode, which scripts add to as they run."""


def take(folder: Path, before: Files | None = None) -> Files:
    """The files of an environment as they are now.

    A file whose size, times and inode are those of `before` is not read again: nothing but a
    changed clock can give an edited file its former ones back.
    """
    found = dict(_stats(folder))
    known = {path: facts for path, facts in (before or {}).items() if facts[:4] == found.get(path)}
    unread = [path for path in found if path not in known]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        digests = pool.map(lambda path: _digest(folder / path), unread)
        read = {path: [*found[path], digest] for path, digest in zip(unread, digests, strict=True)}
    return known | read


def differences(before: Files, after: Files) -> list[str]:
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


def damaged(folder: Path, files: Files, site_packages: Iterable[Path]) -> dict[str, str]:
    """Package -> which of its files is missing, or not what the package's own RECORD says."""
    found = {}
    for site in site_packages:
        for record in site.glob("*.dist-info/RECORD"):
            text = record.read_text(encoding="utf-8", errors="replace")
            for path, expected, *_ in csv.reader(text.splitlines()):
                algorithm, _, value = expected.partition("=")
                # RECORD itself and what an installer adds have none. Bytecode that a wheel brings
                # (numpy 1.26) may be compiled anew.
                if algorithm != "sha256" or "__pycache__" in path:
                    continue
                at = os.path.relpath(site / path, folder).replace(os.sep, "/")
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


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"link to {os.readlink(path)}"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hexadecimal(value: str) -> str:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()

"""The working copy: its commit, and copies of the files that git knows."""

from __future__ import annotations

import filecmp
import shutil
import subprocess
from pathlib import Path

from envs import ROOT


def copy_checkout(folder: Path) -> Path:
    """Copy this checkout into a folder: tracked files, and new ones that git does not ignore.

    Files that are there already and the same are left alone.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        copy = folder / name
        if copy.is_file() and filecmp.cmp(ROOT / name, copy, shallow=False):
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy)
    return folder


def find_commit() -> str:
    """The commit of this checkout; empty if it is none of git's."""
    try:
        asked = ["git", "rev-parse", "HEAD"]
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""

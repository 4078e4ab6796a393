"""The browser that the built site is tried in: Chromium, found on this machine or installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from envs import Problem

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_PACKAGES = ("chromium", "fonts-liberation")
"""Of Debian; without any font, a page has no text to look at."""

OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Without these, Chromium does not start as root, or asks other hosts for things of its own."""


def find_browser() -> Path:
    """The program of a Chromium. As root on Debian, it is installed if there is none.

    Raises Problem, which says what to do, if there is none and it may not be installed.
    """
    found = _look_for_browser()
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        install = ("install", "-y", "--no-install-recommends", *_PACKAGES)
        for words in (("update",), install):
            done = subprocess.run(
                ["apt-get", "-qq", *words],
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise Problem(f"apt-get {' '.join(words)} fails:\n{done.stderr.strip()}")
        found = _look_for_browser()
    if found is None:
        raise Problem(
            f"no browser: none of {', '.join(NAMES)} is on PATH: install Chromium, on Debian with "
            "apt-get install chromium"
        )
    return found


def _look_for_browser() -> Path | None:
    return next((Path(found) for name in NAMES if (found := shutil.which(name))), None)

"""The host: which platform's locks this machine runs, or why it runs none."""

from __future__ import annotations

import platform
import subprocess
import sys
import sysconfig

from envs import Problem
from envs.model import platforms
from envs.model.platforms import PLATFORMS


def find_host() -> str:
    """The platform whose locks this machine runs.

    Raises Problem where TensorFlow has no wheels for this machine or this Python, with what to do.
    """
    if objection := object_to_host():
        raise Problem(objection)
    return platforms.this_platform()


def require_linux(what: str) -> None:
    """Raise Problem unless this is Linux x86_64, on which all records but outcomes are made.

    `what` says what was asked for, such as `the atlas is run`.
    """
    if platforms.this_platform() != platforms.LINUX:
        here = PLATFORMS.get(platforms.this_platform())
        label = here.label if here else platforms.this_platform()
        raise Problem(f"{what} on Linux x86_64 only, and this is {label}: run it there")


def object_to_host() -> str | None:
    """Why no lock is for this machine, and what to do; None if its platform has locks."""
    here = platforms.this_platform()
    if sys.maxsize < 2**32:
        return _object("is a 32-bit one", "install a 64-bit Python, and run nox with it")
    if here == "windows-arm64" or sysconfig.get_platform() == "win-arm64":
        return (
            "this is Windows on Arm: TensorFlow has no wheels for it: use the Windows Subsystem "
            "for Linux, where the locks for Linux aarch64 are the ones to run"
        )
    if here == "macos-x86_64" and _is_translated():
        return _object(
            "is for Intel and runs through Rosetta on an Apple chip",
            "install a Python for arm64, and run nox with it: it takes the locks for macOS arm64",
        )
    if here.startswith("linux-") and _is_musl():
        return _object(
            "is linked to musl, as on Alpine Linux",
            "TensorFlow's wheels need glibc: use a Debian or Ubuntu, such as the image "
            "python:3.11-slim",
        )
    if here not in PLATFORMS:
        known = ", ".join(shown.label for shown in PLATFORMS.values())
        return f"there is no lock for this machine, {here}: TensorFlow has wheels for {known} only"
    return None


def _object(what: str, remedy: str) -> str:
    return f"this Python, {sys.executable}, {what}: {remedy}"


def _is_translated() -> bool:
    """Whether Rosetta runs this process; the name of the flag is from Apple's own documentation."""
    asked = ["/usr/sbin/sysctl", "-n", "sysctl.proc_translated"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True)
    except OSError:
        return False
    return done.stdout.strip() == "1"


def _is_musl() -> bool:
    """Whether this Python is linked to musl: its build says so, or its C library is not glibc."""
    built = [sysconfig.get_config_var(name) or "" for name in ("SOABI", "HOST_GNU_TYPE")]
    return any("musl" in text for text in built) or platform.libc_ver()[0] == "musl"

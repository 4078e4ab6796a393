"""Long paths: whether Windows can open every file of an environment where it is to be made."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath

LIMIT = 259
"""How many characters a path may have on Windows, unless long paths are enabled."""

_LONGEST = {
    **{"1.13": 133, "1.14": 133, "1.15": 110, "2.0": 110, "2.1": 110, "2.2": 140, "2.3": 150},
    **{"2.4": 157, "2.5": 157, "2.6": 157, "2.7": 157, "2.8": 168, "2.9": 157, "2.10": 169},
    **{"2.11": 162, "2.12": 155, "2.13": 155, "2.14": 155, "2.15": 153, "2.16": 143},
    **{"2.17": 154, "2.18": 154, "2.19": 154, "2.20": 163, "2.21": 163, "2.22": 163},
}
"""Minor of TensorFlow -> characters of its longest path below site-packages, always of a header.

Measured in the listings of all wheels for Windows on PyPI that the locks name, November 2026.
"""

_SITE = len(str(PureWindowsPath("Lib", "site-packages")))


def object_to_depth(folder: Path, pins: Mapping[str, str]) -> str | None:
    """Why an environment with these pins cannot be in a folder, and what to do; None if it can."""
    if sys.platform != "win32" or _long_paths_enabled():
        return None
    return describe_depth(str(folder), pins)


def describe_depth(folder: str, pins: Mapping[str, str]) -> str | None:
    """Why a path of an environment would be too long for Windows, and what to do; None if not.

    `pins` are those of its lock. A TensorFlow that is newer than what was measured counts as the
    longest.
    """
    names = ("tensorflow-intel", "tensorflow-cpu", "tensorflow")
    version = next((pins[name] for name in names if name in pins), None)
    if version is None:
        return None
    minor = ".".join(version.split(".")[:2])
    longest = 1 + _SITE + 1 + _LONGEST.get(minor, max(_LONGEST.values()))
    if len(folder) + longest <= LIMIT:
        return None
    return (
        f"{folder}: too deep for Windows: it has {len(folder)} characters, a file of TensorFlow "
        f"{minor} below it takes {longest} more, and a path may have {LIMIT}: move this checkout "
        r"to a shorter folder, such as C:\kp, or enable long paths (LongPathsEnabled = 1 in "
        r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\FileSystem, then a new terminal); "
        "nothing was installed"
    )


def _long_paths_enabled() -> bool:
    """Whether this Windows allows programs that ask for it, as Python does, longer paths."""
    if sys.platform != "win32":
        return True
    import winreg

    try:
        with winreg.OpenKey(
            winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem"
        ) as key:
            return bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
    except OSError:
        return False

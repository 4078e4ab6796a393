"""The standard library of a CPython of the host: what an emulated one of the same minor takes."""

from __future__ import annotations

import shutil
from pathlib import Path

from envs.emulation import tools
from envs.running import interpreters

_FOLDERS = "from sysconfig import get_path; print(get_path('stdlib')); print(get_path('include'))"

_LEFT_OUT = ("site-packages", "dist-packages", "lib-dynload", "test", "config-*", "_sysconfigdata*")
"""What in a standard library is made for the host, or is not needed."""


def copy_library(python: str, folder: Path) -> Path:
    """Copy the standard library of the host's CPython of a minor; return the folder of its headers.

    Only what is written in Python is copied: that is the same on every platform. Raises
    NoInterpreter if the host has no such CPython; and Problem.
    """
    interpreter = interpreters.find_interpreter(python)
    failed = f"Python {python} of this machine"
    library, headers = tools.run_tool(failed, interpreter, "-I", "-c", _FOLDERS).splitlines()
    left_out = shutil.ignore_patterns("__pycache__")

    def ignore(of: str, names: list[str]) -> set[str]:
        top = shutil.ignore_patterns(*_LEFT_OUT)(of, names) if Path(of) == Path(library) else set()
        return {*left_out(of, names), *top}

    shutil.copytree(library, folder, ignore=ignore, dirs_exist_ok=True)
    (folder / "site-packages").mkdir()
    return Path(headers)

"""Interpreters: find them on this machine, download them, or take that of an environment."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from envs import Problem
from envs.model import platforms
from envs.running import installers

if TYPE_CHECKING:
    from python_discovery import PythonInfo


class NoInterpreter(Problem):
    """This machine lacks the Python that is needed, and it could not be downloaded."""


def find_interpreter(python: str) -> Path:
    """The path of a 64-bit CPython of a version such as `3.11`, built for this machine.

    It is looked up in pyenv, mise, asdf, uv, the Windows registry and PATH. If it is missing, uv
    downloads it, unless `UV_PYTHON_DOWNLOADS=never`. Raises NoInterpreter.
    """
    from python_discovery import get_interpreter

    refused: list[str] = []

    def fits(info: PythonInfo) -> bool:
        if objection := _object_to_build(info):
            refused.append(f"{info.executable} {objection}")
        return not objection

    environ = _every_version()
    info = get_interpreter(f"cpython{python}-64", env=environ, predicate=fits)
    if info is not None:
        return Path(info.system_executable or info.executable)
    if (command := installers.find_uv()) and os.environ.get("UV_PYTHON_DOWNLOADS") != "never":
        subprocess.run([command, "python", "install", "-q", python], env=installers.tool_environ())
        done = subprocess.run(
            [command, "python", "find", "--managed-python", "--no-project", python],
            env=installers.tool_environ(),
            capture_output=True,
            encoding="utf-8",
        )
        if done.returncode == 0:
            return Path(done.stdout.strip())
    others = f"'py install {python}' or from python.org"
    if os.name != "nt":
        others = (
            f"'pyenv install {python}', 'mise install python@{python}' or from your system's "
            "packages"
        )
    refused += [
        f"{stub} is a placeholder that opens the Microsoft Store, and no Python"
        for stub in _list_store_stubs(environ["PATH"])
    ]
    raise NoInterpreter(
        f"no Python {python} on this machine: get it with 'uv python install {python}', {others}"
        + "".join(f"; {reason}" for reason in dict.fromkeys(refused))
    )


def _object_to_build(info: PythonInfo) -> str:
    """Why TensorFlow's wheels do not fit an interpreter, though its version is right; or empty."""
    # python-discovery calls one processor by one name on every system.
    here = platforms.this_platform().rpartition("-")[2].replace("aarch64", "arm64")
    if info.free_threaded:
        return "is free-threaded, and TensorFlow has no wheels for that"
    if info.machine != here:
        return f"is built for {info.machine}, and this machine's locks are for {here}"
    # Without musl's loader, no Python that is linked to musl runs.
    if any(Path("/lib").glob("ld-musl-*")) and _is_musl(info.executable):
        return "is linked to musl, and TensorFlow's wheels need glibc"
    return ""


def _is_musl(python: str) -> bool:
    """Whether an interpreter is linked to musl: the tag of its extension modules says so."""
    code = "import sysconfig; print(sysconfig.get_config_var('SOABI'))"
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True)
    return "musl" in done.stdout


def _list_store_stubs(path: str) -> list[str]:
    """The files on a PATH that Windows puts there in the place of a Python: they are empty."""
    stubs = []
    for folder in map(Path, filter(None, path.split(os.pathsep))):
        for file in sorted(folder.glob("python*.exe")):
            with contextlib.suppress(OSError):
                if not file.lstat().st_size and version_of(file) is None:
                    stubs.append(str(file))
    return stubs


def interpreter_in(folder: Path) -> Path:
    """The interpreter inside a virtual environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _every_version() -> dict[str, str]:
    """The variables of this process, changed so that python-discovery sees every Python.

    The shims of pyenv run only the versions that PYENV_VERSION names, so it names all of them.
    python-discovery does not search the folders of mise and asdf, so they are added to PATH.
    """
    environ = dict(os.environ)
    home = Path.home()
    own, mise = home / ".pyenv", home / ".local/share/mise"
    if os.name == "nt":
        own, mise = own / "pyenv-win", home / "AppData/Local/mise"
    pyenv = Path(environ.get("PYENV_ROOT", own)) / "versions"
    roots = [
        pyenv,
        Path(environ.get("MISE_DATA_DIR", mise)) / "installs/python",
        Path(environ.get("ASDF_DATA_DIR", home / ".asdf")) / "installs/python",
    ]
    inside = "" if os.name == "nt" else "bin"
    folders = [path / inside for root in roots if root.is_dir() for path in sorted(root.iterdir())]
    environ["PATH"] = os.pathsep.join([environ.get("PATH", ""), *map(str, folders)])
    if pyenv.is_dir():
        environ["PYENV_VERSION"] = ":".join(sorted(path.name for path in pyenv.iterdir()))
    return environ


def version_of(python: Path) -> str | None:
    """The exact version of an interpreter, such as `3.11.7`; None if it does not run."""
    code = "import platform; print(platform.python_version())"
    try:
        done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None

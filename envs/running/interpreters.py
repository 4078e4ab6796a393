"""Interpreters: find them on this machine, download them, or take that of an environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from envs import Problem
from envs.running import installers


class NoInterpreter(Problem):
    """This machine lacks the Python that is needed, and it could not be downloaded."""


def find_interpreter(python: str) -> Path:
    """The path of a 64-bit CPython of a version such as `3.11`.

    It is looked up in pyenv, mise, asdf, uv, the Windows registry and PATH. If it is missing, uv
    downloads it, unless `UV_PYTHON_DOWNLOADS=never`. Raises NoInterpreter.
    """
    from python_discovery import get_interpreter

    info = get_interpreter(
        f"cpython{python}-64", env=_every_version(), predicate=lambda info: not info.free_threaded
    )
    if info is not None:
        return Path(info.system_executable or info.executable)
    if (command := installers.find_uv()) and os.environ.get("UV_PYTHON_DOWNLOADS") != "never":
        subprocess.run([command, "python", "install", "-q", python], env=installers.tool_environ())
        done = subprocess.run(
            [command, "python", "find", "--managed-python", "--no-project", python],
            env=installers.tool_environ(),
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            return Path(done.stdout.strip())
    raise NoInterpreter(
        f"no Python {python} on this machine: get it with 'uv python install {python}', "
        f"'pyenv install {python}', 'mise install python@{python}' or from your system's packages"
    )


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
    pyenv = Path(environ.get("PYENV_ROOT", home / ".pyenv")) / "versions"
    roots = [
        pyenv,
        Path(environ.get("MISE_DATA_DIR", home / ".local/share/mise")) / "installs/python",
        Path(environ.get("ASDF_DATA_DIR", home / ".asdf")) / "installs/python",
    ]
    folders = [path / "bin" for root in roots if root.is_dir() for path in sorted(root.iterdir())]
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

"""Interpreters: found on the machine, downloaded, or inside an environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from envs import Problem
from envs.running import installers


class NoInterpreter(Problem):
    """No interpreter of the Python that is needed, and none could be downloaded."""


def find_interpreter(python: str) -> Path:
    """The CPython of a version such as `3.11`: of pyenv, mise, asdf, uv, the registry or PATH.

    One that is missing is downloaded by uv, unless `UV_PYTHON_DOWNLOADS=never`.
    Raises NoInterpreter.
    """
    from python_discovery import get_interpreter

    info = get_interpreter(
        f"cpython{python}-64", env=_every_version(), predicate=lambda i: not i.free_threaded
    )
    if info is not None:
        return Path(info.system_executable or info.executable)
    if (command := installers.find_uv()) and os.environ.get("UV_PYTHON_DOWNLOADS") != "never":
        subprocess.run([command, "python", "install", "-q", python], env=installers.tool_environ())
        found = subprocess.run(
            [command, "python", "find", "--managed-python", "--no-project", python],
            env=installers.tool_environ(),
            capture_output=True,
            text=True,
        )
        if found.returncode == 0:
            return Path(found.stdout.strip())
    raise NoInterpreter(
        f"no Python {python} on this machine: get it with 'uv python install {python}', "
        f"'pyenv install {python}', 'mise install python@{python}' or from your system's packages"
    )


def interpreter_in(folder: Path) -> Path:
    """The interpreter inside a virtual environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _every_version() -> dict[str, str]:
    """The variables of this process, with every Python that pyenv holds switched on.

    pyenv's shims answer only for the versions that PYENV_VERSION names. mise and asdf keep
    theirs where python-discovery looks only if it is told, so their folders join the PATH.
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
    """The exact version of an interpreter; None if it does not run."""
    ask = "import platform; print(platform.python_version())"
    try:
        done = subprocess.run([python, "-I", "-c", ask], capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None

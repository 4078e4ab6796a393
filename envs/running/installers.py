"""The installers, pip and uv: where they are, and which environment variables they see."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from envs import Problem

UV_CONFIG = Path(__file__).with_name("uv.toml")

# The settings of this machine that pip and uv may see. Any other variable or configuration file
# could change what is installed, or leak into a lock.
_ALLOWED = {
    *("PIP_CACHE_DIR", "PIP_CERT", "PIP_CLIENT_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_PROXY"),
    *("PIP_RETRIES", "UV_CACHE_DIR", "UV_HTTP_RETRIES", "UV_HTTP_TIMEOUT", "UV_NATIVE_TLS"),
    *(
        "UV_SYSTEM_CERTS",
        "UV_OFFLINE",
        "UV_LINK_MODE",
        "UV_PYTHON_DOWNLOADS",
        "UV_PYTHON_INSTALL_DIR",
    ),
    *("UV_PYTHON_INSTALL_MIRROR", "UV_CONCURRENT_DOWNLOADS", "UV_CONCURRENT_INSTALLS"),
}
# A mirror of PyPI is safe where hashes are checked. Locks are always compiled from PyPI itself.
MIRRORS = {"PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"}


def tool_environ(*, mirrors: bool = False, **more: str) -> dict[str, str]:
    """The environment variables for pip, uv and pip-tools: those of this process, filtered.

    `mirrors` also lets through the variables that name a mirror; `more` adds variables.
    """
    allowed = _ALLOWED | MIRRORS if mirrors else _ALLOWED
    environ = {
        name: value
        for name, value in os.environ.items()
        if name in allowed or not name.startswith(("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV"))
    }
    fixed = {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return environ | fixed | {"UV_NO_CONFIG": "1"} | more


def find_uv() -> str | None:
    """The path of uv: the one next to this Python, else the one on PATH; None if there is none."""
    return shutil.which("uv", path=os.path.dirname(sys.executable)) or shutil.which("uv")


def pypi_options() -> list[str]:
    """The options that make uv use PyPI only, and read each page of its index every ten minutes."""
    return ["--config-file", str(UV_CONFIG)]


def run_installer(
    command: Sequence[str], folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run pip or uv, in a folder if one is given; all that it prints is in `stdout`."""
    return subprocess.run(
        command,
        cwd=folder,
        env=tool_environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )


def read_command(command: str) -> tuple[str, tuple[str, ...]]:
    """What a printed command of pip or uv does, and to what: `install` or `uninstall`, and words.

    Of any other text both are empty. What names the Python, and the answer yes, are left out.
    """
    if not command.startswith(("uv pip ", "python -m pip ")):
        return "", ()
    words = shlex.split(command)
    kind = next((word for word in words[:4] if word in ("install", "uninstall")), "")
    rest = words[words.index(kind) + 1 :] if kind else []
    return kind, tuple(word for word in rest if word not in ("-y", "-p", "python"))


def indent_output(output: str) -> str:
    """The last 20 lines of what a tool printed, as they stand below a message."""
    return "\n".join("    " + line for line in output.strip().splitlines()[-20:])


def add_pip(python: Path) -> None:
    """Install pip in the environment of an interpreter, as venv does. Raises Problem."""
    command = [find_uv() or "uv", "pip", "install", "-q", "-p", str(python)]
    done = run_installer([*command, *pypi_options(), "pip"])
    if done.returncode:
        raise Problem(f"{python}: pip could not be installed:\n{indent_output(done.stdout)}")


def describe_variables(environ: Mapping[str, str]) -> str:
    """Variables as a person types them before a command: `A=1 B=2 `."""
    return "".join(f"{name}={value} " for name, value in environ.items())


def describe_command(environ: Mapping[str, str], command: str) -> str:
    """A command with its variables, as a person types it in the shell of this machine."""
    if sys.platform == "win32":
        settings = "".join(f'$env:{name} = "{value}"; ' for name, value in environ.items())
        return settings + command
    return describe_variables(environ) + command

"""Programs of the host that make an emulated machine: run them, or say why they cannot be run."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from envs import Problem
from envs.emulation import made
from envs.model import disk
from envs.running import installers

PARTS = Path(__file__).with_name("parts")
"""The pins, with hashes, of what PyPI has that an emulated machine is made of."""

NEEDED = ("apt-get", "dpkg-deb", "unshare", "chroot", "mount")


def object_to_making() -> str | None:
    """Why this machine cannot emulate others; None if it can."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "nox -s emulate runs on Linux x86_64: use a Debian there, or the image debian:12"
    if os.geteuid() != 0:
        return (
            "nox -s emulate needs root, for a mount namespace and for apt-get: run it with sudo, "
            "or in a container"
        )
    if missing := [name for name in NEEDED if not shutil.which(name)]:
        return (
            f"nox -s emulate needs {' and '.join(missing)}: use a Debian, such as the image "
            "debian:12"
        )
    if not installers.find_uv():
        return "nox -s emulate needs uv: python3 -m pip install uv"
    return None


@contextmanager
def work_folder() -> Iterator[Path]:
    """A temporary folder on the disk where everything else is made."""
    made.FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=made.FOLDER, prefix="work-") as folder:
        yield Path(folder)


def run_tool(failed: str, *command: str | Path, environ: Mapping[str, str] | None = None) -> str:
    """Run a program of the host and return what it prints.

    `environ` adds variables. Raises Problem, which starts with `failed`, if it does not end with 0.
    """
    try:
        done = subprocess.run(
            [str(word) for word in command],
            env=installers.tool_environ(mirrors=True) | dict(environ or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise Problem(f"{failed}: {error}") from None
    if done.returncode:
        last = installers.indent_output(done.stdout)
        raise Problem(
            f"{failed}: {Path(str(command[0])).name} ended with {done.returncode}\n{last}"
        )
    return done.stdout


def unpack_wheel(part: str, python: str, platform_: str, folder: Path) -> Path:
    """Unpack the wheel of a part for a Python and a platform, and return the folder with its files.

    `part` names a file in `parts`; `platform_` is uv's name of the platform. Raises Problem.
    """
    _install(
        folder,
        python,
        platform_,
        f"{part} for Python {python}",
        "--require-hashes",
        "-r",
        PARTS / f"{part}.txt",
    )
    return folder


def unpack_uv(folder: Path) -> Path:
    """Unpack the uv of the toolchain for Windows, and return its program."""
    _install(folder, "3.11", "windows", "uv", f"uv=={version('uv')}")
    return next(folder.rglob("uv.exe"))


def _install(folder: Path, python: str, platform_: str, what: str, *asked: str | Path) -> None:
    uv = installers.find_uv()
    assert uv
    index = [] if installers.MIRRORS & set(os.environ) else installers.pypi_options()
    options = [f"--target={folder}", "--python-platform", platform_, "--python-version", python]
    install = [uv, "pip", "install", "-q", *index, *options, "--no-deps", "--only-binary", ":all:"]
    run_tool(f"{disk.shorten(folder)}: {what} cannot be had from PyPI", *install, *asked)

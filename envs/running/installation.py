"""Installations: a virtual environment made, and a lock installed in it, compared file by file."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from envs import ROOT, Problem
from envs.model import disk
from envs.running import installers, integrity, interpreters
from envs.running.integrity import Files

BUILD_CONSTRAINTS = ROOT / "requirements" / "tools" / "build.txt"

_STAMP = "keras-pairings.json"

_LITTLE = 2**20
"""Bytes free on a disk at which it is full: not every tool says that this is why it failed."""

_MISMATCH = (
    "A hash that does not match means that the file is not the one that was locked: restore the "
    "lock with git; if it is untouched, the download was cut short, or do not trust the index or "
    "mirror that served the file."
)
_FULL = "The disk is full: make room on it and run again; nothing needs cleaning."
_UNREACHED = (
    "See that the index can be reached as it should (network, proxy, a mirror's login), and run "
    "again; nothing needs cleaning."
)
_UNFIT = "Find the cap that mends it, add it to the pairing file, and run nox -s lock."


class CouldNotInstall(Problem):
    """The environment could not be made, filled or found to be consistent."""


def ensure_environment(
    folder: Path,
    python: str,
    requirements: Path,
    installer: str | None = None,
    say: Callable[[str], object] = lambda line: None,
) -> Path:
    """The interpreter of an environment that holds exactly what a lock pins, file by file.

    `installer` is `uv` or `pip`; by default uv where there is one. An environment that is not, to
    the file, what was installed is made anew, and `say` is given one line that says why.
    Raises NoInterpreter, CouldNotInstall.
    """
    command = None if installer == "pip" else installers.find_uv()
    if installer == "uv" and not command:
        raise Problem("installer 'uv': there is no uv on this machine: use 'pip'")
    if not requirements.is_file():
        raise CouldNotInstall(f"{disk.shorten(requirements)}: no such lock: run nox -s lock")
    base = interpreters.find_interpreter(python)
    stamp = {
        "folder": str(folder),
        "lock": hashlib.sha256(requirements.read_bytes()).hexdigest(),
        "interpreter": str(base),
        "version": interpreters.version_of(base),
        "installer": "uv" if command else "pip",
    }
    with disk.alone(folder):
        before = _read_stamp(folder)
        why, files = _compare(folder, stamp, before)
        if why and folder.exists():
            say(f"{disk.shorten(folder)}: {why}: made anew")
        if why:
            # Without a stamp, a run that is killed from here on leaves one to be made anew.
            (folder / _STAMP).unlink(missing_ok=True)
            _remove(folder)
            files = _make(folder, base, requirements, command, say)
        if before != stamp | {"files": files}:
            (folder / _STAMP).write_text(json.dumps(stamp | {"files": files}), encoding="utf-8")
    return interpreters.interpreter_in(folder)


def _compare(
    folder: Path, stamp: Mapping[str, Any], before: Mapping[str, Any]
) -> tuple[str, Files]:
    """Why an environment is not the one that is wanted, empty if it is; and its files."""
    if not before:
        return "its installation did not end", {}
    for key, wanted in stamp.items():
        if before.get(key) != wanted:
            return f"its {key} was {before.get(key)} and is {wanted}", {}
    files = _take(folder, before["files"])
    if found := integrity.list_differences(before["files"], files):
        more = f" and {len(found) - 1} more changes" if found[1:] else ""
        return found[0] + more, {}
    if interpreters.version_of(interpreters.interpreter_in(folder)) != stamp["version"]:
        return f"it does not run as Python {stamp['version']}", {}
    return "", files


def _make(
    folder: Path,
    base: Path,
    requirements: Path,
    command: str | None,
    say: Callable[[str], object],
) -> Files:
    """Make an environment and install a lock in it; its files are what the wheels hold.

    What uv links from its cache may have been edited there: that is downloaded again, and
    everything if that does not help.
    """
    pins = _pinned(requirements.read_text(encoding="utf-8"), interpreters.version_of(base) or "")
    for attempt in range(3):
        _create(folder, base, command)
        if command:
            _check_where(folder, command, say)
            _sync_with_uv(command, folder, requirements)
        else:
            _install_with_pip(folder, requirements)
        files = _take(folder)
        have = list_installed(folder)
        wrong = integrity.find_damaged(folder, files, find_site_packages(folder)) | {
            name: "is not installed"
            for name, pinned in pins.items()
            if name not in have or Version(have[name]) != Version(pinned)
        }
        if not wrong:
            break
        package, what = min(wrong.items())
        if attempt == 2:
            raise CouldNotInstall(
                f"{disk.shorten(folder)}: {package}: {what}, even if downloaded anew"
            )
        suspects = sorted(wrong) if attempt == 0 else sorted(pins)
        _remove(folder)
        drop_cached(*suspects)
        anew = ", ".join(suspects) if attempt == 0 else "all packages"
        say(
            f"{disk.shorten(folder)}: {package}: {what}: the cache is damaged; "
            f"{anew} downloaded anew"
        )
    _check(folder, command)
    return files


def _pinned(text: str, python: str) -> dict[str, str]:
    """Name -> version of what a lock pins here, on a Python such as `3.7.16`."""
    here = {"python_full_version": python, "python_version": ".".join(python.split(".")[:2])}
    found = map(Requirement, re.findall(r"(?m)^[\w.-]+==[^\\#\n]+", text))
    return {
        canonicalize_name(one.name): str(one.specifier).removeprefix("==")
        for one in found
        if one.marker is None or one.marker.evaluate(here)
    }


def _take(folder: Path, before: Files | None = None) -> Files:
    """The files of an environment, but for the stamp in which they are noted."""
    files = integrity.take_files(folder, before)
    return {path: facts for path, facts in files.items() if path != _STAMP}


def restore_environment(folder: Path, requirements: Path) -> None:
    """Bring the packages of an environment back to a lock, in far less time than a new one takes.

    Files that were edited in place, or that no package knows, stay: whoever changes an environment
    on purpose compares its files. Needs uv. Raises CouldNotInstall.
    """
    command = installers.find_uv()
    if not command:
        raise CouldNotInstall(
            f"{disk.shorten(folder)}: there is no uv on this machine to restore it with"
        )
    _sync_with_uv(command, folder, requirements)


def drop_environment(folder: Path) -> None:
    """Remove an environment."""
    with disk.alone(folder):
        _remove(folder)
    Path(f"{folder}.lock").unlink(missing_ok=True)


def drop_cached(*packages: str) -> None:
    """Remove every wheel of packages from uv's cache; they are downloaded anew when needed."""
    if command := installers.find_uv():
        subprocess.run([command, "cache", "clean", "-q", *packages], env=installers.tool_environ())


def list_installed(folder: Path) -> dict[str, str]:
    """Name -> version of what is installed in an environment, as far as its metadata is whole."""
    found = distributions(path=[str(path) for path in find_site_packages(folder)])
    whole = [one for one in found if one.read_text("METADATA") or one.read_text("PKG-INFO")]
    return {canonicalize_name(one.name): one.version for one in whole if one.name}


def find_site_packages(folder: Path) -> list[Path]:
    """Where the packages of an environment are; none if there is no environment."""
    return [*folder.glob("lib/python*/site-packages"), *folder.glob("Lib/site-packages")]


def _read_stamp(folder: Path) -> dict[str, Any]:
    try:
        stamp: dict[str, Any] = json.loads((folder / _STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) and isinstance(stamp.get("files"), dict) else {}


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _create(folder: Path, base: Path, command: str | None) -> None:
    how = [command, "venv", "-q", "-p", base] if command else [base, "-I", "-m", "venv"]
    _run(
        [*map(str, how), str(folder)],
        f"{disk.shorten(folder)}: the environment could not be made",
        folder,
    )


def _check_where(folder: Path, command: str, say: Callable[[str], object]) -> None:
    """Make sure that uv installs in an environment, and nowhere else.

    uv keeps notes of interpreters in its cache and believes them: with those of an environment and
    its base confused, it would empty and fill the base.
    """
    python = interpreters.interpreter_in(folder)
    find = ("python", "find", "--no-project", str(python))

    def is_meant() -> bool:
        return Path(_uv_says(command, *find)).parent.resolve() == python.parent.resolve()

    if is_meant():
        return
    say(f"{disk.shorten(folder)}: uv takes it for another: its notes of interpreters are made anew")
    for notes in Path(_uv_says(command, "cache", "dir")).glob("interpreter-v*"):
        shutil.rmtree(notes)
    if not is_meant():
        raise CouldNotInstall(
            f"{disk.shorten(folder)}: uv would install in "
            f"{_uv_says(command, *find) or 'no environment'} "
            "instead, and was not let: use --installer pip"
        )


def _uv_says(command: str, *args: str) -> str:
    done = subprocess.run(
        [command, *args], env=installers.tool_environ(), capture_output=True, text=True
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def _sync_with_uv(command: str, folder: Path, requirements: Path) -> None:
    sync = [
        command,
        "pip",
        "sync",
        "--require-hashes",
        "-p",
        str(interpreters.interpreter_in(folder)),
    ]
    if not installers.MIRRORS & set(os.environ):
        sync += installers.pypi_options()
    # A build from an sdist fetches its own tools: they are pinned and hashed too.
    if "\n--no-binary" in requirements.read_text(encoding="utf-8"):
        sync += ["--require-build-hashes", "--build-constraints", str(BUILD_CONSTRAINTS)]
    sync += ["-q", str(requirements)]
    # uv asks for a page of the index that has grown old, though it has every file: without a
    # network it would fail. From the cache alone it does not.
    environ = installers.tool_environ(mirrors=True)
    if not subprocess.run([*sync, "--offline"], env=environ, capture_output=True).returncode:
        return
    _run(
        sync,
        f"{disk.shorten(requirements)}: could not be installed in {disk.shorten(folder)}",
        folder,
    )


def _install_with_pip(folder: Path, requirements: Path) -> None:
    pip = [str(interpreters.interpreter_in(folder)), "-I", "-m", "pip"]
    failed = f"{disk.shorten(requirements)}: could not be installed in {disk.shorten(folder)}"
    install = [*pip, "install", "-q", "--no-compile", "--require-hashes"]
    _run([*install, "-r", str(requirements)], failed, folder)


def _check(folder: Path, command: str | None) -> None:
    """`pip check`, or uv's: nothing missing, nothing outside what the others ask for."""
    python = str(interpreters.interpreter_in(folder))
    check = [command, "pip", "check", "-p", python] if command else [python, "-m", "pip", "check"]
    _run(
        check,
        f"{disk.shorten(folder)}: the installed packages do not fit together",
        folder,
        _UNFIT,
    )


def _run(command: Sequence[str], failed: str, folder: Path, advice: str = _UNREACHED) -> None:
    """Run a tool; if it fails, its own words, the command and advice go into CouldNotInstall."""
    try:
        done = subprocess.run(
            command,
            env=installers.tool_environ(mirrors=True),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise CouldNotInstall(f"{failed}: {error}") from None
    if done.returncode:
        said = "\n".join("    " + line for line in done.stdout.strip().splitlines()[-20:])
        if "hash" in said.lower() and "match" in said.lower():
            advice = _MISMATCH
        if "no space left" in said.lower() or shutil.disk_usage(folder.parent).free < _LITTLE:
            advice = _FULL
        words = " ".join(map(disk.shorten, command))
        raise CouldNotInstall(f"{failed}:\n{said}\n    command: {words}\n    {advice}")

"""Installation: create a virtual environment, install a lock in it, and check every file."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from envs import ROOT, Problem
from envs.model import disk, platforms
from envs.running import installers, integrity, interpreters, long_paths
from envs.running.integrity import Files

BUILD_CONSTRAINTS = ROOT / "requirements" / "tools" / "build.txt"

_STAMP = "keras-pairings.json"
"""The file in an environment that says what was installed, and lists its files."""

_LITTLE = 2**20
"""With fewer free bytes, a disk counts as full: not every tool says so when it fails."""

_MISMATCH = (
    "The hash does not match, so the file is not the one that was locked. If you edited the lock, "
    "restore the lock with git. If not, the download was cut short, or another file was served: "
    "run again, and if it fails again, do not trust the index or mirror that served the file."
)
_FULL = "The disk is full: make room on it and run again; nothing needs cleaning."
_UNTRUSTED = (
    "The certificate of the index is not trusted here. Behind a proxy that signs anew what passes "
    "through it, as in many companies, set UV_SYSTEM_CERTS=1, so that uv trusts what this system "
    "trusts, or for pip PIP_CERT=FILE with the proxy's certificate, and run again; nothing needs "
    "cleaning."
)
_ELSEWHERE = (
    "The lock is for another platform or another Python than this environment: no network mends "
    "that. requirements/README.md lists every lock with the platform that it is for."
)
_UNREACHED = (
    "Check that the index can be reached (network, proxy, login to a mirror), and run again; "
    "nothing needs cleaning."
)
_UNFIT = "Add a cap to the pairing file so that they fit, and run nox -s lock."


class CouldNotInstall(Problem):
    """The environment could not be created, or its packages could not be installed."""


def ensure_environment(
    folder: Path,
    python: str,
    requirements: Path,
    installer: str | None = None,
    say: Callable[[str], object] = lambda line: None,
) -> Path:
    """Make sure that an environment holds exactly what a lock pins; return its interpreter.

    Every file is compared with what was installed. If anything differs, the environment is created
    again, and `say` gets one line with the reason. `python` is a version such as `3.11`.
    `installer` is `uv` or `pip`; the default is uv if this machine has it.
    Raises NoInterpreter, CouldNotInstall, NotWritable; and Problem if uv is asked for and missing.
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
            say(f"{disk.shorten(folder)}: {why}: recreating the environment")
        if why:
            pins = _pinned(requirements.read_text(encoding="utf-8"), stamp["version"] or "")
            if objection := long_paths.object_to_depth(folder, pins):
                raise CouldNotInstall(objection)
            # If this run is killed, the missing stamp tells the next run to start over.
            (folder / _STAMP).unlink(missing_ok=True)
            disk.remove_folder(folder)
            files = _make(folder, base, requirements, command, say)
        if before != stamp | {"files": files}:
            (folder / _STAMP).write_text(json.dumps(stamp | {"files": files}), encoding="utf-8")
    return interpreters.interpreter_in(folder)


def _compare(
    folder: Path, stamp: Mapping[str, Any], before: Mapping[str, Any]
) -> tuple[str, Files]:
    """Why an environment must be created again, or "" if it need not be; and its files.

    `before` is the stamp that is in the environment, and `stamp` the one that it should have.
    """
    if not before:
        return "its installation did not finish", {}
    for key, wanted in stamp.items():
        if before.get(key) != wanted:
            return f"its {key} was {before.get(key)} and is {wanted}", {}
    files = _take(folder, before["files"])
    if differences := integrity.list_differences(before["files"], files):
        more = f" and {len(differences) - 1} more changes" if differences[1:] else ""
        return differences[0] + more, {}
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
    """Create an environment, install a lock in it, and return its files.

    uv links files from its cache, where they may have been edited. So if a file is not the one in
    its wheel, the packages with such files are downloaded again. If that does not help, all
    packages are. Raises CouldNotInstall.
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
        wrong = _find_wrong(folder, files, pins)
        if not wrong:
            break
        package, why = min(wrong.items())
        where = f"{disk.shorten(folder)}: {package}: {why}"
        if attempt == 2:
            raise CouldNotInstall(f"{where}, even after a new download")
        suspects = sorted(wrong) if attempt == 0 else sorted(pins)
        disk.remove_folder(folder)
        drop_cached(*suspects)
        again = ", ".join(suspects) if attempt == 0 else "all packages"
        say(f"{where}: the cache is damaged; downloading {again} again")
    _check(folder, command)
    return files


def _find_wrong(folder: Path, files: Files, pins: Mapping[str, str]) -> dict[str, str]:
    """Package -> why it is not installed as pinned."""
    installed = list_installed(folder)
    missing = {
        name: "is not installed"
        for name, pinned in pins.items()
        if name not in installed or Version(installed[name]) != Version(pinned)
    }
    return integrity.find_damaged(folder, files, find_site_packages(folder)) | missing


def _pinned(text: str, python: str) -> dict[str, str]:
    """Name -> version of the pins whose markers hold here, on a Python such as `3.7.16`."""
    here = {"python_full_version": python, "python_version": ".".join(python.split(".")[:2])}
    requirements = map(Requirement, re.findall(r"(?m)^[\w.-]+==[^\\#\n]+", text))
    return {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate(here)
    }


def _take(folder: Path, before: Files | None = None) -> Files:
    """The files of an environment, without the stamp that lists them."""
    files = integrity.take_files(folder, before)
    return {path: facts for path, facts in files.items() if path != _STAMP}


def restore_environment(folder: Path, requirements: Path) -> None:
    """Install the packages of a lock again, which is much faster than a new environment.

    This does not undo edits inside files, and does not remove files that belong to no package. A
    caller that changed such files must compare them itself. Needs uv. Raises CouldNotInstall.
    """
    command = installers.find_uv()
    if not command:
        raise CouldNotInstall(
            f"{disk.shorten(folder)}: cannot be restored without uv: install uv on this machine"
        )
    _sync_with_uv(command, folder, requirements)


def drop_environment(folder: Path) -> None:
    """Remove an environment, if there is one. Raises NotWritable."""
    with disk.alone(folder):
        disk.remove_folder(folder)
    # On Windows, it stays while another run waits for it.
    with contextlib.suppress(PermissionError):
        Path(f"{folder}.lock").unlink(missing_ok=True)


def drop_cached(*packages: str) -> None:
    """Remove packages from uv's cache, so that they are downloaded again when needed."""
    if command := installers.find_uv():
        subprocess.run([command, "cache", "clean", "-q", *packages], env=installers.tool_environ())


def drop_cached_tensorflow() -> None:
    """Remove every package that carries TensorFlow's code from uv's cache."""
    drop_cached(*platforms.PACKAGES)


def list_installed(folder: Path) -> dict[str, str]:
    """Name -> version of the packages in an environment. Those without metadata are left out."""
    every = distributions(path=[str(path) for path in find_site_packages(folder)])
    whole = [package for package in every if _has_metadata(package)]
    return {canonicalize_name(package.name): package.version for package in whole if package.name}


def _has_metadata(package: Distribution) -> bool:
    return bool(package.read_text("METADATA") or package.read_text("PKG-INFO"))


def find_site_packages(folder: Path) -> list[Path]:
    """The site-packages folders of an environment; none if there is no environment."""
    return [*folder.glob("lib/python*/site-packages"), *folder.glob("Lib/site-packages")]


def _read_stamp(folder: Path) -> dict[str, Any]:
    """The stamp of an environment; empty if there is none, or if it is damaged."""
    try:
        stamp: dict[str, Any] = json.loads((folder / _STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) and isinstance(stamp.get("files"), dict) else {}


def _create(folder: Path, base: Path, command: str | None) -> None:
    create = [command, "venv", "-q", "-p", base] if command else [base, "-I", "-m", "venv"]
    failed = f"{disk.shorten(folder)}: cannot create the environment"
    _run([*map(str, create), str(folder)], failed, folder)


def _check_where(folder: Path, command: str, say: Callable[[str], object]) -> None:
    """Make sure that uv will install in this environment. Raises CouldNotInstall.

    uv caches facts about interpreters and trusts them. If the cache confuses an environment with
    its base interpreter, uv would uninstall the packages of the base and install the lock there.
    """
    python = interpreters.interpreter_in(folder)
    find = ("python", "find", "--no-project", str(python))

    def is_meant() -> bool:
        return Path(_uv_says(command, *find)).parent.resolve() == python.parent.resolve()

    if is_meant():
        return
    say(
        f"{disk.shorten(folder)}: uv mistakes it for another environment: "
        "clearing uv's cache of interpreters"
    )
    for cached in Path(_uv_says(command, "cache", "dir")).glob("interpreter-v*"):
        disk.remove_folder(cached)
    if not is_meant():
        raise CouldNotInstall(
            f"{disk.shorten(folder)}: uv would install in "
            f"{_uv_says(command, *find) or 'no environment'} "
            "instead, so it was not run: use --installer pip"
        )


def _uv_says(command: str, *args: str) -> str:
    """What uv prints; empty if it fails."""
    done = subprocess.run(
        [command, *args], env=installers.tool_environ(), capture_output=True, encoding="utf-8"
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def _sync_with_uv(command: str, folder: Path, requirements: Path) -> None:
    python = str(interpreters.interpreter_in(folder))
    sync = [command, "pip", "sync", "--require-hashes", "-p", python]
    if not installers.MIRRORS & set(os.environ):
        sync += installers.pypi_options()
    # To build an sdist, uv downloads build tools: these are pinned and hashed too.
    if "\n--no-binary" in requirements.read_text(encoding="utf-8"):
        sync += ["--require-build-hashes", "--build-constraints", str(BUILD_CONSTRAINTS)]
    sync += ["-q", str(requirements)]
    # uv asks the index again when a cached page is old, even if it has every file. Without a
    # network that fails, so try the cache alone first.
    environ = installers.tool_environ(mirrors=True)
    if not subprocess.run([*sync, "--offline"], env=environ, capture_output=True).returncode:
        return
    _run(sync, _install_failed(folder, requirements), folder)


def _install_with_pip(folder: Path, requirements: Path) -> None:
    pip = [str(interpreters.interpreter_in(folder)), "-I", "-m", "pip"]
    install = [*pip, "install", "-q", "--no-compile", "--require-hashes"]
    _run([*install, "-r", str(requirements)], _install_failed(folder, requirements), folder)


def _install_failed(folder: Path, requirements: Path) -> str:
    return f"{disk.shorten(requirements)}: could not be installed in {disk.shorten(folder)}"


def _check(folder: Path, command: str | None) -> None:
    """Run `pip check`: no package is missing, and all versions fit. Raises CouldNotInstall."""
    python = str(interpreters.interpreter_in(folder))
    check = [command, "pip", "check", "-p", python] if command else [python, "-m", "pip", "check"]
    failed = f"{disk.shorten(folder)}: the installed packages do not fit together"
    _run(check, failed, folder, _UNFIT)


def _run(command: Sequence[str], failed: str, folder: Path, advice: str = _UNREACHED) -> None:
    """Run a tool. Raises CouldNotInstall with the tool's output, the command and the advice."""
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
        output = "\n".join("    " + line for line in done.stdout.strip().splitlines()[-20:])
        full = shutil.disk_usage(folder.parent).free < _LITTLE
        advice = _FULL if full else _advise_on(output) or advice
        words = " ".join(map(disk.shorten, command))
        raise CouldNotInstall(f"{failed}:\n{output}\n    command: {words}\n    {advice}")


def _advise_on(output: str) -> str | None:
    """What to do about the cause that a tool names in its output; None if it names none."""
    said = output.lower()
    if "no space left" in said or "not enough space on the disk" in said:
        return _FULL
    if re.search(r"invalid peer certificate|certificate[ _]verify[ _]failed", said):
        return _UNTRUSTED
    if re.search(
        r"no wheels? with a matching|not a supported wheel on this platform|not compatible with "
        r"the current platform",
        said,
    ):
        return _ELSEWHERE
    if "hash" in said and "match" in said:
        return _MISMATCH
    return None

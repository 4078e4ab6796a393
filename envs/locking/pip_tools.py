"""Base locks, compiled by pip-tools under their own Python, from PyPI alone."""

from __future__ import annotations

import re
import shlex
import tempfile
import tomllib
from pathlib import Path

from packaging.utils import (
    canonicalize_name,
)

from envs import ROOT, Problem
from envs.locking import lock_text, pypi, resolver, tool_locks
from envs.locking.lock_request import LockRequest
from envs.model import disk, lock, version_numbers
from envs.model.lock import Lock
from envs.model.pairing import Target
from envs.running import installation


def compile_lock(target: Target, request: LockRequest) -> str:
    """The text of a base target's lock, by pip-tools under its own Python, from PyPI alone.

    pip-tools decides the pins, without hashes: for those it may download every file of every
    release. The index already tells them, so they are read there; then pip-tools compiles the
    lock over pins and hashes. Pins that come out differently are a Problem.
    """
    old = lock.read_lock_if_any(target)
    if old and request.upgrade_package and not set(request.upgrade_package) & set(old.versions):
        return disk.text_of(lock.lock_path(target))
    cut_off, keep = _plan(target.python, old, request)
    newest = cut_off
    if cut_off and request.upgrade_package:
        newest = None
    elif cut_off and old and keep:
        newest = pypi.date_of_newest_pin(old.pins, cut_off)

    compiler = _compiler(target.python)
    options = [option.replace(" ", "=") for option in lock.pip_options(target)]
    command = [str(compiler), "-I", str(compiler.with_name("pip-compile")), "-q"]
    command += [f"{target.pairing.name}.in", "--resolver=backtracking", "--allow-unsafe"]
    command += ["--strip-extras", "--no-header", "--no-emit-options", "--no-emit-index-url"]
    command += ["--no-emit-find-links", "--no-emit-trusted-host"]
    command += [f"--index-url={lock.PYPI}", f"--pip-args={shlex.join(options)}"]
    if target.python != "3.7":
        command.append("--no-config")
    if newest:
        command.append(f"--uploaded-prior-to={newest}")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / f"{target.pairing.name}.in").write_text(lock.render_in(target))
        pins = folder / "pins.txt"
        if old and keep:
            pins.write_text(lock_text.render_unhashed(old.pins))
        upgrades = [f"--upgrade-package={package}" for package in request.upgrade_package]
        resolver.run_resolver(
            [*command, *upgrades, "--no-annotate", "-o", pins.name], folder, target
        )

        decided = dict(re.findall(r"^([\w.-]+)==(\S+)", pins.read_text(), re.MULTILINE))
        hashed = folder / lock.lock_path(target).name
        kept = old if keep else None
        hashed_pins = [lock_text.hash_pin(*pin, target, kept, newest) for pin in decided.items()]
        hashed.write_text(lock_text.render_pins(hashed_pins))
        resolver.run_resolver([*command, "--generate-hashes", "-o", hashed.name], folder, target)
        body = hashed.read_text(encoding="utf-8").lstrip("\n")
        new = lock.parse_lock(body, hashed.name)
        if new.versions != {canonicalize_name(n): version for n, version in decided.items()}:
            raise Problem(f"{hashed.name}: pip-tools decided differently with hashes: run it again")
    facts = lock.expected_header(target) | {"cut-off": cut_off or "none, existing pins are kept"}
    return lock_text.render_header(target, facts) + body


def _dated(python: str) -> bool:
    """Whether the pip of this Python can leave out what was uploaded after a date (pip 26)."""
    return version_numbers.release_numbers(lock.tool_pins(python)["pip"]) >= (26,)


def _plan(python: str, old: Lock | None, request: LockRequest) -> tuple[str | None, bool]:
    """The cut-off date to resolve at and record, if any, and whether existing pins are kept."""
    again = old is not None and not request.upgrade
    if not _dated(python):
        return None, again
    if old and again and request.upgrade_package:
        return old.cut_off, True
    if old and again and not (old.cut_off or request.cut_off):
        return None, True
    if request.cut_off or not (old and again):
        return request.cut_off or lock_text.today(), False
    # The date alone would not do: an index may come to list a file of before the date after it.
    return old.cut_off, True


def _compiler(python: str) -> Path:
    tools = tomllib.loads(lock.TOOL_PINS.read_text(encoding="utf-8"))
    name = python if python in tools else "newest"
    folder = ROOT / ".nox" / f"pip-tools-py{python.replace('.', '')}"
    return installation.ensure_environment(
        folder, python, tool_locks.TOOLS / f"pip-tools-{name}.txt"
    )

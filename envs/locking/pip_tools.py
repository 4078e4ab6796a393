"""Base locks: pip-tools compiles them with the Python that they are for, from PyPI alone."""

from __future__ import annotations

import re
import shlex
import tempfile
import tomllib
from pathlib import Path

from packaging.utils import canonicalize_name

from envs import ROOT, Problem
from envs.locking import lock_text, pypi, resolver, tool_locks
from envs.locking.lock_request import LockRequest
from envs.model import disk, lock, version_numbers
from envs.model.lock import Lock
from envs.model.pairing import Target
from envs.running import installation


def compile_lock(target: Target, request: LockRequest) -> str:
    """The text of the lock of a base target.

    pip-tools runs twice. The first run decides the pins, without hashes, because pip-tools may
    download every file of a release to hash it. PyPI's index lists the hashes, so they are taken
    from there. The second run compiles the lock over these pins and hashes. Raises Problem, also
    if the second run decides other pins.
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

    command = _command(target, newest)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / f"{target.pairing.name}.in").write_text(lock.render_in(target))
        pins = folder / "pins.txt"
        if old and keep:
            pins.write_text(lock_text.render_unhashed(old.pins))
        upgrades = [f"--upgrade-package={package}" for package in request.upgrade_package]
        decide = [*command, *upgrades, "--no-annotate", "-o", pins.name]
        try:
            resolver.run_resolver(decide, folder, target)
        except Problem as problem:
            if not (pins.exists() and "ResolutionImpossible" in str(problem)) or upgrades:
                raise
            # A cap that is new excludes pins that were kept: all are decided again, of that day.
            pins.unlink()
            resolver.run_resolver(decide, folder, target)

        decided = dict(re.findall(r"^([\w.-]+)==(\S+)", pins.read_text(), re.MULTILINE))
        hashed = folder / lock.lock_path(target).name
        kept = old if keep else None
        hashed_pins = [lock_text.hash_pin(*pin, target, kept, newest) for pin in decided.items()]
        hashed.write_text(lock_text.render_pins(hashed_pins))
        resolver.run_resolver([*command, "--generate-hashes", "-o", hashed.name], folder, target)
        body = hashed.read_text(encoding="utf-8").lstrip("\n")
        new = lock.parse_lock(body, hashed.name)
        if new.versions != {canonicalize_name(n): version for n, version in decided.items()}:
            raise Problem(
                f"{hashed.name}: pip-tools chose other pins when it added the hashes: "
                f"run nox -s lock -- {target.pairing.name} again"
            )
    facts = lock.expected_header(target) | {"cut-off": cut_off or "none, existing pins are kept"}
    return lock_text.render_header(target, facts) + body


def _command(target: Target, cut_off: str | None) -> list[str]:
    """The command line of pip-compile for a target, but for its output and its hashes."""
    compiler = _compiler(target.python)
    options = [option.replace(" ", "=") for option in lock.pip_options(target)]
    command = [str(compiler), "-I", str(compiler.with_name("pip-compile")), "-q"]
    command += [f"{target.pairing.name}.in", "--resolver=backtracking", "--allow-unsafe"]
    command += ["--strip-extras", "--no-header", "--no-emit-options", "--no-emit-index-url"]
    command += ["--no-emit-find-links", "--no-emit-trusted-host"]
    command += [f"--index-url={lock.PYPI}", f"--pip-args={shlex.join(options)}"]
    if target.python != "3.7":
        command.append("--no-config")
    if cut_off:
        command.append(f"--uploaded-prior-to={cut_off}")
    return command


def _dated(python: str) -> bool:
    """Whether the pip of this Python can ignore uploads after a date: pip 26 and later can."""
    return version_numbers.release_numbers(lock.tool_pins(python)["pip"]) >= (26,)


def _plan(python: str, old: Lock | None, request: LockRequest) -> tuple[str | None, bool]:
    """The cut-off to resolve at and to record, if any, and whether the old pins are kept."""
    recompile = old is not None and not request.upgrade
    if not _dated(python):
        return None, recompile
    if old and recompile and request.upgrade_package:
        return old.cut_off, True
    if old and recompile and not (old.cut_off or request.cut_off):
        return None, True
    if request.cut_off or not (old and recompile):
        return request.cut_off or lock_text.today(), False
    # The date alone does not fix the pins: the index may list a file later than its upload time.
    return old.cut_off, True


def _compiler(python: str) -> Path:
    """The interpreter of the environment that holds pip-tools for a Python; made if missing."""
    tools = tomllib.loads(lock.TOOL_PINS.read_text(encoding="utf-8"))
    name = python if python in tools else "newest"
    folder = ROOT / ".nox" / f"pip-tools-py{python.replace('.', '')}"
    return installation.ensure_environment(
        folder, python, tool_locks.TOOLS / f"pip-tools-{name}.txt"
    )

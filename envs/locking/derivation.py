"""Derived locks: uv makes those of other platforms and variants from those of Linux x86_64."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from envs.locking import lock_text, pypi, resolver
from envs.locking.lock_request import LockRequest
from envs.locking.resolver import NoSolution
from envs.model import lock, platforms
from envs.model.lock import Lock, Pin
from envs.model.pairing import Target
from envs.running import installation, installers, interpreters


def derive_lock(target: Target, request: LockRequest) -> str:
    """The text of the lock for another platform or variant, resolved by uv from the base lock.

    uv keeps every pin of the base lock that the platform has. Pins that the base lock does not
    have come from the old lock. Raises NoSolution if no set of releases fits, Problem for
    anything else.
    """
    if lock.payload_of(target) is None:
        raise NoSolution(
            platforms.explain_lack(
                target.pairing.tensorflow, target.python, target.platform, target.variant
            )
        )
    base = lock.read_lock(target.base)
    old = lock.read_lock_if_any(target)
    kept = None if request.upgrade or request.cut_off else old
    own = _own_pins(base, kept)
    cut_off = base.cut_off or _kept_cut_off(base, old, request) or lock_text.today()
    newest = pypi.date_of_newest_pin([*base.pins, *own.values()], cut_off)
    preferred = {pin.name: pin for pin in base.pins} | own
    body = _resolve(target, preferred.values(), newest)
    pins = {
        name: lock_text.hash_pin(name, version, target, kept, newest)
        for name, version in re.findall(r"^([\w.-]+)==(\S+)", body, re.MULTILINE)
    }
    body = re.sub(r"(?m)^([\w.-]+)==\S+$", lambda match: lock_text.render_pin(pins[match[1]]), body)
    facts = lock.expected_header(target)
    facts["compiled-by"] = _uv_version()
    if differs := _differs(target, base, pins):
        facts["differs"] = differs
    new = lock_text.render_header(target, facts | {"cut-off": cut_off}) + body
    carriers = lock.find_carriers(target, lock.parse_lock(new, lock.lock_label(target)))
    if len(carriers) > 1:
        both = " and ".join(carriers)
        raise NoSolution(f"what it requires brings both {both}, which overwrite each other's files")
    return new


def _resolve(target: Target, preferred: Iterable[Pin], cut_off: str) -> str:
    """The pins that uv decides for a target, without hashes, with uv's comments.

    uv keeps the preferred pins where it can.
    """
    command = [installers.find_uv() or "uv", "pip", "compile", "-q", f"{target.pairing.name}.in"]
    command += ["--python-platform", platforms.PLATFORMS[target.platform].uv]
    command += ["-p", str(interpreters.find_interpreter(target.python)), "--no-header"]
    command += [option.replace(" ", "=") for option in lock.pip_options(target)]
    command += [*installers.pypi_options(), f"--exclude-newer={cut_off}", "-o", "pins.txt"]
    command += ["--build-constraints", str(installation.BUILD_CONSTRAINTS)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / f"{target.pairing.name}.in").write_text(lock.render_in(target))
        (folder / "pins.txt").write_text(lock_text.render_unhashed(preferred))
        resolver.run_resolver(command, folder, target)
        return (folder / "pins.txt").read_text(encoding="utf-8")


def _own_pins(base: Lock, old: Lock | None) -> dict[str, Pin]:
    """Name -> pin of the old lock that is to be kept: the base lock has no such pin, or another.

    Another pin is kept only where the header of the old lock names that difference.
    """
    return {
        pin.name: pin
        for pin in (old.pins if old else ())
        if pin.name not in base.versions
        or (old and old.differs.get(pin.name)) == (pin.version, base.versions[pin.name])
    }


def _differs(target: Target, base: Lock, pins: Mapping[str, Pin]) -> str:
    """The pins that differ from the base lock, and why, for the header; empty if none differs."""
    differences = []
    for name, pin in pins.items():
        there = base.versions.get(name, pin.version)
        if pin.version == there:
            continue
        if name in platforms.PACKAGES:
            why = "the newest with code there"
        elif pypi.list_fitting_files(name, there, target):
            why = "which does not fit what else is there"
        else:
            why = "which has no wheel there"
        differences.append(f"{name} {pin.version} instead of {there}, {why}")
    return "; ".join(differences)


def _kept_cut_off(base: Lock, old: Lock | None, request: LockRequest) -> str | None:
    """The cut-off of a derived lock whose base lock records none; None means today."""
    if request.cut_off or request.upgrade or old is None:
        return request.cut_off
    moved = request.upgrade_package
    agrees = all(
        pin.version == base.versions.get(pin.name, pin.version)
        or pin.name in old.differs
        or pin.name in moved
        for pin in old.pins
    )
    return old.cut_off if agrees else None


@cache
def _uv_version() -> str:
    command = [installers.find_uv() or "uv", "--version"]
    version = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return f"uv pip compile of {' '.join(version.split()[:2])}"

"""Locks of other platforms and variants, derived by uv from those of Linux x86_64."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from envs.locking import lock_text, pypi, resolver
from envs.locking.lock_request import LockRequest
from envs.locking.resolver import NoSolution
from envs.model import disk, lock, platforms
from envs.model.lock import Lock, Pin
from envs.model.pairing import Target
from envs.running import installation, installers, interpreters


def derive_lock(target: Target, request: LockRequest) -> str:
    """The text of the lock for another platform or variant, by uv, from that of the base target.

    uv keeps every pin of the base that can be had there, and of the old lock what the base does
    not have; pins that it keeps also keep their hashes. Raises NoSolution where nothing fits,
    Problem for anything else.
    """
    if lock.payload_of(target) is None:
        raise NoSolution(
            platforms.explain_lack(
                target.pairing.tensorflow, target.python, target.platform, target.variant
            )
        )
    base = lock.read_lock(target.base)
    old = (
        lock.parse_lock(text, lock.lock_label(target))
        if (text := disk.text_of(lock.lock_path(target)))
        else None
    )
    cut_off = base.cut_off or _kept_cut_off(target, base, old, request) or lock_text.today()
    command = [installers.find_uv() or "uv", "pip", "compile", "-q", f"{target.pairing.name}.in"]
    command += ["--python-platform", platforms.PLATFORMS[target.platform].uv]
    command += ["-p", str(interpreters.find_interpreter(target.python)), "--no-header"]
    command += [option.replace(" ", "=") for option in lock.pip_options(target)]
    command += [*installers.pypi_options(), f"--exclude-newer={cut_off}", "-o", "pins.txt"]
    command += ["--build-constraints", str(installation.BUILD_CONSTRAINTS)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / f"{target.pairing.name}.in").write_text(lock.render_in(target))
        known = _preferred(target, base, old, request)
        (folder / "pins.txt").write_text(lock_text.render_unhashed(known.values()))
        resolver.run_resolver(command, folder, target)
        body = (folder / "pins.txt").read_text(encoding="utf-8")
    decided = dict(re.findall(r"^([\w.-]+)==(\S+)", body, re.MULTILINE))
    pins = {
        name: known[name]
        if name in known and known[name].version == version
        else Pin(name, version, pypi.list_hashes(name, version, target, cut_off))
        for name, version in decided.items()
    }
    body = re.sub(r"(?m)^([\w.-]+)==\S+$", lambda found: lock_text.render_pin(pins[found[1]]), body)
    facts = lock.expected_header(target, base)
    facts["compiled-by"] = _uv_version()
    if differs := _differs(target, base, pins):
        facts["differs"] = differs
    new = lock_text.render_header(target, facts | {"cut-off": cut_off}) + body
    carriers = lock.find_carriers(target, lock.parse_lock(new, lock.lock_label(target)))
    if len(carriers) > 1:
        both = " and ".join(carriers)
        raise NoSolution(f"what it requires brings both {both}, which overwrite each other's files")
    return new


def _preferred(
    target: Target, base: Lock, old: Lock | None, request: LockRequest
) -> dict[str, Pin]:
    """Name -> pin that a derived lock keeps where it can: those of its base before its own."""
    own = {pin.name: pin for pin in old.pins} if old else {}
    if not old or request.upgrade or request.cut_off:
        own = {}
    shared = {pin.name: pin for pin in base.pins}
    same = (
        old and old.header.get("derived-from") == lock.expected_header(target, base)["derived-from"]
    )
    return shared | own if same else own | shared


def _differs(target: Target, base: Lock, pins: Mapping[str, Pin]) -> str:
    """The packages that a platform or variant cannot have as its base has them, and why."""
    words = []
    for name, pin in pins.items():
        there = base.versions.get(name, pin.version)
        if pin.version == there:
            continue
        if name in platforms.PACKAGES:
            why = "the newest with code there"
        elif pypi.has_fitting_wheel(pypi.list_files(name), there, target):
            why = "which does not fit what else is there"
        else:
            why = "which has no wheel there"
        words.append(f"{name} {pin.version} instead of {there}, {why}")
    return "; ".join(words)


def _kept_cut_off(target: Target, base: Lock, old: Lock | None, request: LockRequest) -> str | None:
    """The date of a derived lock whose base records none, while the pins of its base stay."""
    if request.upgrade or old is None:
        return request.cut_off
    same = old.header.get("derived-from") == lock.expected_header(target, base)["derived-from"]
    return request.cut_off or (old.cut_off if same else None)


@cache
def _uv_version() -> str:
    command = [installers.find_uv() or "uv", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return f"uv pip compile of {' '.join(said.split()[:2])}"

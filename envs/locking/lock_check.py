"""Check locks with a resolver and against the hashes on PyPI, without installing anything."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from envs import Problem
from envs.locking import pypi, resolver
from envs.model import lock, pairing, platforms
from envs.model.lock import Lock, Pin
from envs.model.pairing import Target
from envs.running import installation, installers, interpreters


def check_locks(names: list[str], say: Callable[[str], None]) -> None:
    """Have uv resolve the locks of some pairings, or of all, each for its platform.

    uv starts with an empty cache and installs nothing. Its dry run compares no hashes (0.13.9),
    so they are compared with those of PyPI here. Raises Problem, with the errors of each lock that
    does not hold.
    """
    began = time.monotonic()
    pairings = pairing.load_pairings()
    chosen = pairing.choose_names(pairings, names)
    targets = [
        target
        for target in pairing.list_combinations(pairings)
        if target.pairing.name in chosen and lock.lock_path(target).exists()
    ]
    failed = []
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(resolver.WAITING) as pool,
    ):
        futures = [pool.submit(_dry_run, target, Path(folder)) for target in targets]
        for number, (target, future) in enumerate(zip(targets, futures, strict=True), 1):
            if error := future.result():
                failed.append(error)
            if number % 50 == 0 or target is targets[-1]:
                seconds = time.monotonic() - began
                say(f"{number} of {len(targets)} locks checked in {seconds:.0f} s")
    if failed:
        raise Problem(f"{len(failed)} locks do not hold:\n" + "\n".join(failed))
    say(f"all {len(targets)} locks hold: uv would install exactly their pins, with PyPI's hashes")


def _dry_run(target: Target, folder: Path) -> str | None:
    """What is wrong with the lock of a target; None if it holds."""
    file = lock.lock_path(target)
    command = [installers.find_uv() or "uv", "pip", "install", "--dry-run", "--require-hashes"]
    command += ["--python-platform", platforms.PLATFORMS[target.platform].uv]
    command += ["-p", str(interpreters.find_interpreter(target.python))]
    command += ["--target", str(folder / "none"), *installers.pypi_options()]
    command += [
        "--require-build-hashes",
        "--build-constraints",
        str(installation.BUILD_CONSTRAINTS),
    ]
    environ = installers.tool_environ(UV_CACHE_DIR=str(folder / "cache"))
    done = subprocess.run(
        [*command, "-r", str(file)],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lock_ = lock.read_lock(target)
    errors = done.stdout.strip().splitlines()[-12:] if done.returncode else []
    installed = set(re.findall(r"^ \+ (\S+)==\S+$", done.stdout, re.MULTILINE))
    if not done.returncode and installed != set(lock_.versions):
        different = ", ".join(sorted(set(lock_.versions) ^ installed))
        errors.append(f"the pins and what uv would install differ in: {different}")
    errors += [line for pin in lock_.pins for line in object_to_hashes(pin, lock_, target)]
    return "\n    ".join([f"{lock.lock_label(target)}:", *errors]) if errors else None


def object_to_hashes(pin: Pin, lock_: Lock, target: Target) -> Iterator[str]:
    """What is wrong with the hashes of a pin, one message each.

    A pin must have the hash of every file on PyPI that fits the target, and no other hash. Only
    files uploaded after the cut-off of the lock may be missing. Raises Problem.
    """
    fitting = pypi.list_fitting_files(pin.name, pin.version, target)
    known = {file["hashes"]["sha256"]: file for file in fitting}
    title = f"{pin.name}=={pin.version}"
    if not known:
        yield f"{title}: PyPI has no file that fits"
    for digest in sorted(set(pin.hashes) - set(known)):
        yield f"{title}: the hash {digest} belongs to no file on PyPI that fits"
    cut_off = lock_.cut_off and pypi.date_of_newest_pin([pin], lock_.cut_off)
    for digest in sorted(set(known) - set(pin.hashes)):
        if cut_off is None or known[digest]["upload-time"] < cut_off:
            yield f"{title}: the hash {digest} of {known[digest]['filename']} is missing"

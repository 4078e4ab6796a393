"""Locks checked by a resolver and by PyPI's hashes, installing nothing."""

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
    """Have uv resolve every lock for its platform, from an empty cache, installing nothing.

    uv's dry run compares no hash (0.13.9): that they are those of PyPI's files is checked here.
    Raises Problem with what it says of each lock that does not hold.
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
            if said := future.result():
                failed.append(said)
            if number % 50 == 0 or target is targets[-1]:
                seconds = time.monotonic() - began
                say(f"{number} of {len(targets)} locks checked in {seconds:.0f} s")
    if failed:
        raise Problem(f"{len(failed)} locks do not hold:\n" + "\n".join(failed))
    say(f"all {len(targets)} locks hold: wheels for their platform, hashes, payload, nothing else")


def _dry_run(target: Target, folder: Path) -> str | None:
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
    would = set(re.findall(r"^ \+ (\S+)==\S+$", done.stdout, re.MULTILINE))
    found = lock.read_lock(target)
    said = done.stdout.strip().splitlines()[-12:] if done.returncode else []
    if not done.returncode and would != set(found.versions):
        said.append(f"would not install: {', '.join(sorted(set(found.versions) ^ would))}")
    said += [line for pin in found.pins for line in object_to_hashes(pin, found, target)]
    return "\n    ".join([f"{lock.lock_label(target)}:", *said]) if said else None


def object_to_hashes(pin: Pin, lock_: Lock, target: Target) -> Iterator[str]:
    """What is wrong with the hashes of a pin: they are those of the files that fit, and no others.

    What was uploaded after the cut-off of a lock may be missing in it.
    """
    fitting = pypi.list_fitting_files(pin.name, pin.version, target)
    known = {file["hashes"]["sha256"]: file for file in fitting}
    title = f"{pin.name}=={pin.version}"
    if not known:
        yield f"{title}: PyPI has no file that fits"
    for digest in sorted(set(pin.hashes) - set(known)):
        yield f"{title}: the hash {digest} is of no file on PyPI that fits"
    cut_off = lock_.cut_off and pypi.date_of_newest_pin([pin], lock_.cut_off)
    for digest in sorted(set(known) - set(pin.hashes)):
        if cut_off is None or known[digest]["upload-time"] < cut_off:
            yield f"{title}: the hash {digest} of {known[digest]['filename']} is missing"

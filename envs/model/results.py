"""Results: what one session saw on one machine, as a file that `nox -s merge` reads."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from envs import ROOT, Problem
from envs.model import disk, lock, outcomes, pairing, working_copy
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Pairing, Target

EMULATOR = "KERAS_PAIRINGS_EMULATOR"
"""The variable that `nox -s emulate` sets to the name and version of the emulator it uses."""

SESSION = "session"
"""The key of `seconds` for the whole session, its installation included."""

SMOKE = ROOT / "envs" / "running" / "smoke.py"
"""The script that shows that an environment is whole; it must work, so it is in no record."""


@dataclass(frozen=True)
class SessionResult:
    """What one session saw.

    `pins` and `scripts` are the digests of its lock's pins and of the scripts that it ran, `commit`
    is that of the checkout (empty if there is no git), `date` an ISO date in UTC, `emulator` what
    stood in for the platform, and `cpu` the CPU time of all scripts. Times are in seconds.
    """

    pairing: str
    python: str
    platform: str
    variant: str
    pins: str
    scripts: str
    commit: str
    date: str
    emulator: str
    cpu: float
    seconds: Mapping[str, float]
    outcomes: Mapping[str, Outcome]

    def find_target(self, pairings: Mapping[str, Pairing]) -> Target:
        """The target that was run. Raises Problem if there is no such pairing any more."""
        pairing.choose_names(pairings, [self.pairing])
        return Target(pairings[self.pairing], self.python, self.platform, self.variant)


def make_result(
    target: Target,
    *,
    cpu: float,
    seconds: Mapping[str, float],
    outcomes: Mapping[str, Outcome],
) -> SessionResult:
    """The result of a session that ran now, in this checkout. Raises Problem without a lock."""
    return SessionResult(
        pairing=target.pairing.name,
        python=target.python,
        platform=target.platform,
        variant=target.variant,
        pins=lock.read_lock(target).digest,
        scripts=digest_scripts(),
        commit=working_copy.find_commit(),
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        emulator=find_emulator(),
        cpu=cpu,
        seconds=seconds,
        outcomes=outcomes,
    )


def find_emulator() -> str:
    """The name and version of the emulator that runs this process; empty on a real machine."""
    return os.environ.get(EMULATOR, "")


def digest_scripts() -> str:
    """Twelve hexadecimal digits that change whenever a script that a session runs changes."""
    sha256 = hashlib.sha256()
    for name, path in sorted({"smoke": SMOKE, **outcomes.list_scripts()}.items()):
        text = path.read_text(encoding="utf-8").encode()
        sha256.update(f"{name} {hashlib.sha256(text).hexdigest()}\n".encode())
    return sha256.hexdigest()[:12]


def digest_smoke() -> str:
    """Twelve hexadecimal digits that change with the check of a whole environment."""
    return hashlib.sha256(SMOKE.read_text(encoding="utf-8").encode()).hexdigest()[:12]


def write_result(folder: Path, result: SessionResult) -> Path:
    """Write a result to its file in a folder, and return the file. Raises Problem.

    The folder is made if it is not there.
    """
    file = folder / result_name(result.find_target(pairing.load_pairings()))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"{folder}: cannot be made ({error.strerror}): name another") from None
    disk.write_file(file, json.dumps(asdict(result), indent=1) + "\n")
    return file


def result_name(target: Target) -> str:
    """The name of the file of a target's result: `windows-x86_64.tf212-py311.json`."""
    return ".".join(filter(None, (target.folder, target.stem, "json")))


def read_result(file: Path) -> SessionResult:
    """The result in a file. Raises Problem for anything else."""
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        ended = {
            script: Outcome(Kind(one["kind"]), one["exception"], one["message"])
            for script, one in data.pop("outcomes").items()
        }
        result = SessionResult(outcomes=ended, **data)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Problem(f"{file}: is not the result of a session ({error})") from None
    texts = (result.pairing, result.python, result.platform, result.variant, result.date)
    if not all(isinstance(text, str) for text in (*texts, result.pins, result.scripts)):
        raise Problem(f"{file}: is not the result of a session: its names must be texts")
    return result

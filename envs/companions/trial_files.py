"""The records of trials: a file for each pairing in `envs/measured/companions`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from envs import MEASURED, Problem
from envs.companions import trials
from envs.companions.trials import Trial
from envs.model import disk, lock, outcomes, results
from envs.model.pairing import Target

FOLDER = MEASURED / "companions"
SCHEMA = FOLDER / "trials.schema.json"


def scripts_digest() -> str:
    """Twelve hexadecimal digits that change with verify.py, and with the smoke check."""
    sha256 = hashlib.sha256()
    for path in (outcomes.VERIFY, results.SMOKE):
        sha256.update(hashlib.sha256(path.read_text(encoding="utf-8").encode()).digest())
    return sha256.hexdigest()[:12]


def load_trials(name: str, folder: Path = FOLDER) -> dict[str, Trial]:
    """Companion, or companion and ` by pip`, -> its trial in a pairing. Raises Problem."""
    path = folder / f"{name}.json"
    if not path.exists():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return {title: trials.from_data(trial) for title, trial in data["trials"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem(
            f"envs/measured/companions/{path.name}: cannot be read ({error!r}): restore it with "
            f"git, or remove it and run nox -s companions -- {name}"
        ) from None


def write_trials(target: Target, done: Mapping[str, Trial], folder: Path = FOLDER) -> None:
    """Write the file of a pairing, one trial a line."""
    name = target.pairing.name
    facts = {
        "$schema": SCHEMA.name,
        "generated": f"by nox -s companions -- {name}",
        "pairing": name,
        "tensorflow": target.pairing.tensorflow,
        "python": target.python,
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in facts.items()]
    body = ",\n".join(
        f"  {json.dumps(title)}: {json.dumps(trials.to_data(done[title]))}"
        for title in sorted(done)
    )
    folder.mkdir(exist_ok=True)
    disk.write_file(
        folder / f"{name}.json", "\n".join(["{", *lines, ' "trials": {', body, " }", "}", ""])
    )


def is_stale_trial(target: Target, trial: Trial, as_of: str) -> bool:
    """Whether a trial was made with another lock, or as of another day.

    verify.py and the smoke check change too often for each trial to be made anew with them:
    `nox -s companions -- --check` compares some that it picks with today's.
    """
    return (trial.lock, trial.as_of) != (lock.read_lock(target).digest, as_of)


def recorded_day(names: Iterable[str], folder: Path = FOLDER) -> str | None:
    """The latest day as of which a trial is recorded; None if none is."""
    days = [trial.as_of for name in names for trial in load_trials(name, folder).values()]
    return max(days, default=None)

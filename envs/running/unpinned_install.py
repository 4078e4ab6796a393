"""Plain installs: what the document's own commands bring today, with nothing pinned.

It changes with every release on PyPI: a dated observation, never an expectation.
"""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from envs import MEASURED, Problem
from envs.model import disk, lock, outcomes, pairing
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Pairing, Target
from envs.running import installation, installers, interpreters, sandbox

FILE = MEASURED / "unpinned_install.json"
SCRIPTS = ("broken_import/correction", "legacy_adaptation/legacy_completed")
SHOWN = ("tensorflow", "keras", "keras-nightly", "tf-keras", "numpy", "protobuf", "setuptools")

_TIMEOUT = 1800
"""Seconds that one `pip install` may take."""


@dataclass(frozen=True)
class Observation:
    """What the commands did on a day: exit or versions that came, and how the scripts ended.

    `outcomes` is empty where a command failed; `failed` then has that command and pip's last line.
    """

    date: str
    python: str
    pip: str
    commands: tuple[str, ...]
    failed: str
    installed: Mapping[str, str]
    outcomes: Mapping[str, str]

    @property
    def summary(self) -> str:
        """How it ended, in a word or with the first error."""
        if self.failed:
            return f"cannot be installed: {self.failed}"
        return next((one for one in self.outcomes.values() if one != Kind.WORKS), str(Kind.WORKS))


def document_commands(one: Pairing) -> tuple[str, ...]:
    """What the document tells to type for a pairing: each package at its release, and no more.

    The Keras is that of the lock on the recommended Python. TensorFlow 2.5 has none of its own
    name; it brings `keras-nightly` by itself.
    """
    versions = lock.read_lock(Target(one, one.pythons[0])).versions
    names = ["keras"] if one.keras and one.keras.name == "keras" else []
    names += ["tf-keras"] if one.tf_keras else []
    pins = [f"tensorflow=={one.tensorflow}", *(f"{name}=={versions[name]}" for name in names)]
    return tuple(f"pip install {pin}" for pin in pins)


def load_observations(path: Path = FILE) -> dict[str, Observation]:
    """Pairing -> its last observation. Raises Problem."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))["observations"]
        return {
            name: Observation(**{**one, "commands": tuple(one["commands"])})
            for name, one in data.items()
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem(
            f"envs/measured/{path.name}: cannot be read ({error}): run nox -s unpinned-install"
        ) from None


def renew_observations(names: list[str], say: Callable[[str], None], path: Path = FILE) -> None:
    """Type the commands of the named pairings, or of all, and say what changed since the last time.

    Raises Problem where an interpreter is missing; what was observed until then is kept.
    """
    pairings = {name: one for name, one in pairing.load_pairings().items() if not one.impossible}
    before = load_observations(path) if path.exists() else {}
    known = {name: one for name, one in before.items() if name in pairings}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        chosen = pairing.choose_names(pairings, names)
        futures = {name: pool.submit(observe_install, pairings[name]) for name in chosen}
        try:
            for name, future in futures.items():
                known[name] = future.result()
                disk.write_file(
                    path, _render({one: known[one] for one in pairings if one in known})
                )
                say(f"{name}: {describe_news(before.get(name), known[name])}")
        finally:
            pool.shutdown(cancel_futures=True)


def describe_news(old: Observation | None, new: Observation) -> str:
    """What changed since the last observation, in words."""
    if old is None:
        return f"{new.summary} (first observation)"
    changed = [] if old.summary == new.summary else [f"was: {old.summary}; is: {new.summary}"]
    for name in SHOWN:
        then, now = old.installed.get(name, "none"), new.installed.get(name, "none")
        changed += [f"{name} {then} -> {now}"] if then != now else []
    return f"since {old.date}: " + ("; ".join(changed) or f"nothing changed: {new.summary}")


def observe_install(one: Pairing) -> Observation:
    """Type the commands of a pairing in a new environment, and run the scripts in it."""
    python = one.pythons[0]
    base = interpreters.find_interpreter(python)
    environ = installers.tool_environ(PIP_NO_CACHE_DIR="1")
    failed = ""
    ended: dict[str, Outcome] = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name) / "env"
        subprocess.run([base, "-I", "-m", "venv", folder], env=environ, check=True)
        inside = interpreters.interpreter_in(folder)
        pip = installation.list_installed(folder)["pip"]
        for command in document_commands(one):
            if failed := _failure(command, inside, environ):
                break
        came = installation.list_installed(folder)
        if not failed:
            # Without a keras package, code that imports `keras` alone fails as it should.
            for script in SCRIPTS if one.keras else SCRIPTS[:1]:
                ended[script] = sandbox.run_script(
                    outcomes.list_scripts()[script], inside, one.env
                ).outcome
    return Observation(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        python=python,
        pip=pip,
        commands=document_commands(one),
        failed=failed,
        installed={name: came[name] for name in SHOWN if name in came},
        outcomes={script: str(result) for script, result in ended.items()},
    )


def _failure(command: str, python: Path, environ: Mapping[str, str]) -> str:
    """Why a `pip install` failed: the command and pip's last error; empty if it did not."""
    words = [str(python), "-I", "-m", *command.split()]
    try:
        done = subprocess.run(
            words,
            env=environ,
            timeout=_TIMEOUT,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        return f"{command}: no end after {_TIMEOUT} seconds"
    if not done.returncode:
        return ""
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return outcomes.normalise_message(f"{command}: {(errors or ['no reason given'])[-1]}")


def _render(observations: Mapping[str, Observation]) -> str:
    data = {
        "generated": "by nox -s unpinned-install",
        "observations": {name: asdict(one) for name, one in observations.items()},
    }
    return json.dumps(data, indent=1) + "\n"

"""Unpinned installs: what the document's own commands install today.

This changes with every release on PyPI, so the result is a dated observation and never expected.
"""

from __future__ import annotations

import datetime
import json
import os
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from envs import MEASURED, Problem
from envs.model import disk, host, lock, outcomes, pairing
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Pairing, Target
from envs.running import installation, installers, interpreters, sandbox

FILE = MEASURED / "unpinned_install.json"
SCRIPTS = ("broken_import/correction", "legacy_adaptation/legacy_completed")
SHOWN = ("tensorflow", "keras", "keras-nightly", "tf-keras", "numpy", "protobuf", "setuptools")

_TIMEOUT = 1800
"""How many seconds one `pip install` may take."""


@dataclass(frozen=True)
class Observation:
    """What the commands of a pairing installed on a day, and how the scripts ended.

    If a command failed, `failed` holds it with the last error of pip, and `outcomes` is empty.
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
        """`works`, or the first error."""
        if self.failed:
            return f"cannot be installed: {self.failed}"
        bad = [outcome for outcome in self.outcomes.values() if outcome != Kind.WORKS]
        return bad[0] if bad else str(Kind.WORKS)


def document_commands(declared: Pairing) -> tuple[str, ...]:
    """The commands that the document gives for a pairing: one `pip install` for each package.

    The versions of Keras are those in the lock for the recommended Python. For TensorFlow 2.5 no
    Keras is named, because it installs `keras-nightly` itself. Raises Problem for a broken lock.
    """
    versions = lock.read_lock(Target(declared, declared.pythons[0])).versions
    names = ["keras"] if declared.keras and declared.keras.name == "keras" else []
    names += ["tf-keras"] if declared.tf_keras else []
    pins = [f"tensorflow=={declared.tensorflow}", *(f"{name}=={versions[name]}" for name in names)]
    return tuple(f"pip install {pin}" for pin in pins)


def load_observations(path: Path = FILE) -> dict[str, Observation]:
    """Pairing -> its last observation. Raises Problem if the file cannot be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))["observations"]
        return {
            name: Observation(**{**fields, "commands": tuple(fields["commands"])})
            for name, fields in data.items()
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem(
            f"envs/measured/{path.name}: cannot be read ({error}): run nox -s unpinned-install"
        ) from None


def renew_observations(names: list[str], say: Callable[[str], None], path: Path = FILE) -> None:
    """Run the commands of the named pairings, or of all, and say what changed since last time.

    Each observation is recorded as soon as it is made. Raises Problem for an unknown name, or if an
    interpreter is missing.
    """
    host.require_linux("installs without a lock are recorded")
    pairings = {
        name: declared
        for name, declared in pairing.load_pairings().items()
        if not declared.impossible
    }
    before = load_observations(path) if path.exists() else {}
    known = {name: observation for name, observation in before.items() if name in pairings}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        chosen = pairing.choose_names(pairings, names)
        futures = {name: pool.submit(observe_install, pairings[name]) for name in chosen}
        try:
            for name, future in futures.items():
                known[name] = future.result()
                # In the order of the pairings, whichever was observed first.
                ordered = {each: known[each] for each in pairings if each in known}
                disk.write_file(path, _render(ordered))
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


def observe_install(declared: Pairing) -> Observation:
    """Run the commands of a pairing in a new environment, and the scripts in it.

    Raises NoInterpreter.
    """
    python = declared.pythons[0]
    base = interpreters.find_interpreter(python)
    environ = installers.tool_environ(PIP_NO_CACHE_DIR="1")
    failed = ""
    ended: dict[str, Outcome] = {}
    with disk.temporary_folder() as root:
        folder = root / "env"
        subprocess.run([base, "-I", "-m", "venv", folder], env=environ, check=True)
        inside = interpreters.interpreter_in(folder)
        pip = installation.list_installed(folder)["pip"]
        for command in document_commands(declared):
            if failed := _failure(command, inside, environ):
                break
        installed = installation.list_installed(folder)
        if not failed:
            # The second script imports `keras`, which must fail where there is no such package.
            for script in SCRIPTS if declared.keras else SCRIPTS[:1]:
                path = outcomes.list_scripts()[script]
                ended[script] = sandbox.run_script(path, inside, declared.env).outcome
    return Observation(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        python=python,
        pip=pip,
        commands=document_commands(declared),
        failed=failed,
        installed={name: installed[name] for name in SHOWN if name in installed},
        outcomes={script: str(outcome) for script, outcome in ended.items()},
    )


def _failure(command: str, python: Path, environ: Mapping[str, str]) -> str:
    """The command and the last error of pip, if the command failed; empty if it worked."""
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
        "observations": {name: asdict(observed) for name, observed in observations.items()},
    }
    return json.dumps(data, indent=1) + "\n"

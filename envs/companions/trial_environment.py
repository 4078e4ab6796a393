"""The environment of trials: made from a lock, changed by each, restored after each."""

from __future__ import annotations

import datetime
import json
import os
import re
import shlex
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from envs import ROOT, Problem
from envs.companions import trial_files
from envs.companions.packages import Companion
from envs.companions.trials import Changes, State, Trial
from envs.locking import resolver
from envs.model import lock, outcomes
from envs.model.pairing import Target
from envs.running import installation, installers, sandbox, sessions
from envs.running.changed_environment import ChangedEnvironment

KERAS = "legacy_adaptation/legacy_completed"
"""The example that trains with the `keras` package."""


class TrialEnvironment(ChangedEnvironment):
    """An environment in which companions are tried. Call `make` before anything else.

    `installer` is `uv` or `pip`: what installs, and what verify.py is to print.
    """

    def __init__(self, target: Target, as_of: str, installer: str = "uv") -> None:
        super().__init__(target, ROOT / ".nox" / f"companions-{target.pairing.name}-{installer}")
        self.as_of, self.installer = as_of, installer
        self.environ = dict(target.pairing.env)

    def complete(self) -> None:
        """Add pip, as venv does, if it is what installs."""
        if self.installer == "pip":
            installers.add_pip(self.python)

    def restore(self) -> None:
        """Bring the lock and the variables back."""
        self.environ = dict(self.target.pairing.env)
        super().restore()

    def try_companion(self, companion: Companion) -> Trial:
        """Install a companion, check all, carry out the printed remedy, and check again.

        Raises Problem for what is no result, such as no network. The environment must be restored
        afterwards.
        """
        before = installation.list_installed(self.folder)
        trial: dict[str, Any] = {
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "lock": lock.read_lock(self.target).digest,
            "scripts": trial_files.scripts_digest(),
            "as_of": self.as_of,
        }
        try:
            self.install(companion.arguments)
        except resolver.NoSolution as problem:
            return Trial(**trial, cannot=str(problem))
        trial["changed"] = self.changes(before)
        state, facts = self.look(companion)
        fixes = tuple(fix for problem in facts["problems"] for fix in problem["fixes"])
        trial |= {"installed": state, "fixes": tuple(map(self.anonymous, fixes))}
        between = installation.list_installed(self.folder)
        try:
            carried_out = any([self.carry_out(fix) for fix in dict.fromkeys(fixes)])
        except resolver.NoSolution as problem:
            refused = f"what was printed cannot be carried out: {problem}"
            return Trial(**trial, mended=replace(state, problems=(*state.problems, refused)))
        if carried_out:
            trial["moved"] = self.changes(between)
            trial["mended"] = self.look(companion)[0]
        return Trial(**trial)

    def install(self, arguments: list[str]) -> None:
        """What a person types, as of the day of the record. Raises NoSolution, Problem."""
        if self.installer == "pip":
            command = [str(self.python), "-I", "-m", "pip", "install", "-q"]
            command += [f"--index-url={lock.PYPI}", f"--uploaded-prior-to={self.as_of}T00:00:00Z"]
        else:
            command = [installers.find_uv() or "uv", "pip", "install", "-p", str(self.python)]
            command += [*installers.pypi_options(), f"--exclude-newer={self.as_of}T00:00:00Z"]
        done = installers.run_installer([*command, *arguments])
        if done.returncode:
            if "No solution found when resolving" in done.stdout:
                raise resolver.NoSolution(resolver.read_proof(done.stdout))
            lines = done.stdout.strip().splitlines()
            errors = [line for line in lines if re.match(r"(ERROR|error): ", line)]
            if re.search(
                "ResolutionImpossible|No matching distribution|[Ff]ailed to build|"
                "metadata-generation-failed|subprocess-exited",
                done.stdout,
            ):
                raise resolver.NoSolution(outcomes.normalise_message(" ".join(errors[:2])))
            output = installers.indent_output(done.stdout)
            raise Problem(f"{shlex.join(arguments)}: could not be installed:\n{output}")

    def remove(self, names: list[str]) -> None:
        """Uninstall what a fix names. Raises Problem."""
        if self.installer == "pip":
            command = [str(self.python), "-I", "-m", "pip", "uninstall", "-q", "-y"]
        else:
            command = [installers.find_uv() or "uv", "pip", "uninstall", "-p", str(self.python)]
        done = installers.run_installer([*command, *names])
        if done.returncode:
            output = installers.indent_output(done.stdout)
            raise Problem(f"{shlex.join(names)}: could not be uninstalled:\n{output}")

    def look(self, companion: Companion) -> tuple[State, dict[str, Any]]:
        """How every part ends now, and what `verify.py --json` says."""
        scripts = {"environment": sessions.SMOKE, "keras": outcomes.list_scripts()[KERAS]}
        with tempfile.TemporaryDirectory() as name:
            scripts["companion"] = Path(name, "does.py")
            scripts["companion"].write_text(companion.does, encoding="utf-8")
            ended = {
                part: str(sandbox.run_script(script, self.python, self.environ).outcome)
                for part, script in scripts.items()
                if part != "keras" or self.target.pairing.keras
            }
        facts = self.verify()
        problems = tuple(self.anonymous(problem["what"]) for problem in facts["problems"])
        state = State(ended["environment"], ended.get("keras", ""), ended["companion"], problems)
        return state, facts

    def verify(self) -> dict[str, Any]:
        """What `verify.py --json` prints."""
        uv = Path(installers.find_uv() or "uv").parent
        environ = {"PATH": f"{uv}{os.pathsep}{os.environ['PATH']}", "HOME": "/nonexistent"}
        done = subprocess.run(
            [self.python, outcomes.VERIFY, "--json"],
            env=environ | self.environ,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=sandbox.TIMEOUT,
        )
        try:
            facts: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            raise Problem(f"verify.py ended without an answer:\n{done.stderr[-2000:]}") from None
        return facts

    def carry_out(self, fix: str) -> bool:
        """Do what a fix says; whether it is one to be done, not a choice that a person has."""
        kind, words = installers.read_command(fix)
        if match := re.fullmatch(r"set (\w+)=(\w+)", fix):
            self.environ[match[1]] = match[2]
        elif kind == "install":
            self.install(list(words))
        elif kind == "uninstall":
            self.remove(list(words))
        else:
            return False
        return True

    def changes(self, before: dict[str, str]) -> Changes:
        """What was installed, removed or replaced since."""
        after = installation.list_installed(self.folder)
        return {
            name: (before.get(name), after.get(name))
            for name in sorted({*before, *after})
            if before.get(name) != after.get(name)
        }

    def anonymous(self, text: str) -> str:
        """A text without the paths of this machine."""
        return outcomes.normalise_message(text)

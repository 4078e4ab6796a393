"""The environment of cases: changed as each says, and restored after each."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from envs import ROOT, Problem
from envs.errors import catalogue_files
from envs.errors.case_steps import BARE, CaseStep, Track
from envs.errors.reading import strip_colours, strip_native
from envs.interference.broken_environment import AS_OF
from envs.model import disk, lock, outcomes
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Target
from envs.running import installation, installers, interpreters, sandbox
from envs.running.changed_environment import ChangedEnvironment

_COMMAND = """\
import os, shlex, subprocess, sys
folder = os.path.dirname(sys.executable)
environ = dict(os.environ, PATH=folder + os.pathsep + os.environ["PATH"])
sys.exit(subprocess.call(shlex.split({command!r}), env=environ))
"""
"""The script that runs a command as in an activated environment."""

_WRAPS = (
    r"Exception encountered when calling |Graph execution error:"
    r"|<class '[\w.]+'> could not be deserialized properly"
)
"""How messages begin of which a line further down says what is wrong."""


@dataclass(frozen=True)
class Ended:
    """How a step ended: its outcome, and all that it printed, line by line, normalised."""

    outcome: Outcome
    lines: tuple[str, ...] = ()

    @property
    def error(self) -> str:
        """The line of its exception; of code in a graph, whose message is a traceback, the last."""
        if self.outcome.message in ("in user code:", "in converted code:"):
            return next((line for line in reversed(self.lines) if line), "")
        return f"{self.outcome.exception}: {self.outcome.message}".removesuffix(": ")

    @property
    def shown(self) -> str:
        """Its error in one line, or the last that it printed."""
        error = (
            f"{self.outcome.kind}: {self.error}" if self.outcome.exception else str(self.outcome)
        )
        last = next((line for line in reversed(self.lines) if line), "")
        silent = self.outcome.exception in ("", "SystemExit")
        return f"{error} ({last})" if silent and last else error

    def judge(self, step: CaseStep) -> str:
        """What is wrong with it, with both lines; empty if it ended as the step says."""
        works = self.outcome.kind is Kind.WORKS
        if not step.line:
            return "" if works else f"{step.title}: must work; {self.shown}"
        wanted = outcomes.normalise_message(step.line)
        if step.printed or step.run:
            came = any(_is_line(line, wanted) for line in self.lines)
            ends_well = self.outcome.kind in (Kind.WORKS, Kind.HIDES_AN_ERROR)
            came = came and (ends_well if step.printed else not works)
        elif re.match(_WRAPS, self.outcome.message):
            came = any(_is_line(line, wanted) for line in self.lines)
        else:
            came = self.outcome.kind is Kind.FAILS and _is_line(self.error, wanted)
        if came:
            return ""
        return f"{step.title}: expected: {step.line}\n    happened: {self.shown}"


def _is_line(line: str, wanted: str) -> bool:
    line = strip_native(line)
    if wanted.endswith("..."):
        return line.startswith(wanted[:-3].rstrip())
    return line == wanted


class CaseEnvironment(ChangedEnvironment):
    """An environment for cases; a bare one has pip alone. Call `ensure` before anything else."""

    def __init__(self, place: str, target: Target | None) -> None:
        self.place = place
        self.bare = target is None
        super().__init__(target, ROOT / ".nox" / f"errors-{place}")  # type: ignore[arg-type]

    def ensure(self) -> None:
        """Make it, unless it is there as it was made. Raises NoInterpreter, CouldNotInstall."""
        if self.as_made:
            return
        if self.bare:
            self.make()
            return
        file = lock.lock_path(self.target)
        self.python = installation.ensure_environment(self.folder, self.target.python, file)
        self.as_made = self.files()

    def make(self) -> None:
        """Make it from its lock, or with nothing but pip."""
        if not self.bare:
            super().make()
            return
        installation.drop_environment(self.folder)
        number = self.place.removeprefix(f"{BARE}-py")
        base = interpreters.find_interpreter(f"{number[0]}.{number[1:]}")
        subprocess.run([base, "-I", "-m", "venv", "--without-pip", self.folder], check=True)
        self.python = interpreters.interpreter_in(self.folder)
        installers.add_pip(self.python)
        self.as_made = self.files()

    def restore(self) -> None:
        """Bring back what it was made of."""
        if self.bare:
            self.make()
        else:
            super().restore()

    def run_before(self, code: str, folder: Path) -> None:
        """Run the code that leaves files for a case. Raises Problem if it does not work."""
        ended = self.run_step(CaseStep("before", code=code), {}, folder)
        if problem := ended.judge(CaseStep("before")):
            raise Problem(f"{self.place}: {problem}")

    def run_track(self, track: Track, folder: Path) -> list[str]:
        """Run the steps of a track in a folder; what went wrong. It must be restored afterwards."""
        for name, text in track.files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        if not self.bare and any(" pip " in step.run for step in track.steps):
            installers.add_pip(self.python)
        came: Ended | None = None
        for step in track.steps:
            if step.told:
                step, untold = self.ask_verify(track.entry, step, came, track.env)
                if untold:
                    return [f"{step.title}: {untold}"]
            if refused := self.change(step):
                return [f"{step.title}: {refused}"]
            for name in step.remove:
                unwanted = folder / name
                if unwanted.is_dir():
                    disk.remove_folder(unwanted)
                else:
                    unwanted.unlink()
            if not (step.code or step.run):
                continue
            ended = self.run_step(step, track.env, folder)
            if problem := ended.judge(step):
                return [problem]
            came = ended if step.line and not (step.printed or step.run) else came
        return []

    def ask_verify(
        self, entry: str, step: CaseStep, came: Ended | None, env: Mapping[str, str]
    ) -> tuple[CaseStep, str]:
        """A step with the commands that verify.py tells in this environment for its cure.

        `came` is what came: it is told the line of the error, or all that was printed where the
        entry says that the line alone says too little. If nothing came, it is told the line of the
        case. Together with what is wrong: it does not know the entry, or not this cure; empty if
        nothing.
        """
        assert step.told
        line, number = step.told
        if came:
            whole = catalogue_files.load_catalogue()[entry].needs_above
            line = "\n".join(came.lines) if whole else came.error
        command = [str(self.python), "-I", str(outcomes.VERIFY), f"--explain={line}", "--json"]
        done = subprocess.run(
            command, env={**os.environ, **env}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            return step, f"verify.py --explain ended with {done.returncode}: {done.stderr[-600:]}"
        answers = {one["name"]: one["fixes"] for one in json.loads(done.stdout)["errors"]}
        if entry not in answers:
            return step, f"verify.py --explain takes it for {', '.join(answers)}"
        commands = [one["commands"] for one in answers[entry] if one["cure"] == number]
        if not commands:
            return step, f"verify.py --explain leaves out cure {number}"
        told = [installers.read_command(one) for one in commands[0]]
        install, uninstall = (
            tuple(word for done, words in told if done == kind for word in words)
            for kind in ("install", "uninstall")
        )
        return replace(step, install=install, uninstall=uninstall), ""

    def change(self, step: CaseStep) -> str:
        """Uninstall and install what a step says; why that was refused, or nothing."""
        uv = installers.find_uv() or "uv"
        commands = []
        if step.uninstall:
            commands.append(["uninstall", *step.uninstall])
        if step.install:
            options = [*installers.pypi_options(), f"--exclude-newer={AS_OF}T00:00:00Z"]
            commands.append(["install", *options, *step.install])
        for words in commands:
            done = installers.run_installer(
                [uv, "pip", words[0], "-p", str(self.python), *words[1:]]
            )
            if done.returncode:
                said = " ".join(done.stdout.split())[-600:]
                return f"{Kind.COULD_NOT_INSTALL}: {' '.join(step.install)}: {said}"
        return ""

    def run_step(self, step: CaseStep, env: Mapping[str, str], folder: Path) -> Ended:
        """Run the code or the command of a step, as a user would, in a folder."""
        script = folder / "main.py"
        code = step.code or _COMMAND.format(command=step.run)
        script.write_text(code, encoding="utf-8")
        shutil.rmtree(folder / "__pycache__", ignore_errors=True)
        of_pip = {
            name: value
            for name, value in installers.tool_environ().items()
            if name.startswith("PIP_")
        }
        own = {} if self.bare else self.target.pairing.env
        environ = {**of_pip, **own, **env, **step.env}
        run = sandbox.run_script(script, self.python, environ, project=folder)
        script.unlink()
        output = strip_colours(run.output).splitlines()
        lines = tuple(map(outcomes.normalise_message, output))
        return Ended(run.outcome, lines)

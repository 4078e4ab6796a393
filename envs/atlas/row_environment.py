"""The environment of a row: made from its lock, changed for each cell, restored after each."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

from envs import ROOT, Problem
from envs.atlas import cells, layout, row_files
from envs.atlas.cells import NOT_REACHED, STEPS, Cell, Column, Conditions
from envs.locking import resolver
from envs.model import lock, outcomes
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Target
from envs.running import classification, installation, installers, sandbox
from envs.running.changed_environment import ChangedEnvironment

# The script reports the errors of its steps and then ends without an error. Errors that Keras
# only prints do not count.
_ENDED = (Kind.WORKS, Kind.HIDES_AN_ERROR)


def _failure(error: str) -> Outcome:
    """The outcome of a step that failed, from the last lines of its traceback."""
    lines = error.strip().splitlines()
    if "in user code:" in lines[0]:
        # For code in a graph, the message is itself a traceback, and its last line is the error.
        error = lines[-1].strip()
    return classification.read_exception(error) or Outcome(
        Kind.FAILS, outcomes.normalise_message(lines[0])
    )


class RowEnvironment(ChangedEnvironment):
    """The environment of a row. Call `make` before anything else."""

    def __init__(self, target: Target) -> None:
        super().__init__(target, ROOT / ".nox" / f"atlas-{target.pairing.name}")

    def cell(self, column: Column) -> Cell:
        """Install a column, run the steps, and restore the environment.

        Raises Problem for a failure that is not a result of the cell, such as no network or a step
        that does not end.
        """
        cannot, changed = self.install(column)
        steps = {} if cannot else self.steps(column)
        cell = Cell(self.conditions(), self.admitted(column), cannot, changed, steps)
        if changed:
            self.restore()
        return cell

    def install(
        self, column: Column
    ) -> tuple[str | None, dict[str, tuple[str | None, str | None]]]:
        """Install a column. Returns why it cannot be installed, if so, and what it changed.

        The changes are package -> release before and after. Raises Problem as `cell` does.
        """
        before = installation.list_installed(self.folder)
        constraint = self.folder / "constraint.txt"
        constraint.write_text(f"tensorflow=={self.target.pairing.tensorflow}\n", encoding="utf-8")
        command = [installers.find_uv() or "uv", "pip", "install", "-p", str(self.python)]
        command += [
            *installers.pypi_options(),
            "--exclude-newer",
            f"{layout.load_columns()[0]}T00:00:00Z",
        ]
        command += ["-c", str(constraint), f"{column.package}=={column.version}"]
        done = installers.run_installer(command)
        constraint.unlink()
        if done.returncode:
            if "No solution found when resolving" in done.stdout:
                return resolver.read_proof(done.stdout), {}
            output = installers.indent_output(done.stdout)
            raise Problem(
                f"{column} could not be installed, though its requirements allow it: check the "
                f"network and run it again:\n{output}"
            )
        after = installation.list_installed(self.folder)
        return None, {
            name: (before.get(name), after.get(name))
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        }

    def steps(self, column: Column) -> dict[str, str]:
        """Step -> its outcome. If the steps of Keras are not all reached, they run again alone."""
        ended: dict[str, str] = {}
        for wanted in (STEPS, STEPS[3:]):
            if not ended.keys() >= set(wanted):
                ended |= self.script(column, wanted)
        return {step: ended[step] for step in STEPS}

    def script(self, column: Column, wanted: Sequence[str]) -> dict[str, str]:
        """Run some steps in one process. Returns step -> its outcome, or that it is not reached.

        Raises Problem as `cell` does.
        """
        env = {**self.target.pairing.env, **column.env, "TF_CPP_MIN_LOG_LEVEL": "3"}
        run_ = sandbox.run_script(row_files.SCRIPT, self.python, env, args=(column.module, *wanted))
        ended = {}
        for line in re.findall(r'(?m)^\{"step": .*\}$', run_.output):
            report = json.loads(line)
            if "works" in report:
                ended[report["step"]] = f"{Kind.WORKS}: {report['works']}"
            else:
                ended[report["step"]] = str(_failure(report["fails"]))
        stopped = any(outcome.startswith(Kind.FAILS) for outcome in ended.values())
        if run_.outcome.kind is Kind.CRASHES:
            # The step that was running crashed, or, if all had ended, the end of the process did.
            step = next((step for step in wanted if step not in ended), wanted[-1])
            ended[step] = str(run_.outcome)
        elif run_.outcome.kind not in _ENDED or not (stopped or len(ended) == len(wanted)):
            raise Problem(f"{column}: {run_.outcome}\n{run_.output[-2000:]}")
        first = next((step for step in wanted if not ended.get(step, "").startswith("works")), None)
        after = wanted[wanted.index(first) + 1 :] if first else ()
        # Training through keras does not need tf.keras, so a failure of tf.keras does not stop it.
        return ended | {
            step: NOT_REACHED for step in after if step not in STEPS[3:] or first in STEPS[3:]
        }

    def admitted(self, column: Column) -> bool | None:
        """Whether the metadata of the installed TensorFlow admits a column; None if unsaid."""
        paths = [str(path) for path in installation.find_site_packages(self.folder)]
        tensorflow = next(dist for dist in distributions(path=paths) if dist.name == "tensorflow")
        return cells.is_admitted(tensorflow.requires or (), self.target.python, column)

    def conditions(self) -> Conditions:
        """When and with what the cells of this run are run."""
        code = "import platform; print(platform.python_version())"
        commands: list[list[str | Path]] = [
            [installers.find_uv() or "uv", "--version"],
            [self.python, "-I", "-c", code],
        ]
        uv, python = (
            subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            for command in commands
        )
        return Conditions(
            date=datetime.datetime.now(datetime.UTC).date().isoformat(),
            uv=uv[1],
            python=python[0],
            lock=lock.read_lock(self.target).digest,
            as_of=layout.load_columns()[0],
            script=row_files.script_digest(),
        )

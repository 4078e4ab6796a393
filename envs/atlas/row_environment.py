"""The environment of a row: made from its lock, changed for each cell, and restored."""

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

# The script reports errors and ends well; what Keras prints of others is its own affair.
_ENDED = (Kind.WORKS, Kind.HIDES_AN_ERROR)


def _failure(said: str) -> Outcome:
    """The outcome of a step, from what a traceback says of its exception at the end."""
    lines = said.strip().splitlines()
    if "in user code:" in lines[0]:
        # What runs in a graph has its own traceback in the message, with the error as its end.
        said = lines[-1].strip()
    return classification.read_exception(said) or Outcome(
        Kind.FAILS, outcomes.normalise_message(lines[0])
    )


class RowEnvironment:
    """The environment of a row."""

    def __init__(self, target: Target) -> None:
        """`make` makes it; a run that was killed may have left anything there."""
        self.target = target
        self.folder = ROOT / ".nox" / f"atlas-{target.pairing.name}"

    def make(self) -> None:
        """Make it anew from its lock. Raises NoInterpreter, CouldNotInstall."""
        installation.drop_environment(self.folder)
        file = lock.lock_path(self.target)
        self.python = installation.ensure_environment(self.folder, self.target.python, file)
        self.as_made = self.files()

    def files(self) -> dict[str, int]:
        """Every file and folder that was installed, but bytecode, and its size in bytes.

        Folders count: an empty `keras` can be imported.
        """
        found = {}
        for root in (*installation.find_site_packages(self.folder), self.python.parent):
            for path in root.rglob("*"):
                if path.suffix != ".pyc" and path.name != "__pycache__":
                    found[str(path)] = 0 if path.is_dir() else path.stat().st_size
        return found

    def cell(self, column: Column) -> Cell:
        """What happens with a column installed; afterwards the environment is as it was.

        Raises Problem for anything that says nothing of that cell: no network, no end.
        """
        cannot, changed = self.install(column)
        steps = {} if cannot else self.steps(column)
        cell = Cell(self.conditions(), self.admitted(column), cannot, changed, steps)
        if changed:
            self.restore()
        return cell

    def restore(self) -> None:
        """Bring the environment back to its lock, file by file, or make it anew."""
        installation.restore_environment(self.folder, lock.lock_path(self.target))
        if self.files() != self.as_made:
            self.make()

    def install(
        self, column: Column
    ) -> tuple[str | None, dict[str, tuple[str | None, str | None]]]:
        """Why a column cannot be installed, or else what installing it changed."""
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
        done = subprocess.run(
            command,
            env=installers.tool_environ(),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
        constraint.unlink()
        if done.returncode:
            if "No solution found when resolving" in done.stderr:
                return resolver.read_proof(done.stderr), {}
            said = "\n".join("    " + line for line in done.stderr.strip().splitlines()[-20:])
            raise Problem(f"{column} could not be installed, which says nothing of it:\n{said}")
        after = installation.list_installed(self.folder)
        return None, {
            name: (before.get(name), after.get(name))
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        }

    def steps(self, column: Column) -> dict[str, str]:
        """How each step ends; what follows on a failed import runs in a process of its own."""
        ended: dict[str, str] = {}
        for wanted in (STEPS, STEPS[3:]):
            if not ended.keys() >= set(wanted):
                ended |= self.script(column, wanted)
        return {step: ended[step] for step in STEPS}

    def script(self, column: Column, wanted: Sequence[str]) -> dict[str, str]:
        """How some steps end in one process, and which are not reached."""
        env = {**self.target.pairing.env, **column.env, "TF_CPP_MIN_LOG_LEVEL": "3"}
        run_ = sandbox.run_script(row_files.SCRIPT, self.python, env, args=(column.module, *wanted))
        ended = {}
        for line in re.findall(r'(?m)^\{"step": .*\}$', run_.output):
            said = json.loads(line)
            if "works" in said:
                ended[said["step"]] = f"{Kind.WORKS}: {said['works']}"
            else:
                ended[said["step"]] = str(_failure(said["fails"]))
        stopped = any(said.startswith(Kind.FAILS) for said in ended.values())
        if run_.outcome.kind is Kind.CRASHES:
            # The step that was under way, or the end of the process after the last one.
            step = next((one for one in wanted if one not in ended), wanted[-1])
            ended[step] = str(run_.outcome)
        elif run_.outcome.kind not in _ENDED or not (stopped or len(ended) == len(wanted)):
            raise Problem(f"{column}: {run_.outcome}\n{run_.output[-2000:]}")
        first = next((step for step in wanted if not ended.get(step, "").startswith("works")), None)
        after = wanted[wanted.index(first) + 1 :] if first else ()
        # Training through keras needs no tf.keras, so that is not what keeps it from being reached.
        return ended | {s: NOT_REACHED for s in after if s not in STEPS[3:] or first in STEPS[3:]}

    def admitted(self, column: Column) -> bool | None:
        """What the metadata of the TensorFlow that is installed says of a column."""
        paths = [str(path) for path in installation.find_site_packages(self.folder)]
        found = next(one for one in distributions(path=paths) if one.name == "tensorflow")
        return cells.is_admitted(found.requires or (), self.target.python, column)

    def conditions(self) -> Conditions:
        """When and with what."""
        code = "import platform; print(platform.python_version())"
        commands: list[list[str | Path]] = [
            [installers.find_uv() or "uv", "--version"],
            [self.python, "-I", "-c", code],
        ]
        said = [
            subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            for command in commands
        ]
        return Conditions(
            date=datetime.datetime.now(datetime.UTC).date().isoformat(),
            uv=said[0][1],
            python=said[1][0],
            lock=lock.read_lock(self.target).digest,
            as_of=layout.load_columns()[0],
            script=row_files.script_digest(),
        )

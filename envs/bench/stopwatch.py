"""The stopwatch: time the parts of the benchmark, and run their commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path

from envs import ROOT, Problem
from envs.running import installers, interpreters

Say = Callable[[str], None]

CORES = os.cpu_count() or 1


@dataclass
class Part:
    """A part that is being timed.

    `folder` is for its files, `repeat` is how often to time each figure, `seconds` is figure ->
    seconds of each repetition, `disk` is session -> bytes of its environment and bytecode, and
    `weight` what is sent to a reader -> its bytes.
    """

    folder: Path
    repeat: int
    say: Say
    seconds: dict[str, list[float]] = field(default_factory=dict)
    disk: dict[str, list[int]] = field(default_factory=dict)
    weight: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def timed(self, figure: str) -> Iterator[None]:
        """A context whose time counts as one repetition of a figure."""
        began = time.perf_counter()
        yield
        self.add(figure, time.perf_counter() - began)

    def add(self, figure: str, seconds: float) -> None:
        """Add one repetition of a figure."""
        times = self.seconds.setdefault(figure, [])
        times.append(round(seconds, 3))
        self.say(f"{figure}: {seconds:.2f} s ({len(times)})")


def count_cpu_of_children() -> float:
    """The CPU seconds of all processes that were started here and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def run_command(*command: str | Path, cwd: Path | None = None, **environ: str) -> None:
    """Run a command without the variables that configure pip, uv or Python.

    `environ` adds variables. Raises Problem if the command fails.
    """
    clean = installers.tool_environ(mirrors=True, **environ)
    clean.pop("NOX_SCRIPT_MODE", None)
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd or ROOT,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        words = " ".join(Path(word).name for word in map(str, command))
        last = "\n".join(done.stdout.strip().splitlines()[-20:])
        raise Problem(
            f"{words}: failed with exit code {done.returncode}: no time is recorded\n{last}"
        )


@cache
def make_user() -> Path:
    """Create the environment of a user, with only nox and uv, and return its interpreter.

    Within the toolchain, nox would not start itself again in an environment of its own, as it does
    for a user. That start must be timed too. Raises Problem.
    """
    env = ROOT / ".nox" / "bench"
    shutil.rmtree(env, ignore_errors=True)
    run_command(sys.executable, "-m", "venv", env)
    python = interpreters.interpreter_in(env)
    run_command(
        python, "-m", "pip", "install", f"nox[uv]=={version('nox')}", f"uv=={version('uv')}"
    )
    return python


def run_nox(*args: str, cwd: Path, **environ: str) -> None:
    """Run nox as a user does. Raises Problem if it fails."""
    run_command(make_user(), "-m", "nox", *args, cwd=cwd, **environ)

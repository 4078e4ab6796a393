"""What a part of the benchmark is timed with, and the commands that it runs."""

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


def copy_checkout(folder: Path) -> Path:
    """A copy of this checkout: what git knows, and what it does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy)
    return folder


@dataclass
class Part:
    folder: Path
    repeat: int
    say: Say
    seconds: dict[str, list[float]] = field(default_factory=dict)
    disk: dict[str, list[int]] = field(default_factory=dict)

    @contextmanager
    def timed(self, figure: str) -> Iterator[None]:
        """Time what is done in it, as one repetition of a figure."""
        began = time.perf_counter()
        yield
        self.add(figure, time.perf_counter() - began)

    def add(self, figure: str, seconds: float) -> None:
        times = self.seconds.setdefault(figure, [])
        times.append(round(seconds, 3))
        self.say(f"{figure}: {seconds:.2f} s ({len(times)})")


def run_command(*command: str | Path, cwd: Path | None = None, **environ: str) -> None:
    """Run a command, with the variables of this process but for those that configure tools."""
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
        raise Problem(f"{words}: failed with exit code {done.returncode}: nothing is timed\n{last}")


@cache
def make_user() -> Path:
    """The Python of a user: with nox and uv as the README says, without the rest of the toolchain.

    Nox runs itself again in the environment of its toolchain only if it is not in one already.
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
    run_command(make_user(), "-m", "nox", *args, cwd=cwd, **environ)

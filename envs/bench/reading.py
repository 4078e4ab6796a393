"""How long `nox -s which` takes to read a thousand files, and vermin to read the same."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from envs import ROOT, Problem
from envs.bench import stopwatch
from envs.bench.stopwatch import Part
from envs.model import lock, pairing
from envs.running import installation, interpreters, sessions

_FILES = 1000
_VERMIN = "vermin==1.9.2"
"""What a Python program needs, from rules written by hand: the nearest relative of `which`."""

_WHICH = "import sys; from envs.which import which_run; which_run.run_which(sys.argv[1:])"


def time_which(part: Part) -> None:
    """Time both on the same files, each on one core. Raises Problem if there are too few."""
    project = _copy_files(part.folder / "project")
    one = part.folder / "one"
    one.mkdir()
    (one / "one.py").write_text("import keras\nmodel = keras.Sequential()\nmodel.summary()\n")
    tools = part.folder / "tools"
    stopwatch.run_command(sys.executable, "-m", "venv", tools)
    vermin = interpreters.interpreter_in(tools)
    stopwatch.run_command(vermin, "-m", "pip", "install", _VERMIN)
    for _ in range(part.repeat):
        for figure, folder in (("which", project), ("which-one", one)):
            with part.timed(figure):
                stopwatch.run_command(sys.executable, "-c", _WHICH, folder)
        with part.timed("vermin"):
            stopwatch.run_command(vermin, "-m", "vermin", "-p=1", "--no-tips", project)


def _copy_files(folder: Path) -> Path:
    """A folder with files of real code: those of an environment that mention either package."""
    target = lock.list_executable(pairing.load_pairings())["tf212"]
    environment = sessions.environment_folder(target)
    installation.ensure_environment(environment, target.python, lock.lock_path(target))
    (site,) = installation.find_site_packages(environment)
    copied = 0
    for package in ("keras", "tensorflow"):
        for file in sorted((site / package).rglob("*.py")):
            data = file.read_bytes()
            if copied < _FILES and (b"keras" in data or b"tensorflow" in data):
                copy = folder / file.relative_to(site)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)
                copied += 1
    if copied < _FILES:
        raise Problem(f"{environment.relative_to(ROOT)}: only {copied} files to read")
    return folder

"""How long `nox -s which` takes to read a thousand files, and vermin to read the same."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from envs import Problem
from envs.bench import stopwatch
from envs.bench.stopwatch import Part
from envs.running import interpreters

_FILES = 1000
_CODE = ("tensor2tensor==1.15.7", "tf-models-official==2.18.0")
"""Real code of TensorFlow 1 and 2, which many people read and copied from."""

_VERMIN = "vermin==1.9.2"
"""What a Python program needs, from rules written by hand: the nearest relative of `which`."""

_WHICH = "import sys; from envs.which import which_run; which_run.run_which(sys.argv[1:])"


def time_which(part: Part) -> None:
    """Time both on the same files, in seconds of one core. Raises Problem if there are too few."""
    tools = part.folder / "tools"
    stopwatch.run_command(sys.executable, "-m", "venv", tools)
    vermin = interpreters.interpreter_in(tools)
    stopwatch.run_command(vermin, "-m", "pip", "install", _VERMIN)
    project = _download_code(part.folder, vermin)
    one = part.folder / "one"
    one.mkdir()
    (one / "one.py").write_text("import keras\nmodel = keras.Sequential()\nmodel.summary()\n")
    commands: dict[str, list[str | Path]] = {
        "which": [sys.executable, "-c", _WHICH, project],
        "which-one": [sys.executable, "-c", _WHICH, one],
        "vermin": [vermin.with_name("vermin"), "-p=1", "--no-tips", project],
    }
    for _ in range(part.repeat):
        for figure, command in commands.items():
            began = stopwatch.count_cpu_of_children()
            stopwatch.run_command(*command)
            part.add(figure, stopwatch.count_cpu_of_children() - began)


def _download_code(folder: Path, python: Path) -> Path:
    """A folder with the first thousand files of the code, which is not run."""
    installed, project = folder / "installed", folder / "project"
    stopwatch.run_command(
        python, "-m", "pip", "install", "--no-deps", "--target", installed, *_CODE
    )
    files = sorted(installed.rglob("*.py"))[:_FILES]
    if len(files) < _FILES:
        raise Problem(f"{' and '.join(_CODE)}: only {len(files)} files to read")
    for file in files:
        copy = project / file.relative_to(installed)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return project

"""Why models do not load, proven: without its cause, an error does not come.

Each cause in envs/explained/load_causes.toml names a file of the grid, who cannot load it, how the
cause is removed, and what comes then. The file is loaded as it is, and once more after only that
was changed in a copy. `nox -s models-proofs -- -k cause` runs this, in environments of the grid.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from grid_environments import SIDES, make, save
from model_cause_removal import REMOVALS, Removal

from envs.model import causes
from envs.model.causes import CauseRemoved
from envs.models import grid, pairing_files
from envs.models.grid import Loading
from envs.publish import model_tables

pytestmark = pytest.mark.usefixtures("grid_environments")

KNOWN = causes.load_causes(causes.OF_MODELS)
SCRIPTS = ("load_files.py", "kinds.py", "ways.py")


def test_every_cause_says_how_it_is_removed() -> None:
    assert {cause.name for cause in KNOWN if cause.removed} == set(REMOVALS)
    assert {cause.name for cause in KNOWN} == set(REMOVALS)
    ends = {causes.LOADS, causes.TRAINS, *REMOVALS}
    assert [cause.name for cause in KNOWN if cause.removed and cause.removed.then not in ends] == []


@pytest.mark.models
@pytest.mark.parametrize("name", list(REMOVALS))
def test_without_its_cause_an_error_does_not_come(name: str, tmp_path: Path) -> None:
    removed = next(cause.removed for cause in KNOWN if cause.name == name)
    assert removed
    before = load(removed, Removal(), tmp_path / "before")
    kind = grid.kind_of(removed.file)
    trains = grid.word_training(before.trains, removed.saver, removed.loader, kind)
    assert name in name_causes(replace(before, trains=trains), removed)
    for number in range(REMOVALS[name].times):
        after = load(removed, REMOVALS[name], tmp_path / f"after{number}")
        found = name_causes(after, removed)
        assert name not in found
        if removed.then == causes.TRAINS:
            assert after.way
            assert after.trains == "equal"
        elif removed.then == causes.LOADS:
            assert after.way in grid.PLAIN
            assert not after.error
        else:
            assert found[0] == removed.then


def name_causes(loading: Loading, removed: CauseRemoved) -> list[str]:
    errors = model_tables.list_errors(loading, removed.file)
    return [found.name for one in errors if (found := causes.find_cause(one, KNOWN))]


def load(removed: CauseRemoved, removal: Removal, folder: Path) -> Loading:
    """How a file loads after a removal, by the script of the grid. Files are copied first."""
    saver, file = removal.instead or (removed.saver, removed.file)
    side = SIDES[removed.loader]
    for name in filter(None, (saver, removal.takes_from)):
        save(name)
    path = copy_saved(pairing_files.path_of(SIDES[saver], file), folder / "saved")
    path = removal.file(path) or path
    if removal.program:
        name, text = removal.program
        subprocess.run([make(name), "-I", "-c", text, path], capture_output=True, check=True)
    copy_scripts(removal, folder)
    [listed] = pairing_files.list_to_load(SIDES[saver], [file])
    entries = folder / "list.json"
    files = [{**listed, "path": str(path)}]
    entries.write_text(json.dumps({"saver": saver, "files": files}), encoding="utf-8")
    report = folder / "report.jsonl"
    limits = (str(pairing_files.SECONDS), str(pairing_files.MEMORY))
    args = (str(report), side.api, "0", *limits, "apart", str(entries))
    subprocess.run(
        [str(make(removed.loader)), "-I", str(folder / "load_files.py"), *args],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "CUDA_VISIBLE_DEVICES": "-1",
            **side.target.pairing.env,
        },
        capture_output=True,
        check=True,
    )
    lines = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    [ended] = [line for line in lines if "file" in line]
    tries: list[tuple[str, str]] = [(way, how) for way, how in ended["tries"]]
    return grid.read_loading(tries, ended["way"], ended.get("trains", ""))


def copy_saved(path: Path, folder: Path) -> Path:
    """A copy of a file, a folder or the files of a checkpoint, in a new folder."""
    folder.mkdir(parents=True)
    beside: list[Path] = [*path.parent.glob(f"{path.name}*"), *path.parent.glob("checkpoint")]
    for one in beside:
        copy: Any = shutil.copytree if one.is_dir() else shutil.copyfile
        copy(one, folder / one.name)
    return folder / path.name


def copy_scripts(removal: Removal, folder: Path) -> None:
    for script in SCRIPTS:
        text = (Path(grid.__file__).parent / script).read_text(encoding="utf-8")
        for changed, before, after in removal.code:
            if changed == script:
                assert before in text
                text = text.replace(before, after)
        (folder / script).write_text(text, encoding="utf-8")

"""The files of the grid: a pairing saves them in its environment, and another loads them there."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import queue
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

from envs import ROOT, Problem
from envs.model import disk, lock
from envs.model.outcomes import Kind
from envs.model.pairing import Target
from envs.models import formats, grid, inspection, record_files
from envs.models.grid import Loading, Side
from envs.models.record_files import Loaded, SavedFile
from envs.running import installation, sandbox

HERE = Path(__file__).parent
FOLDER = ROOT / ".nox" / "models"
"""Where the files of the grid are: not in the repository, but made again from a seed."""

SECONDS = 120.0
"""How long the loading of one file in one way may take: it takes less than one."""

MEMORY = 4 * 2**30
"""How many bytes of memory the loading of the files of one saver may take."""

WHOLE = 3600.0
"""How long the script of one pairing may take in all."""

_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
_ENDED = (Kind.WORKS, Kind.LEAVES_A_PROCESS, Kind.HIDES_AN_ERROR)


def grid_environment(target: Target) -> Path:
    """Where the environment of a pairing is while it saves and loads."""
    return FOLDER / "environments" / target.pairing.name


def make_environment(target: Target) -> Path:
    """Make the environment of a pairing; its interpreter. Raises NoInterpreter, CouldNotInstall."""
    return installation.ensure_environment(
        grid_environment(target), target.python, lock.lock_path(target)
    )


def read_facts(side: Side) -> dict[str, Any] | None:
    """What was reported when a side saved its files, as they are now; None if it has to save."""
    try:
        facts = json.loads(disk.text_of(FOLDER / "files" / side.name / "facts.json"))
    except ValueError:
        return None
    found: dict[str, Any] = facts
    return found if found["of"] == _stamp(side) else None


def _stamp(side: Side) -> list[str]:
    return [lock.read_lock(side.target).digest, record_files.saving_digest()]


@cache
def _free_processors() -> queue.SimpleQueue[int]:
    free: queue.SimpleQueue[int] = queue.SimpleQueue()
    for processor in sorted(os.sched_getaffinity(0)):
        free.put(processor)
    return free


@contextlib.contextmanager
def _one_processor() -> Iterator[str]:
    """The number of a processor that no other script of this process runs on; waits for one."""
    free = _free_processors()
    processor = free.get()
    try:
        yield str(processor)
    finally:
        free.put(processor)


def save_files(side: Side, python: Path) -> None:
    """Have a side save its files into their folder. Raises Problem if it does not end well."""
    folder = FOLDER / "files" / side.name
    disk.remove_folder(folder)
    (folder / "saved").mkdir(parents=True)
    report = folder / "report.jsonl"
    with _one_processor() as processor:
        args = (str(folder / "saved"), side.api, processor, str(report))
        lines = _run_script("save_files", side, python, args, report)
    first = lines[0]
    if first["apart"] != (side.api == "keras"):
        raise Problem(f"{side.name}: its keras and its tf.keras are not what envs/models expects")
    kinds = {line["kind"]: line for line in lines if "kind" in line}
    files = {line["file"]: line for line in lines if "file" in line}
    saved = {}
    for file in grid.list_grid_files():
        error = kinds[grid.kind_of(file)].get("error") or files[file]["error"]
        seen = SavedFile(error=grid.word_error(error)) if error else _look_at(side, file)
        saved[file] = asdict(seen)
    predictions = {file: line["predictions"] for file, line in files.items()}
    losses = {kind: line.get("losses") for kind, line in kinds.items()}
    facts = {"of": _stamp(side), "predictions": predictions, "losses": losses, "saved": saved}
    disk.write_file(folder / "facts.json", json.dumps(facts))


def _look_at(side: Side, file: str) -> SavedFile:
    seen = inspection.inspect_path(path_of(side, file))
    return SavedFile(seen.holds, seen.keras, seen.tensorflow, seen.digest)


def _run_script(
    name: str, side: Side, python: Path, args: Sequence[str], report: Path
) -> list[dict[str, Any]]:
    """Run a script of this package to its end; what it reported. Raises Problem."""
    env = {**side.target.pairing.env, **_QUIET}
    run = sandbox.run_script(HERE / f"{name}.py", python, env, WHOLE, args)
    lines = [json.loads(line) for line in disk.text_of(report).splitlines()]
    if run.outcome.kind not in _ENDED or not lines or "end" not in lines[-1]:
        raise Problem(f"{name}.py in {side.name}: {run.outcome}\n{run.output[-2000:]}")
    return lines


def path_of(side: Side, file: str) -> Path:
    """Where a file of a side is, such as `h5/functional`."""
    folder = FOLDER / "files" / side.name / "saved" / file
    return Path(formats.saved_place(grid.form_of(file), str(folder)))


def list_saved(side: Side) -> dict[str, SavedFile]:
    """What a side saved: for each file of the grid what is in it, or why there is none.

    Raises Problem if the side did not save yet.
    """
    facts = read_facts(side)
    if facts is None:
        raise Problem(f"{side.name}: its files are not there: run nox -s models -- {side.name}")
    return {file: SavedFile(**fact) for file, fact in facts["saved"].items()}


def list_to_load(side: Side, files: Iterable[str]) -> list[dict[str, Any]]:
    """Files of a side as load_files.py takes them: where each is, and what to compare with."""
    facts = read_facts(side) or {}
    listed = []
    for file in files:
        kind = grid.kind_of(file)
        listed.append(
            {
                "name": file,
                "form": grid.form_of(file),
                "kind": kind,
                "path": str(path_of(side, file)),
                "predictions": facts["predictions"][file],
                "losses": facts["losses"][kind],
            }
        )
    return listed


def load_files(
    side: Side,
    python: Path,
    savers: Mapping[Side, Sequence[str]],
    together: bool = True,
) -> dict[str, dict[str, Loading]]:
    """Have a side load files of others: name of a saver -> file -> how its loading ended.

    A process loads all files of a saver, one after the other, or one only if not `together`.
    Raises Problem if the script does not come to its end.
    """
    with disk.temporary_folder() as folder:
        report = folder / "report.jsonl"
        lists = []
        for saver, files in savers.items():
            path = folder / f"{saver.name}.json"
            listed = {"saver": saver.name, "files": list_to_load(saver, files)}
            path.write_text(json.dumps(listed), encoding="utf-8")
            lists.append(str(path))
        how = "together" if together else "apart"
        with _one_processor() as processor:
            limits = (processor, str(SECONDS), str(MEMORY))
            args = (str(report), side.api, *limits, how, *lists)
            lines = _run_script("load_files", side, python, args, report)
    loaded: dict[str, dict[str, Loading]] = {saver.name: {} for saver in savers}
    for line in lines:
        if "file" in line:
            tries = [(name, how) for name, how in line["tries"]]
            trains = line.get("trains", "")
            loaded[line["saver"]][line["file"]] = grid.read_loading(tries, line["way"], trains)
    return loaded


def load_savers(side: Side, python: Path, savers: Sequence[Side]) -> dict[str, Loaded]:
    """Have a side load everything of some savers: name of a saver -> how its files load.

    Of files that are alike but for their numbers, one is loaded: those of two savers, and those
    that one saver wrote as `.h5` and as `.keras`. Raises Problem.
    """
    saved = {saver: list_saved(saver) for saver in savers}
    wanted: dict[Side, list[str]] = {saver: [] for saver in savers}
    first: dict[tuple[str, str], Side] = {}
    for saver, files in saved.items():
        for file, fact in files.items():
            if fact.error or _find_twin(files, file):
                continue
            if fact.digest:
                first.setdefault((file, fact.digest), saver)
            if not fact.digest or first[file, fact.digest] is saver:
                wanted[saver].append(file)
    loaded = load_files(side, python, {one: files for one, files in wanted.items() if files})
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    found = {}
    for saver, files in saved.items():
        cells: dict[str, Loading] = {}
        for file, fact in files.items():
            if not fact.error and not _find_twin(files, file):
                other = first[file, fact.digest] if fact.digest else saver
                cells[file] = _word_training(loaded[other.name][file], saver.name, side, file)
        for file in files:
            if twin := _find_twin(files, file):
                # Whoever reads `.keras` as HDF5 reads both alike; whoever does not reads none.
                same = cells[_SAMPLE] == cells[f"h5/{grid.kind_of(_SAMPLE)}"]
                cells[file] = cells[twin] if same else cells[_SAMPLE]
        ordered = {file: cells[file] for file in grid.list_grid_files() if file in cells}
        found[saver.name] = Loaded(lock.read_lock(saver.target).digest, today, ordered)
    return found


def _word_training(loading: Loading, saver: str, side: Side, file: str) -> Loading:
    """A loading whose training on is worded for its saver: another may have saved the same file."""
    trains = grid.word_training(loading.trains, saver, side.name, grid.kind_of(file))
    return replace(loading, trains=trains)


_SAMPLE = "keras/functional"
"""The file called `.keras` that is loaded, where all of them are what is called `.h5` as well."""


def _find_twin(files: Mapping[str, SavedFile], file: str) -> str:
    """The `.h5` file that is the same as a file called `.keras`, but for its name; or empty."""
    if grid.form_of(file) != "keras" or file == _SAMPLE or _SAMPLE not in files:
        return ""
    twin = f"h5/{grid.kind_of(file)}"
    fact, other = files[file], files.get(twin)
    return twin if other and fact.digest and fact.digest == other.digest else ""

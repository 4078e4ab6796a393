"""Merging rows of the atlas, names and models: news are named, what proves nothing is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from samples import needs_git

from envs.atlas import layout, row_files
from envs.engine import durations, merging, record_evidence
from envs.engine.changes import Changes
from envs.engine.merge_request import MergeRequest
from envs.models import grid, record_files
from envs.names import files

pytestmark = needs_git


@pytest.fixture(autouse=True)
def no_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durations, "FILE", tmp_path / "seconds.json")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """The folder for results."""
    folder = tmp_path / "results"
    folder.mkdir()
    return folder


def merge(folder: Path) -> Changes:
    return merging.merge_results(MergeRequest((folder,)), lambda line: None)


def refuse(folder: Path) -> str:
    """Why the one result in a folder is refused."""
    (why,) = merge(folder).refused.values()
    return why


# --- rows of the atlas ---


@pytest.fixture
def row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a row that merges write to; the atlas itself is left alone."""
    copy = tmp_path / "atlas" / "tf212.json"
    copy.parent.mkdir()
    copy.write_text(row_files.row_path("tf212").read_text())
    monkeypatch.setattr(row_files, "row_path", lambda name, folder=copy.parent: folder / copy.name)
    monkeypatch.setattr(row_files, "load_row", _reader(row_files.load_row, copy.parent))
    return copy


def _reader(load: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    return lambda name, other=folder: load(name, other)


def test_a_row_that_ended_as_recorded_changes_nothing(results: Path, row: Path) -> None:
    before = row.read_text()
    record_evidence.write_record_result(results, "atlas", "tf212", 120.4)
    changed = merge(results)
    assert (changed.whole, changed.merged) == (True, 1)
    assert not any(changed.otherwise.values())
    assert row.read_text() == before
    assert durations.load_durations() == {"atlas": {"linux-x86_64": {"tf212": 120}}}


def test_a_cell_that_ended_otherwise_is_recorded_and_named(results: Path, row: Path) -> None:
    before = row.read_text()
    column = next(iter(row_files.load_row("tf212")))
    data = json.loads(before)
    data["cells"][str(column)]["steps"]["import keras"] = "works: keras 9"
    row.write_text(json.dumps(data))
    record_evidence.write_record_result(results, "atlas", "tf212", 120)
    changed_row = row_files.render_row(layout.list_rows()["tf212"], row_files.load_row("tf212"))
    row.write_text(before)
    changed = merge(results)
    assert list(changed.otherwise.values()) == [[f"`tf212` + {column}"]]
    assert row.read_text() == changed_row
    assert not any(merge(results).otherwise.values())


@pytest.mark.parametrize("key", ["lock", "as_of", "script"])
def test_a_row_of_other_pins_columns_or_script_is_refused(
    results: Path, row: Path, key: str
) -> None:
    data = json.loads(row.read_text())
    data["runs"][0][key] = "other"
    before = row.read_text()
    row.write_text(json.dumps(data))
    record_evidence.write_record_result(results, "atlas", "tf212", 120)
    row.write_text(before)
    why = refuse(results)
    assert "of its cells are missing, or were run with other pins, columns or another" in why
    assert row.read_text() == before


# --- names and models ---


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the record of names, that merges write to."""
    folder = tmp_path / "names"
    shutil.copytree(files.FOLDER, folder)
    monkeypatch.setattr(files, "FOLDER", folder)
    monkeypatch.setattr(files, "PAIRINGS", folder / files.PAIRINGS.name)
    return folder


def texts_below(folder: Path) -> dict[str, str]:
    found = {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*.*")}
    return {name: text for name, text in found.items() if not name.endswith("schema.json")}


def test_names_that_are_as_recorded_change_nothing(results: Path, names: Path) -> None:
    before = texts_below(names)
    record_evidence.write_record_result(results, "names", "tf212", 61)
    changed = merge(results)
    assert (changed.whole, changed.merged) == (True, 1)
    assert not any(changed.otherwise.values())
    assert texts_below(names) == before
    assert durations.load_durations() == {"names": {"linux-x86_64": {"tf212": 61}}}


def test_a_name_that_went_is_recorded_and_named(results: Path, names: Path) -> None:
    record_evidence.write_record_result(results, "names", "tf212", 61)
    file = results / "names.tf212.json"
    data = json.loads(file.read_text())
    blocks = data["record"]["statements"]["modules"]
    blocks["keras.utils"] = [one for one in blocks["keras.utils"] if "to_categorical" not in one[1]]
    data["record"]["walk"]["date"] = "2026-11-30"
    file.write_text(json.dumps(data))
    changed = merge(results)
    assert changed.otherwise["Names that are otherwise"][0].startswith("`tf212`: ")
    held = files.load_names()
    assert "tf212" not in held.pairings_with("keras.utils.to_categorical")
    assert "tf211" in held.pairings_with("keras.utils.to_categorical")
    assert {walk.name: walk.date for walk in files.load_walks()}["tf212"] == "2026-11-30"
    after = texts_below(names)
    assert not any(merge(results).otherwise.values())
    assert texts_below(names) == after


def test_names_of_other_pins_are_refused(results: Path, names: Path) -> None:
    record_evidence.write_record_result(results, "names", "tf212", 61)
    file = results / "names.tf212.json"
    data = json.loads(file.read_text())
    data["record"]["walk"]["lock"] = "0" * 12
    file.write_text(json.dumps(data))
    assert "it was walked with other pins" in refuse(results)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the record of the models of two pairings, which are all that there are."""
    sides = {name: grid.list_sides()[name] for name in ("tf212", "tf215")}
    monkeypatch.setattr(grid, "list_sides", lambda: sides)
    folder = tmp_path / "models"
    folder.mkdir()
    for name in sides:
        recorded = record_files.load_recorded(sides[name].target)
        loads = {
            loader: {saver: one for saver, one in savers.items() if saver in sides}
            for loader, savers in recorded.loads.items()
        }
        record_files.write_recorded(replace(recorded, loads=loads), folder)
    monkeypatch.setattr(record_files, "FOLDER", folder)
    for function in (record_files.load_grid, record_files.load_recorded):
        monkeypatch.setattr(function, "__defaults__", (folder,))
    monkeypatch.setattr(record_files.write_recorded, "__defaults__", (folder,))
    return folder


def test_models_that_load_otherwise_are_recorded_and_named(results: Path, models: Path) -> None:
    record_evidence.write_record_result(results, "models", "grid", 4000)
    before = texts_below(models)
    changed = merge(results)
    assert changed.whole, changed.refused
    assert not any(changed.otherwise.values())
    assert texts_below(models) == before
    file = results / "models.grid.json"
    data = json.loads(file.read_text())
    row = data["record"]["tf215"]
    place = row["files"].index("h5/functional")
    row["table"].append({"way": None, "error": "ValueError: x", "otherwise": [], "trains": ""})
    row["loads"]["tf215"]["tf212"]["cells"][place] = len(row["table"]) - 1
    file.write_text(json.dumps(data))
    lines = merge(results).otherwise["Saved models that load otherwise"]
    assert len(lines) == 1
    assert lines[0].startswith("`tf215` loads h5/functional of tf212: recorded load_model")
    sides = grid.list_sides()
    cells = record_files.load_recorded(sides["tf215"].target, models).loads["tf215"]["tf212"].cells
    assert cells["h5/functional"].error == "ValueError: x"
    del row["loads"]["tf215"]["tf212"]
    file.write_text(json.dumps(data))
    assert "1 loadings are missing" in refuse(results)

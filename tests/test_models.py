"""The grid of saved models: its record is whole, what is written is read, what a request runs."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from envs import Problem
from envs.model import causes, lock
from envs.models import (
    formats,
    grid,
    models_request,
    models_run,
    pairing_files,
    record_files,
)
from envs.models.grid import Loading, LoadVerdict
from envs.models.models_request import ModelsRequest
from envs.models.record_files import Loaded, Recorded, SavedFile
from envs.publish import model_tables

SIDES = grid.list_sides()
GRID = record_files.load_grid()
RECORDS = {name: one for name, one in GRID.items() if one.loads}
MOST = 2 * 2**20
"""The bytes that the record may take."""

EQUAL = Loading("load_model", trains="equal")


# --- the data ---


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_as_its_schema_says_and_as_it_would_be_written(name: str) -> None:
    schema = json.loads(record_files.SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    text = (record_files.FOLDER / f"{name}.json").read_text(encoding="utf-8")
    data = json.loads(text)
    Draft202012Validator(schema).validate(data)
    assert record_files.render_recorded(RECORDS[name]) == text
    data["run"]["lock"] = "?"
    assert not Draft202012Validator(schema).is_valid(data)


def test_every_record_is_of_today_and_none_is_left_over() -> None:
    assert [name for name, one in RECORDS.items() if not one.current] == [], "run nox -s models"
    found = {path.name for path in record_files.FOLDER.iterdir()}
    assert found == {f"{name}.json" for name in RECORDS} | {record_files.SCHEMA.name}
    assert sum(path.stat().st_size for path in record_files.FOLDER.iterdir()) < MOST


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_has_every_file_that_was_saved(name: str) -> None:
    saved = {
        side: {file for file, one in files.items() if not one.error}
        for recorded in RECORDS.values()
        for side, files in recorded.saved.items()
    }
    for files in RECORDS[name].saved.values():
        assert list(files) == grid.list_grid_files()
    for savers in RECORDS[name].loads.values():
        for saver, loaded in savers.items():
            # While a run goes on, a saver may not have its own record yet.
            assert set(loaded.cells) == saved.get(saver, set(loaded.cells)), saver


def test_every_error_has_a_cause_and_every_cause_an_error() -> None:
    known = causes.load_causes(causes.OF_MODELS)
    errors = {
        error
        for recorded in RECORDS.values()
        for savers in recorded.loads.values()
        for loaded in savers.values()
        for file, loading in loaded.cells.items()
        for error in model_tables.list_errors(loading, file)
    }
    assert [error for error in errors if not causes.find_cause(error, known)] == []
    used = {found.name for one in errors if (found := causes.find_cause(one, known))}
    assert [cause.name for cause in known if cause.name not in used] == []


def test_sets_that_an_error_prints_are_in_order_and_dicts_as_they_are() -> None:
    said = "one of {None, 'sum', 'mean'}. Received: {'b': 1, 'a': 2}"
    assert grid.sort_sets(said) == "one of {'mean', 'sum', None}. Received: {'b': 1, 'a': 2}"
    said = "Unknown entries in loss dictionary: ['config', 'class_name']. Only ['z', 'a']"
    assert grid.sort_sets(said).endswith("dictionary: ['class_name', 'config']. Only ['z', 'a']")


def test_training_by_chance_is_neither_equal_nor_different() -> None:
    for pair in (("tf21+keras", "tf212"), ("tf113", "tf21+keras")):
        for trains in ("equal", "differs", "differs after a step"):
            assert grid.word_training(trains, *pair, "objects") == grid.BY_CHANCE
        assert grid.word_training("not compiled", *pair, "objects") == "not compiled"
        assert grid.word_training("equal", *pair, "sequential") == "equal"
    assert grid.word_training("equal", "tf20+keras", "tf212", "objects") == "equal"
    recipes = import_module("envs.models.kinds").RECIPES
    # Those that are compiled with objects get an Adam.
    adam = {kind for kind, one in recipes.items() if (one.compiling or " ")[0] in ("adam", "o")}
    assert adam == set(grid.WITH_ADAM)


def test_what_a_pairing_saves_it_loads_again_or_it_is_said() -> None:
    """A model that predicts otherwise where it was saved would mean that the grid is wrong.

    But for what Keras 2.6 and 2.7 do: see "a normalisation that HDF5 does not finish".
    """
    known = {
        (name, f"{form}/preprocessing") for name in ("tf26", "tf27") for form in ("h5", "keras")
    }
    otherwise = set()
    for name, recorded in RECORDS.items():
        if name in recorded.loads and name in recorded.loads[name]:
            for file, loading in recorded.loads[name][name].cells.items():
                otherwise |= {(name, file)} if loading.verdict is LoadVerdict.OTHERWISE else set()
    assert otherwise == known


# --- who saves, and what a file of the grid is ---


def test_both_kerases_of_a_pairing_save_where_they_are_two() -> None:
    assert "tf21+keras" in SIDES
    assert SIDES["tf21+keras"].api == "keras"
    assert "tf212+keras" not in SIDES
    assert "tf20-bundled+keras" not in SIDES
    assert {side.target.pairing.name for side in SIDES.values()} == set(GRID)


def test_every_format_saves_kinds_that_exist() -> None:
    whole = set(formats.FORMATS["h5"])
    for form, kinds in formats.FORMATS.items():
        assert set(kinds) <= whole, form
        assert len(set(kinds)) == len(kinds)
    assert formats.saved_place("weights.h5", "x").endswith("model.weights.h5")


# --- how a loading ended ---


@pytest.mark.parametrize(
    ("tries", "way", "verdict"),
    [
        ([], "load_model", LoadVerdict.EQUAL),
        ([("load_model", "ValueError: mse")], "compile=False", LoadVerdict.OPTIONS),
        ([("load_model", "ValueError: mse")], None, LoadVerdict.FAILS),
        ([("load_model", "crashes: ended by SIGSEGV")], None, LoadVerdict.FAILS),
        ([("load_model", "predicts otherwise")], "compile=False", LoadVerdict.OTHERWISE),
        ([("a", "ValueError: x"), ("b", "predicts otherwise")], None, LoadVerdict.OTHERWISE),
    ],
)
def test_what_predicts_otherwise_is_never_a_success(
    tries: list[tuple[str, str]], way: str | None, verdict: LoadVerdict
) -> None:
    assert grid.read_loading(tries, way, "equal").verdict is verdict


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ValueError: Unknown layer: Functional\n", "ValueError: Unknown layer: Functional"),
        (
            "TypeError: Error when deserializing class 'Dense' using config={'name': 'x'}.\n\n"
            "Exception encountered: Unrecognized keyword arguments: ['batch_shape']\n",
            "TypeError: Unrecognized keyword arguments: ['batch_shape']",
        ),
        (
            "ValueError: no file /tmp/abc/model.h5 at 0x7fab\n",
            "ValueError: no file <path> at 0x...",
        ),
        (
            "ValueError: Unknown variable: <Variable path=a/b, value=[[1.0\n 2.0]]>. x",
            "ValueError: Unknown variable: <Variable path=a/b, value=...>. x",
        ),
        ("KeyError\n", "KeyError"),
        (
            "OSError: Unable to open file (file read failed: time = Sun Nov 29 16:01:16 2026\n, "
            "filename = '/tmp/x', file descriptor = 5, errno = 21, error message = 'Is a "
            "directory', buf = 0x7ffd)\n",
            "OSError: Unable to open file (file read failed: error message = 'Is a directory')",
        ),
        (
            "FileNotFoundError: Op type not registered 'X' in binary running on my-host. Make sure",
            "FileNotFoundError: Op type not registered 'X' in binary running on <machine>. "
            "Make sure",
        ),
        ("crashes: ended by SIGSEGV", "crashes: ended by SIGSEGV"),
    ],
)
def test_an_error_is_one_line_and_the_same_in_each_run(text: str, line: str) -> None:
    assert grid.word_error(text) == line
    assert len(grid.word_error("ValueError: " + "x " * 1000)) <= 300


# --- writing and comparing ---


def made(name: str, cells: dict[str, dict[str, Loading]]) -> Recorded:
    target = SIDES[name].target
    loads = {
        saver: Loaded(lock.read_lock(SIDES[saver].target).digest, "2026-11-29", held)
        for saver, held in cells.items()
    }
    digest = lock.read_lock(target).digest
    saved = {name: {"h5/functional": SavedFile("HDF5 model", "2.4.0", "", "0" * 12)}}
    return Recorded(target, "2026-11-29", digest, record_files.grid_digest(), saved, {name: loads})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    one = made("tf212", {"tf24": {"h5/functional": EQUAL, "h5/lambda": Loading(None, "X: y")}})
    record_files.write_recorded(one, tmp_path)
    assert record_files.load_recorded(one.target, tmp_path) == one
    (tmp_path / "tf212.json").write_text("{", encoding="utf-8")
    with pytest.raises(Problem, match=r"tf212\.json: cannot be read"):
        record_files.load_recorded(one.target, tmp_path)


def test_a_record_of_another_lock_or_script_is_stale() -> None:
    one = made("tf212", {"tf24": {"h5/functional": EQUAL}})
    assert one.is_current_with("tf212", SIDES["tf24"])
    assert not one.is_current_with("tf212", SIDES["tf215"])
    for stale in (replace(one, lock="0" * 12), replace(one, script="0" * 12)):
        assert not stale.is_current_with("tf212", SIDES["tf24"])
        assert record_files.renew(stale, "2026-11-30").loads == {}
    other = replace(one.loads["tf212"]["tf24"], lock="0" * 12)
    moved = replace(one, loads={"tf212": {"tf24": other}})
    assert not moved.is_current_with("tf212", SIDES["tf24"])


def test_a_difference_is_named_with_both_sides() -> None:
    one = made("tf212", {"tf24": {"h5/functional": EQUAL}})
    digest = lock.read_lock(SIDES["tf24"].target).digest
    now = {"tf24": Loaded(digest, "2026-11-30", {"h5/functional": Loading(None, "X: y")})}
    lines = models_run.list_changed_cells(one, SIDES["tf212"], None, now)
    assert len(lines) == 1
    assert "loads h5/functional of tf24: recorded load_model" in lines[0]
    assert "happened no way (X: y)" in lines[0]
    same = {"tf24": Loaded(digest, "2026-11-30", {"h5/functional": EQUAL})}
    assert models_run.list_changed_cells(one, SIDES["tf212"], None, same) == []
    told = models_run.describe_differences(SIDES["tf212"], lines)
    assert "nox -s models -- tf212 --again --bless" in told


# --- what a request runs ---


def test_a_row_and_a_column_are_run_or_a_few_among_each_other() -> None:
    recorded = {name: Recorded(side.target) for name, side in SIDES.items() if "+" not in name}
    plan = models_run.plan_loads(ModelsRequest(), ["tf212"], recorded)
    assert set(plan) == set(SIDES)
    assert [side.name for side in plan["tf24"]] == ["tf212"]
    assert [side.name for side in plan["tf212"]] == list(SIDES)
    among = models_run.plan_loads(ModelsRequest(only=True), ["tf212", "tf24"], recorded)
    assert {name: [one.name for one in held] for name, held in among.items()} == {
        "tf24": ["tf24", "tf212"],
        "tf212": ["tf24", "tf212"],
    }


def test_what_is_recorded_is_left_out_and_only_that_is_compared() -> None:
    recorded = {name: Recorded(side.target) for name, side in SIDES.items() if "+" not in name}
    recorded["tf212"] = made("tf212", {"tf24": {"h5/functional": EQUAL}})
    only = models_run.plan_loads(ModelsRequest(only=True), ["tf212", "tf24"], recorded)
    assert [one.name for one in only["tf212"]] == ["tf212"]
    again = ModelsRequest(only=True, again=True)
    plan = models_run.plan_loads(again, ["tf212", "tf24"], recorded)
    assert [one.name for one in plan["tf212"]] == ["tf24", "tf212"]
    check = models_run.plan_loads(ModelsRequest(check=1), ["tf212", "tf24"], recorded)
    assert {name: [one.name for one in held] for name, held in check.items()} == {"tf212": ["tf24"]}


def test_a_check_takes_the_fixed_pairings_and_others_at_random() -> None:
    names = ["tf24", "tf28", "tf212", "tf215", "tf221"]
    picked = models_request.choose_pairings(ModelsRequest(check=1, seed=3), names)
    assert set(models_request.FIXED) < set(picked)
    assert len(picked) == 3
    assert picked == models_request.choose_pairings(ModelsRequest(check=1, seed=3), names)
    assert len(models_request.choose_pairings(ModelsRequest(today=2), names)) == 2
    with pytest.raises(Problem, match="nothing is recorded"):
        models_request.choose_pairings(ModelsRequest(check=1), [])
    with pytest.raises(Problem, match="tf99"):
        models_request.choose_pairings(ModelsRequest(names=("tf99",)), names)


def test_a_file_that_two_savers_wrote_alike_is_loaded_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    savers = [SIDES["tf220"], SIDES["tf221"]]
    same = {"keras/functional": SavedFile("Keras zip", "3.15.1", "", "1" * 12)}
    other = {"keras/lambda": SavedFile("Keras zip", "3.15.1")}
    failed = {"checkpoint/functional": SavedFile(error="ValueError: no")}
    monkeypatch.setattr(pairing_files, "list_saved", lambda side: same | other | failed)
    asked: dict[str, list[str]] = {}

    def load_files(
        side: grid.Side, python: Path, wanted: dict[grid.Side, list[str]]
    ) -> dict[str, dict[str, Loading]]:
        asked.update({one.name: files for one, files in wanted.items()})
        return {one.name: dict.fromkeys(files, EQUAL) for one, files in wanted.items()}

    monkeypatch.setattr(pairing_files, "load_files", load_files)
    loaded = pairing_files.load_savers(SIDES["tf221"], Path("python"), savers)
    assert asked == {"tf220": ["keras/functional", "keras/lambda"], "tf221": ["keras/lambda"]}
    assert loaded["tf220"].cells == loaded["tf221"].cells


def test_hdf5_that_is_called_keras_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = ("functional", "recurrent", "lambda")
    files = {
        f"{form}/{kind}": SavedFile("HDF5 model", "2.4.0", "", digest)
        for kind, digest in zip(kinds, ("1" * 12, "2" * 12, ""), strict=True)
        for form in ("h5", "keras")
    }
    monkeypatch.setattr(pairing_files, "list_saved", lambda side: files)
    fails = Loading(None, "ValueError: no zip")
    refused: list[str] = []
    asked: list[str] = []

    def load_files(
        side: grid.Side, python: Path, wanted: dict[grid.Side, list[str]]
    ) -> dict[str, dict[str, Loading]]:
        asked[:] = next(iter(wanted.values()))
        return {"tf24": {one: fails if one in refused else EQUAL for one in asked}}

    monkeypatch.setattr(pairing_files, "load_files", load_files)
    loaded = pairing_files.load_savers(SIDES["tf212"], Path("python"), [SIDES["tf24"]])
    assert "keras/recurrent" not in asked
    assert {"keras/functional", "keras/lambda"} < set(asked)
    assert loaded["tf24"].cells["keras/recurrent"] == EQUAL
    refused += ["keras/functional", "keras/lambda"]
    loaded = pairing_files.load_savers(SIDES["tf221"], Path("python"), [SIDES["tf24"]])
    assert loaded["tf24"].cells["keras/recurrent"] == fails
    assert loaded["tf24"].cells["h5/recurrent"] == EQUAL


# --- the page ---


def test_the_table_shows_the_worst_and_never_a_gap_as_no() -> None:
    functional = SavedFile("HDF5 model", "2.4.0", "", "0" * 12)
    otherwise = Loading("compile=False", "predicts otherwise", ("load_model",))
    recorded = {name: Recorded(side.target) for name, side in SIDES.items() if "+" not in name}
    for name, loading in (("tf24", EQUAL), ("tf212", otherwise)):
        one = made(name, {"tf24": {"h5/functional": loading}})
        recorded[name] = replace(one, saved={name: {"h5/functional": functional}})
    text = model_tables.render_models_grid(recorded)
    h5 = text.partition("### keras")[0]
    assert "| `tf24` | ● | 🟥 |" in h5
    assert "| `tf212` | ? | ? |" in h5 or "| `tf212` | ? |" in h5


def test_runs_of_sides_stay_in_their_track() -> None:
    names = [
        "tf217-legacy",
        "tf212",
        "tf211",
        "tf216-legacy",
        "tf20+keras",
        "tf215",
        "tf24-bundled",
    ]
    assert grid.list_runs(names) == [
        ["tf211", "tf212"],
        ["tf215"],
        ["tf20+keras"],
        ["tf24-bundled"],
        ["tf216-legacy", "tf217-legacy"],
    ]

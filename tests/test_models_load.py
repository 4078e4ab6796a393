"""A reader's model file: what it is told to be, what loads it, and what is said of a bad one."""

from __future__ import annotations

import contextlib
import io
import json
import random
from pathlib import Path

import pytest
from model_files import (
    layer,
    model,
    write_hdf5,
    write_keras,
)

from envs.model import lock
from envs.models import (
    failed_ways,
    formats,
    grid,
    hdf5_file,
    inspection,
    keras_file,
    keras_names,
    load_answer,
    load_run,
    models_request,
    programs,
    record_files,
    similar,
    ways_out,
)
from envs.models.failed_ways import FailedWay
from envs.models.grid import Loading, LoadVerdict
from envs.models.record_files import Loaded, Recorded, SavedFile

SIDES = grid.list_sides()
EQUAL = Loading("load_model", trains="equal")
NO_COMPILE = Loading("compile=False", "ValueError: mse", trains="not compiled")
FAILS = Loading(None, "ValueError: no")
OTHERWISE = Loading("compile=False", "predicts otherwise", ("load_model",), "not compiled")


# --- what loads it ---


def made_grid(cells: dict[tuple[str, str, str], Loading]) -> dict[str, Recorded]:
    """A grid in which (loader, saver, file) ended so; and each saver saves each of its files."""
    found: dict[str, Recorded] = {}
    for name in ("tf24", "tf212", "tf215", "tf221"):
        target = SIDES[name].target
        saved = {}
        holds = {"h5": (hdf5_file.MODEL, KERAS[name]), "keras": (keras_file.HOLDS, KERAS[name])}
        for form, (what, keras) in holds.items():
            if (form, name) != ("keras", "tf24"):
                for kind in formats.FORMATS[form]:
                    saved[f"{form}/{kind}"] = SavedFile(what, keras, "", "0" * 12)
        loads: dict[str, Loaded] = {}
        for loader, saver, file in cells:
            if loader == name:
                digest = lock.read_lock(SIDES[saver].target).digest
                held = loads.setdefault(saver, Loaded(digest, "2026-11-29", {}))
                loads[saver] = Loaded(
                    held.lock, held.date, {**held.cells, file: cells[loader, saver, file]}
                )
        digest = lock.read_lock(target).digest
        found[name] = Recorded(
            target, "2026-11-29", digest, record_files.grid_digest(), {name: saved}, {name: loads}
        )
    for name, side in SIDES.items():
        found.setdefault(side.target.pairing.name, Recorded(side.target))
        assert name
    return found


KERAS = {"tf24": "2.4.0", "tf212": "2.12.0", "tf215": "2.15.0", "tf221": "3.15.1"}
LAYERS = (
    *("InputLayer", "Dense", "LSTM", "GRU", "Lambda", "Conv2D", "DepthwiseConv2D"),
    *("Embedding", "TimeDistributed"),
)
FUNCTIONS = ("relu", "sigmoid", "hard_sigmoid")
WORDS = {
    **{f"tensorflow.keras.layers.{name}": tuple(SIDES) for name in LAYERS},
    **{f"tensorflow.keras.losses.{name}": tuple(SIDES) for name in ("mse", "mae")},
    "tensorflow.keras.optimizers.Adam": tuple(SIDES),
    **{f"tensorflow.keras.activations.{name}": tuple(SIDES) for name in FUNCTIONS},
    "tensorflow.keras.activations.relu6": ("tf221",),
    "tensorflow.keras.layers.Attention": ("tf24", "tf212", "tf215"),
}
NAMES = keras_names.KerasNames(lambda path: WORDS.get(path, ()), tuple(SIDES))


def ask(path: Path, to: str, cells: dict[tuple[str, str, str], Loading]) -> load_answer.LoadAnswer:
    seen = inspection.inspect_path(path)
    return load_answer.answer_load(seen, path, path.name, to, made_grid(cells), NAMES)


def test_the_worst_of_all_that_is_like_a_file_counts(tmp_path: Path) -> None:
    config = model(layer("InputLayer"), layer("LSTM"), layer("Dense"))
    path = write_hdf5(tmp_path / "m.h5", config)
    cells = {
        ("tf212", "tf24", "h5/functional"): EQUAL,
        ("tf212", "tf24", "h5/recurrent"): NO_COMPILE,
        ("tf215", "tf24", "h5/functional"): EQUAL,
        ("tf215", "tf24", "h5/recurrent"): EQUAL,
        ("tf221", "tf24", "h5/functional"): OTHERWISE,
        ("tf221", "tf24", "h5/recurrent"): EQUAL,
    }
    answer = ask(path, "", cells)
    assert answer.writers.names == ("tf24",)
    assert answer.kinds == ("functional", "recurrent")
    judged = {side_judged.side.name: side_judged for side_judged in answer.judged}
    assert (judged["tf212"].verdict, judged["tf212"].way) == ("with options", "compile=False")
    assert judged["tf215"].verdict == "loads"
    assert judged["tf221"].verdict == "predicts otherwise"
    assert judged["tf28"].verdict is None
    assert answer.fits
    text = load_run.render_load_answer(answer)
    assert "LOADS, AND PREDICTS SOMETHING ELSE: tf221" in text
    assert "loads with compile=False: tf212" in text
    data = json.loads(load_run.render_load_json(answer))
    assert data["written_by"] == ["tf24"]
    assert {one["pairing"]: one["verdict"] for one in data["pairings"]}["tf28"] == "not tried"


def test_the_way_is_direct_where_it_can_be_and_through_another_pairing_where_not(
    tmp_path: Path,
) -> None:
    path = write_hdf5(tmp_path / "m.h5")
    direct = ask(path, "tf221", {("tf221", "tf24", "h5/functional"): NO_COMPILE})
    assert [(one.side.name, one.way) for one in direct.steps] == [("tf221", "compile=False")]
    cells = {
        ("tf221", "tf24", "h5/functional"): FAILS,
        ("tf215", "tf24", "h5/functional"): EQUAL,
        ("tf212", "tf24", "h5/functional"): EQUAL,
        ("tf221", "tf215", "keras/functional"): NO_COMPILE,
        ("tf221", "tf212", "keras/functional"): FAILS,
    }
    through = ask(path, "tf221", cells)
    assert [(one.side.name, one.saves) for one in through.steps] == [
        ("tf215", "keras"),
        ("tf221", ""),
    ]
    script = load_run.render_load_answer(through)
    assert script.startswith("#!/bin/sh\n")
    assert "2.4.0" in script
    for step in through.steps:
        compile(programs.render_program(step, [], first=False), "step", "exec")
    none = ask(path, "tf221", {("tf221", "tf24", "h5/functional"): FAILS})
    assert none.steps == ()
    assert not none.fits
    assert "no pairing is known to convert it" in load_run.render_load_answer(none)


def test_what_needs_the_code_of_the_model_comes_last(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "m.h5")
    weights = Loading("load_weights", "ValueError: no", trains="not compiled")
    cells = {
        ("tf221", "tf24", "h5/functional"): weights,
        ("tf215", "tf24", "h5/functional"): EQUAL,
        ("tf221", "tf215", "h5/functional"): EQUAL,
    }
    assert [one.side.name for one in ask(path, "tf221", cells).steps] == ["tf215", "tf221"]
    del cells["tf221", "tf215", "h5/functional"]
    (step,) = ask(path, "tf221", cells).steps
    assert step.needs_code
    assert "build_model" in programs.render_program(step, [], first=True)


def test_a_release_that_is_not_in_the_grid_is_judged_by_the_nearest(tmp_path: Path) -> None:
    cells = {("tf215", "tf212", "h5/functional"): EQUAL}
    answer = ask(write_hdf5(tmp_path / "m.h5", keras="2.11.0"), "", cells)
    assert answer.writers == similar.Writers(("tf212",), exact=False)
    assert "no pairing here has that release" in load_run.render_load_answer(answer)
    three = ask(write_keras(tmp_path / "m.keras", keras="3.1.0"), "", cells)
    assert three.writers == similar.Writers(("tf221",), exact=False)


def judge(
    path: Path, cells: dict[tuple[str, str, str], Loading], loader: str = "tf221"
) -> load_answer.Judged:
    """How a side loads a file, in a grid of some cells."""
    answer = ask(path, "", cells)
    return next(one for one in answer.judged if one.side.name == loader)


GROUPS = "TypeError: Unrecognized keyword arguments passed to DepthwiseConv2D: {'groups': 1}"
TIME_MAJOR = "ValueError: Unrecognized keyword arguments passed to LSTM: {'time_major': False}"
RESET = "ValueError: GRU(reset_after=True) is not compatible with GRU(reset_after=False)"
RAGGED = "ValueError: ('Unrecognized keyword arguments:', dict_keys(['ragged']))"


@pytest.mark.parametrize(
    ("layers", "kind", "error", "concerns"),
    [
        ([layer("Conv2D", groups=1)], "convolutional", GROUPS, False),
        ([layer("Conv2DTranspose", groups=1)], "convolutional", GROUPS, True),
        ([layer("LSTM", time_major=False)], "recurrent", TIME_MAJOR, True),
        ([layer("GRU", time_major=False)], "recurrent", TIME_MAJOR, True),
        ([layer("LSTM", units=3)], "recurrent", TIME_MAJOR, False),
        ([layer("LSTM")], "recurrent", RESET, False),
        ([layer("GRU")], "recurrent", RESET, True),
        ([layer("LSTM", ragged=False)], "recurrent", RAGGED, True),
        ([layer("LSTM")], "recurrent", RAGGED, False),
        ([layer("LSTM")], "recurrent", "ValueError: Unknown optimizer: Custom>Adam", True),
    ],
)
def test_an_error_of_what_a_file_does_not_have_does_not_count(
    tmp_path: Path, layers: list[dict[str, object]], kind: str, error: str, concerns: bool
) -> None:
    path = write_hdf5(tmp_path / "m.h5", model(layer("InputLayer"), *layers))
    cells = {
        ("tf221", "tf24", "h5/functional"): EQUAL,
        ("tf221", "tf24", f"h5/{kind}"): Loading("load_weights", error),
    }
    assert judge(path, cells).verdict == ("with options" if concerns else "loads")
    if not concerns:
        cells["tf221", "tf24", "h5/functional"] = Loading(None, error)
        assert judge(path, cells).verdict is None


def test_a_layer_that_a_pairing_lacks_does_not_load_there(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "m.h5", model(layer("InputLayer"), layer("Attention")))
    cells = {(name, "tf24", "h5/functional"): EQUAL for name in ("tf212", "tf221")}
    assert judge(path, cells, "tf212").verdict == "loads"
    lacking = judge(path, cells)
    assert (lacking.verdict, lacking.error) == ("fails", "its Keras has no Attention")
    # A graph needs no layers.
    graph = {("tf221", "tf24", "h5/functional"): Loading("TFSMLayer", "ValueError: no")}
    assert judge(path, graph).way == "TFSMLayer"
    onward = {**cells, ("tf221", "tf212", "keras/functional"): EQUAL}
    assert ask(path, "tf221", onward).steps == ()


def test_what_a_model_was_compiled_with_is_left_out_where_no_keras_has_it(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "m.h5", loss="dice_coef_loss")
    cells = {
        ("tf212", "tf24", "h5/functional"): EQUAL,
        ("tf221", "tf24", "h5/functional"): NO_COMPILE,
    }
    there = judge(path, cells, "tf212")
    assert (there.verdict, there.way) == ("with options", "compile=False")
    assert there.error == "its Keras does not know dice_coef_loss"
    text = load_run.render_load_answer(ask(path, "", cells))
    assert "compiled with what no Keras has (dice_coef_loss)" in text
    (step,) = ask(path, "tf212", cells).steps
    assert "load_model(path, compile=False)" in programs.render_program(step, [], first=True)


def test_a_function_must_be_brought_to_the_pairings_that_lack_it(tmp_path: Path) -> None:
    config = model(layer("InputLayer"), layer("Dense", activation="relu6"))
    path = write_hdf5(tmp_path / "m.h5", config)
    cells = {(name, "tf24", "h5/functional"): EQUAL for name in ("tf212", "tf221")}
    assert judge(path, cells).verdict == "loads"
    assert judge(path, cells, "tf212").way == "custom_objects"
    script = load_run.render_load_answer(ask(path, "tf212", cells))
    assert 'CUSTOM_OBJECTS = {"relu6": relu6}' in script
    assert "Write customs.py first" in script
    own = write_hdf5(tmp_path / "o.h5", model(layer("Dense", activation="mine")))
    assert ask(own, "", cells).customs == ("mine",)
    assert judge(own, cells).way == "custom_objects"


def test_options_that_several_kinds_need_are_taken_together(tmp_path: Path) -> None:
    code = {"class_name": "__lambda__", "config": {"code": "4w"}}
    path = write_hdf5(tmp_path / "m.h5", model(layer("Lambda", function=code), layer("Own")))
    cells = {
        ("tf221", "tf24", "h5/functional"): NO_COMPILE,
        ("tf221", "tf24", "h5/lambda"): Loading("safe_mode=False", "ValueError: no"),
        ("tf221", "tf24", "h5/custom-layer"): Loading("custom_objects", "ValueError: no"),
    }
    way = judge(path, cells).way
    assert way == "custom_objects, safe_mode=False, compile=False"
    (step,) = ask(path, "tf221", cells).steps
    options = "custom_objects=CUSTOM_OBJECTS, safe_mode=False, compile=False"
    assert f"load_model(path, {options})" in programs.render_program(step, ["Own"], first=True)


def test_of_a_model_that_is_not_compiled_nothing_is_said_of_training(tmp_path: Path) -> None:
    differs = Loading("load_model", trains="differs after a step")
    cells = {
        ("tf221", "tf24", "h5/uncompiled"): EQUAL,
        ("tf221", "tf24", "h5/functional"): differs,
        ("tf221", "tf24", "h5/recurrent"): differs,
    }
    config = model(layer("InputLayer"), layer("LSTM"))
    plain = write_hdf5(tmp_path / "m.h5", config, loss=None)
    assert judge(plain, cells).trains == ""
    assert judge(write_hdf5(tmp_path / "c.h5", config), cells).trains == "differs after a step"


def test_the_first_line_is_the_answer(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "m.h5")
    cells = {
        ("tf212", "tf24", "h5/functional"): EQUAL,
        ("tf215", "tf24", "h5/functional"): Loading("load_weights", "ValueError: no"),
        ("tf221", "tf24", "h5/functional"): NO_COMPILE,
    }
    first, *_ = load_run.render_load_answer(ask(path, "", cells)).splitlines()
    assert first == ("m.h5: loads in tf212; with options in tf221; with the model's code in tf215")
    script = load_run.render_load_answer(ask(path, "tf221", cells)).splitlines()
    assert script[1] == "# m.h5, the way to tf221:"
    assert "load_model with compile=False, and compile it again" in script[2]
    assert "# It runs as it is: save it, and run it with sh." in script
    failed = {("tf221", "tf24", "h5/functional"): FAILS}
    first, *_ = load_run.render_load_answer(ask(path, "", failed)).splitlines()
    assert first == "m.h5: loads in no pairing that was tried"


def test_a_file_like_which_none_is_written_gets_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_hdf5(tmp_path / "m.h5", keras="1.2.1")
    request = models_request.parse_models_request(["--load", str(path)])
    assert load_run.run_load(request) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "HDF5 model of Keras 1.2.1: no pairing writes such a file" in printed.err


def test_an_unknown_pairing_and_bad_input_end_in_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_hdf5(tmp_path / "m.h5")
    for argv, says in (
        (["--load", str(path), "--to", "tf99"], "tf99"),
        (["--load", str(tmp_path / "none.h5")], "no such file or folder"),
    ):
        request = models_request.parse_models_request(argv)
        assert load_run.run_load(request) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert says in printed.err
        assert len(printed.err.strip().splitlines()) <= 3


@pytest.mark.parametrize(
    "argv",
    [["--to", "tf221"], ["--json"], ["tf212", "--load", "x"], ["--check", "0"]],
)
def test_a_wrong_command_line_ends_in_2(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as ended, contextlib.redirect_stderr(io.StringIO()):
        models_request.parse_models_request(argv)
    assert ended.value.code == 2


def test_the_count_of_ways_out_is_that_of_the_answers() -> None:
    """What a page counts as mended, or as a dead end, `--load --to` answers so."""
    whole = record_files.load_grid()
    failed = [
        cell
        for cell, loading in ways_out.list_cells(whole)
        if loading.way is None and loading.verdict is LoadVerdict.FAILS
    ]
    routes = ways_out.plan_routes(whole)
    sides = grid.list_sides()
    for cell in random.Random(7).sample(failed, 120):
        form, kind = grid.form_of(cell.file), grid.kind_of(cell.file)
        one = (cell.saver,), (kind,)
        judged = tuple(load_answer.judge_side(side, form, *one, whole) for side in sides.values())
        steps = load_answer.find_steps(sides[cell.loader], form, *one, whole, judged)
        code = any(step.needs_code for step in steps) if steps else None
        assert routes.find_route(cell) == code, str(cell)


@pytest.mark.parametrize("failed", failed_ways.load_failed_ways(), ids=lambda one: one.name)
def test_a_way_that_is_known_to_fail_is_not_printed(failed: FailedWay) -> None:
    whole, sides, run = record_files.load_grid(), grid.list_sides(), failed.example
    form, one = grid.form_of(run.file), ((run.saver,), (grid.kind_of(run.file),))
    assert form in failed.forms
    assert not whole[sides[run.saver].target.pairing.name].saved[run.saver][run.file].error
    assert failed_ways.is_known_to_fail(form, one[1], run.between, run.way, run.saves, run.then)
    judged = tuple(load_answer.judge_side(side, form, *one, whole) for side in sides.values())
    steps = load_answer.find_steps(sides[run.to], form, *one, whole, judged)
    printed = [(step.side.name, step.way, step.saves) for step in steps]
    assert printed != [(run.between, run.way, run.saves), (run.to, run.then, "")]


def test_what_mends_is_counted_by_way() -> None:
    ways = ways_out.WaysOut()
    routes = ways_out.Routes(
        {("a", "h5/functional"): {"b": "load_model"}},
        {("functional", "b"): {"c": {("keras", "load_model")}, "d": {("keras", "load_weights")}}},
    )
    failed = Loading(None, "ValueError: no")
    for loader in "cde":
        ways_out.add_outcome(ways, ways_out.GridCell("a", "h5/functional", loader), failed, routes)
    mended = Loading("compile=False", "ValueError: no")
    ways_out.add_outcome(ways, ways_out.GridCell("a", "h5/functional", "b"), mended, routes)
    assert ways.count == 4
    assert ways_out.describe_ways_out(ways) == (
        "`compile=False` loads 1; 1 come through another pairing; "
        "1 through another pairing and with the model's code; "
        "1 have no way, such as h5/functional of a in e"
    )

"""What a reader's file needs that no file of the grid does: what is said, and how it is loaded."""

from __future__ import annotations

import base64
import marshal
import shutil
from pathlib import Path

import h5py
import numpy
import pytest
from model_files import layer, model, write_hdf5
from test_models_load import EQUAL, NAMES, NO_COMPILE, ask, judge

from envs.models import file_needs, grid, inspection, lambda_code, load_run, programs
from envs.models.grid import Loading

SIDES = grid.list_sides()
ONE_MORE = Loading(
    None,
    "ValueError: Input 0 with name 'None' of layer 'lstm' is incompatible with the layer: "
    "expected ndim=3, found ndim=4. Full shape received: (None, None, 5, 3)",
)


# --- the code in a Lambda ---

CODE = {
    "2.7": "YwEAAAABAAAAAgAAAEMAAABzCAAAAHwAAGQBABRTKAIAAABOZwAAAAAAAABAKAAAAAAo",
    "3.5": "4wEAAAAAAAAAAQAAAAIAAABDAAAAcwwAAAB8AABkAQAbZAIAGFMpA07nAAAAAADgX0DnAAAAAAAA\n8D+pACkB",
    "3.6": "4wEAAAAAAAAAAQAAAAIAAABDAAAAcwgAAAB8AGQBFABTACkCTucAAAAAAAAAQKkAKQHaAXhy",
    "3.8": "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMIAAAAfABkARQAUwApAk7nAAAAAAAAAECpACkB2gF4",
}
"""The line of a Python -> the beginning of what it made of `lambda x: x * 2.0`."""


@pytest.mark.parametrize("line", CODE)
def test_code_shows_for_which_python_it_was_compiled(line: str) -> None:
    text = CODE[line] + "=" * (-len("".join(CODE[line].split())) % 4)
    assert lambda_code.find_line([text, None, None]) == line
    raw = base64.b64decode("".join(text.split())).decode("latin-1")
    assert lambda_code.find_line([raw, None, None]) == line


def test_code_of_this_python_is_known() -> None:
    code = base64.b64encode(marshal.dumps((lambda x: x * 2.0).__code__)).decode()
    assert lambda_code.find_line({"class_name": "__lambda__", "config": {"code": code}}) == "3.11"
    assert lambda_code.find_line("sampling") == ""
    assert lambda_code.find_line(None) == ""


def test_code_of_another_python_is_loaded_from_the_code_of_the_model(tmp_path: Path) -> None:
    cells = {
        (name, "tf24", f"h5/{kind}"): EQUAL
        for name in ("tf24", "tf212")
        for kind in ("functional", "lambda")
    }
    held = layer("Lambda", function=[CODE["3.8"] + "====", None, None], function_type="lambda")
    path = write_hdf5(tmp_path / "m.h5", model(layer("InputLayer"), held))
    assert inspection.inspect_path(path).python == "3.8"
    assert judge(path, cells, "tf24").verdict == "loads"
    other = judge(path, cells, "tf212")
    assert (other.verdict, other.way) == ("with options", "load_weights")
    assert other.error.startswith("the code in it was compiled by Python 3.8 or one like it")


# --- layers ---


def test_keras3_does_not_find_a_layer_in_a_layer_of_keras2(tmp_path: Path) -> None:
    cells = {(name, "tf24", "h5/functional"): EQUAL for name in ("tf212", "tf221")}
    cells["tf221", "tf212", "h5/functional"] = EQUAL
    cells["tf215", "tf24", "h5/functional"] = EQUAL
    cells["tf221", "tf215", "h5/functional"] = NO_COMPILE
    bare = layer("TimeDistributed", layer=layer("Dense"))
    path = write_hdf5(tmp_path / "m.h5", model(layer("InputLayer"), bare))
    assert judge(path, cells, "tf212").verdict == "loads"
    assert judge(path, cells).way == "load_weights"
    # What 2.12 saves again is as bare as before; what 2.15 saves is not.
    assert [step.side.name for step in ask(path, "tf221", cells).steps] == ["tf215", "tf221"]
    full = layer("TimeDistributed", layer={**layer("Dense"), "module": "keras.layers"})
    write_hdf5(path, model(layer("InputLayer"), full))
    assert judge(path, cells).verdict == "loads"


def test_a_sequential_model_without_an_input_layer_is_like_the_recurrent_one(
    tmp_path: Path,
) -> None:
    cells = {
        ("tf221", "tf24", "h5/recurrent"): ONE_MORE,
        ("tf221", "tf24", "h5/convolutional"): EQUAL,
        ("tf221", "tf24", "h5/functional"): EQUAL,
    }
    layers = [layer("Conv2D"), layer("Dense")]
    path = write_hdf5(tmp_path / "m.h5", model(*layers, name="Sequential"))
    assert judge(path, cells).way == "load_weights"
    write_hdf5(path, model(layer("InputLayer"), *layers, name="Sequential"))
    assert judge(path, cells).verdict == "loads"
    # A functional model says its shapes otherwise, whatever is in it.
    write_hdf5(path, model(layer("InputLayer"), layer("LSTM")))
    assert judge(path, cells).verdict == "loads"
    write_hdf5(path, model(layer("LSTM"), name="Sequential"))
    assert judge(path, cells).verdict == "fails"
    # What else becomes of the recurrent model says nothing of a convolutional one.
    cells["tf221", "tf24", "h5/recurrent"] = Loading("compile=False", "x", ("load_model",))
    assert judge(path, cells).verdict == "predicts otherwise"
    write_hdf5(path, model(*layers, name="Sequential"))
    cells["tf221", "tf24", "h5/sequential"] = EQUAL
    assert judge(path, cells).verdict == "loads"


def test_nothing_is_said_of_layers_that_need_a_gpu(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "m.h5", model(layer("InputLayer"), layer("CuDNNLSTM")))
    cells = {("tf221", "tf24", f"h5/{kind}"): EQUAL for kind in ("functional", "recurrent")}
    assert judge(path, cells).verdict is None
    answer = ask(path, "", cells)
    assert not answer.fits
    assert "CuDNNLSTM computes on a GPU of NVIDIA alone" in load_run.render_load_answer(answer)


def test_keras3_computes_hard_sigmoid_otherwise(tmp_path: Path) -> None:
    cells = {
        (name, "tf24", f"h5/{kind}"): EQUAL
        for name in ("tf215", "tf221")
        for kind in ("functional", "recurrent")
    }
    config = model(layer("InputLayer"), layer("LSTM", recurrent_activation="hard_sigmoid"))
    path = write_hdf5(tmp_path / "m.h5", config)
    assert judge(path, cells, "tf215").verdict == "loads"
    assert judge(path, cells).way == "load_weights"
    assert "lambda x: keras.ops.clip(0.2 * x + 0.5, 0, 1)" in load_run.render_load_answer(
        ask(path, "tf221", cells)
    )
    write_hdf5(path, model(layer("InputLayer"), layer("LSTM", recurrent_activation="sigmoid")))
    assert judge(path, cells).verdict == "loads"


def test_keras3_masks_a_layer_with_a_first_state_otherwise(tmp_path: Path) -> None:
    def write(mask: bool, states: int) -> Path:
        nodes = [[["words", 0, 0, {}], *[["other", 0, 0, {}]] * states]]
        lstm = {**layer("LSTM"), "inbound_nodes": nodes}
        config = model(layer("InputLayer"), layer("Embedding", mask_zero=mask), lstm)
        return write_hdf5(tmp_path / "m.h5", config)

    kinds = ("functional", "recurrent", "embedding")
    cells = {("tf221", "tf24", f"h5/{kind}"): EQUAL for kind in kinds}
    assert judge(write(True, 2), cells).verdict == "predicts otherwise"
    assert judge(write(True, 0), cells).verdict == "loads"
    assert judge(write(False, 2), cells).verdict == "loads"


def test_a_graph_passes_on_what_it_is_not_saved_of(tmp_path: Path) -> None:
    """No grid exports an embedding; but in a graph, no layer is left to differ."""
    graph = Loading("TFSMLayer", "ValueError: no")
    cells = {("tf215", "tf24", f"h5/{kind}"): EQUAL for kind in ("functional", "embedding")}
    cells["tf221", "tf215", "export/functional"] = graph
    path = write_hdf5(tmp_path / "m.h5", model(layer("InputLayer"), layer("Embedding")))
    first, last = ask(path, "tf221", cells).steps
    assert (first.saves, last.way) == ("export", "TFSMLayer")
    # A model of layers is not passed on so.
    del cells["tf221", "tf215", "export/functional"]
    cells["tf221", "tf215", "savedmodel/functional"] = EQUAL
    assert ask(path, "tf221", cells).steps == ()


def test_hdf5_under_another_name_is_given_one_that_keras3_reads(tmp_path: Path) -> None:
    cells = {("tf221", "tf24", "h5/functional"): NO_COMPILE}
    path = write_hdf5(tmp_path / "m.keras")
    answer = ask(path, "tf221", cells)
    assert "only under a name that ends in .h5 or .hdf5" in answer.seen.notes[0]
    script = load_run.render_load_answer(answer)
    assert 'path = shutil.copy(path, "renamed.h5")' in script
    plain = ask(write_hdf5(tmp_path / "m.hdf5"), "tf221", cells)
    assert plain.seen.notes == ()
    assert "shutil" not in load_run.render_load_answer(plain)


# --- weights ---


def test_a_model_without_weights_is_warned_of(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "m.h5")
    assert inspection.inspect_path(path).notes == ()
    with h5py.File(path, "a") as file:
        del file["model_weights"]
        file.create_group("model_weights/dense")
    seen = inspection.inspect_path(path)
    assert not seen.weights
    assert "from random numbers, others each time" in seen.notes[0]


@pytest.mark.parametrize(("name", "verdict"), [("m.h5", "loads"), ("m.weights.h5", "with options")])
def test_old_weights_load_under_a_name_that_is_not_the_new_one(
    tmp_path: Path, name: str, verdict: str
) -> None:
    path = tmp_path / name
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"dense"]
        file.attrs["keras_version"] = "2.4.0"
        file.create_group("dense").attrs["weight_names"] = [b"dense/kernel:0"]
        file["dense"].create_dataset("dense/kernel:0", data=numpy.zeros((4, 3)))
    missing = "KeyError: \"Unable to synchronously open object (object 'vars' doesn't exist)\""
    judged = file_needs.FileNeeds("functional", (), (), NAMES, old_weights=True)
    applied = judged.apply("functional", Loading(None, missing))
    assert applied is not None
    assert applied.verdict == "loads"
    needs = file_needs.find_needs(inspection.inspect_path(path), path, "functional", NAMES)
    applied = needs.apply("functional", Loading(None, missing))
    assert applied is not None
    assert (applied.verdict, applied.way) == (verdict, "load_weights")


def test_a_program_gives_old_weights_a_name_that_loads(tmp_path: Path) -> None:
    step = programs.LoadStep(SIDES["tf221"], "weights.h5", "load_weights")
    program = programs.render_program(step, [], first=True)
    part = program[program.index("with h5py") : program.index("model = build_model")]
    path = tmp_path / "m.weights.h5"
    with h5py.File(path, "w") as file:
        file.create_group("layers")
    given = {"h5py": h5py, "shutil": shutil, "path": str(path)}
    exec(part.replace('"old_weights.h5"', repr(str(tmp_path / "old_weights.h5"))), given)
    assert given["path"] == str(path)
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"dense"]
    exec(part.replace('"old_weights.h5"', repr(str(tmp_path / "old_weights.h5"))), given)
    assert given["path"] == str(tmp_path / "old_weights.h5")

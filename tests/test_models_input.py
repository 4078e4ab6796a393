"""A reader's model file: what it is told to be, and the one message that a bad one gets."""

from __future__ import annotations

import json
import os
import sys
import time
import zipfile
from pathlib import Path

import h5py
import numpy
import pytest
from model_files import (
    DENSE,
    layer,
    message,
    model,
    varint,
    write_hdf5,
    write_keras,
    write_saved_model,
)

from envs import Problem
from envs.models import (
    hdf5_file,
    inspection,
    keras_file,
    model_text,
    saved_model,
    similar,
)

# --- what a file is ---


@pytest.mark.parametrize("as_bytes", [False, True])
def test_an_hdf5_model_says_who_wrote_it_and_what_is_in_it(tmp_path: Path, as_bytes: bool) -> None:
    path = write_hdf5(tmp_path / "m.h5", keras="2.2.4", as_bytes=as_bytes)
    seen = inspection.inspect_path(path)
    assert (seen.holds, seen.keras, seen.model) == (hdf5_file.MODEL, "2.2.4", "Functional")
    assert seen.layers == {"Dense": 1, "InputLayer": 1}
    assert (seen.loss, seen.optimizer, seen.metrics) == ("mse", "Adam", "mae")
    assert seen.code == ()
    assert len(seen.digest) == 12


def test_the_layers_of_keras_2_2_2_stand_in_a_bare_list(tmp_path: Path) -> None:
    config = {"class_name": "Sequential", "config": [layer("Dense"), layer("Dropout")]}
    seen = inspection.inspect_path(write_hdf5(tmp_path / "m.h5", config, keras="2.2.2"))
    assert seen.layers == {"Dense": 1, "Dropout": 1}


def test_a_digest_leaves_numbers_out_and_nothing_else(tmp_path: Path) -> None:
    first = inspection.inspect_path(write_hdf5(tmp_path / "a.h5"))
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["model_weights/dense/kernel"][...] = 7
    assert inspection.inspect_path(tmp_path / "a.h5").digest == first.digest
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file.create_dataset("model_weights/dense/bias", data=numpy.zeros(3))
    assert inspection.inspect_path(tmp_path / "a.h5").digest != first.digest
    other = inspection.inspect_path(write_hdf5(tmp_path / "b.h5", keras="2.5.0"))
    assert other.digest != first.digest


def test_a_digest_does_not_tell_where_objects_stood_in_memory(tmp_path: Path) -> None:
    def digest(*places: int) -> str:
        shared = [{**layer("Dense"), "shared_object_id": place} for place in places]
        return inspection.inspect_path(write_keras(tmp_path / "m.keras", model(*shared))).digest

    assert digest(139742, 139743, 139742) == digest(7, 8, 7)
    assert digest(7, 8, 7) != digest(7, 8, 9)


def test_weights_of_both_kinds_are_told_from_a_model(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file.attrs["layer_names"] = [b"dense"]
        file.attrs["keras_version"] = "2.3.1"
    with h5py.File(tmp_path / "new.weights.h5", "w") as file:
        file.create_group("layers")
    old = inspection.inspect_path(tmp_path / "old.h5")
    assert (old.holds, old.keras) == (hdf5_file.WEIGHTS, "2.3.1")
    new = inspection.inspect_path(tmp_path / "new.weights.h5")
    assert (new.holds, new.keras) == (hdf5_file.NEW_WEIGHTS, "")


def test_a_keras_file_says_who_wrote_it(tmp_path: Path) -> None:
    config = {**DENSE, "compile_config": {"optimizer": "adam", "loss": layer("MeanSquaredError")}}
    seen = inspection.inspect_path(write_keras(tmp_path / "m.keras", config, keras="3.3.3"))
    assert (seen.holds, seen.keras, seen.loss) == (keras_file.HOLDS, "3.3.3", "MeanSquaredError")
    assert seen.notes == ("it holds no weights",)


def test_a_saved_model_says_which_tensorflow_and_which_keras_wrote_it(tmp_path: Path) -> None:
    root = {**DENSE, "keras_version": "2.12.0", "training_config": {"loss": "mse"}}
    seen = inspection.inspect_path(write_saved_model(tmp_path / "m", "2.12.0", root))
    assert (seen.holds, seen.tensorflow, seen.keras) == (saved_model.OF_KERAS, "2.12.0", "2.12.0")
    assert (seen.model, seen.loss) == ("Functional", "mse")
    plain = inspection.inspect_path(write_saved_model(tmp_path / "n", "2.16.1"))
    assert (plain.holds, plain.tensorflow, plain.model) == (saved_model.HOLDS, "2.16.1", "")
    inner = inspection.inspect_path(tmp_path / "m" / "saved_model.pb")
    assert inner == seen


def test_json_and_checkpoints_are_known(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(json.dumps({**DENSE, "keras_version": "2.10.0"}))
    seen = inspection.inspect_path(tmp_path / "model.json")
    assert (seen.holds, seen.keras, seen.weights) == (inspection.JSON, "2.10.0", False)
    for name in ("w.index", "w.data-00000-of-00001"):
        (tmp_path / name).write_bytes(b"x")
    assert inspection.inspect_path(tmp_path / "w").holds == inspection.CHECKPOINT
    assert inspection.inspect_path(tmp_path / "w.index").holds == inspection.CHECKPOINT


def test_code_and_classes_of_the_reader_are_named(tmp_path: Path) -> None:
    function = {"class_name": "__lambda__", "config": {"code": "4wEAAAAAAAAA"}}
    inner = model(layer("Lambda", function=function), name="Sequential")
    config = model(layer("InputLayer"), inner, layer("mine>Scaled"), layer("Other"))
    seen = inspection.inspect_path(write_hdf5(tmp_path / "m.h5", config))
    assert seen.code == ("Lambda",)
    assert seen.nested
    assert seen.registered == ("mine>Scaled",)
    assert seen.digest == ""
    own = {"InputLayer", "Dense", "Lambda", "Sequential"}
    assert similar.find_customs(seen, own.__contains__) == ["Other", "Scaled"]
    kinds = similar.find_kinds(seen, "h5", own.__contains__)
    assert {"lambda", "nested", "registered-layer", "custom-layer"} <= set(kinds)


def test_a_function_that_is_named_is_no_code_and_must_be_brought(tmp_path: Path) -> None:
    config = model(
        layer("InputLayer"),
        layer("Lambda", function="sampling", function_type="function"),
        layer("Dense", activation="relu"),
        layer("Conv2D", activation={"class_name": "function", "config": "mish"}),
        layer("Activation", activation="mine>twice"),
    )
    seen = inspection.inspect_path(write_hdf5(tmp_path / "m.h5", config))
    assert seen.code == ()
    assert seen.functions == ("sampling", "relu", "mish", "twice")
    assert "Conv2D.activation" in seen.settings
    code = layer("Lambda", function=["4wEAAAAA", None, None], function_type="lambda")
    held = inspection.inspect_path(write_hdf5(tmp_path / "c.h5", model(code)))
    assert (held.code, held.functions) == (("Lambda",), ())


def test_a_zip_that_was_changed_is_warned_of(tmp_path: Path) -> None:
    path = write_keras(tmp_path / "m.keras")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("model.weights.npz", b"x")
    assert [note for note in inspection.inspect_path(path).notes if "twice" in note] == []
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("model.weights.npz", b"pickle")
    twice, pickle = inspection.inspect_path(path).notes
    assert twice.startswith("it holds model.weights.npz twice")
    assert "a pickle runs code" in pickle


# --- bad input ---


def bad_truncated_hdf5(path: Path) -> str:
    write_hdf5(path)
    path.write_bytes(path.read_bytes()[:1500])
    return "is an HDF5 file that cannot be read to its end"


def bad_hdf5_without_a_model(path: Path) -> str:
    with h5py.File(path, "w") as file:
        file.create_dataset("measurements", data=numpy.zeros(3))
    return "without a model or weights of Keras: it holds measurements"


def bad_config_in_hdf5(path: Path) -> str:
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = "{"
    return "is not JSON"


def bad_truncated_zip(path: Path) -> str:
    write_keras(path)
    path.write_bytes(path.read_bytes()[:100])
    return "is a zip that cannot be read"


def bad_zip_in_a_zip(path: Path) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner/model.keras", b"PK")
    return "(inner/model.keras): unpack it, and give that"


def bad_zip_of_something(path: Path) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", b"x")
    return "no config.json"


def bad_zip_bomb(path: Path) -> str:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("config.json", "w", force_zip64=True) as member,
    ):
        for _ in range(300):
            member.write(b" " * 2**20)
    return "unpacks to more than 64 MiB"


def bad_json(path: Path) -> str:
    path.write_text('{"name": "package"}')
    return "is JSON without class_name and config"


def bad_deep_json(path: Path) -> str:
    path.write_text('{"a":' * 100_000)
    return "is not JSON"


def bad_pickle(path: Path) -> str:
    # Reading it as a pickle would make a file.
    path.write_bytes(
        b"\x80\x04cos\nsystem\n(S'touch " + str(path.parent / "ran").encode() + b"'\ntR."
    )
    return "is a pickle"


def bad_empty(path: Path) -> str:
    path.write_bytes(b"")
    return "is empty"


def bad_pointer_of_git_lfs(path: Path) -> str:
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 31\n")
    return "run git lfs pull"


def bad_web_page(path: Path) -> str:
    path.write_text("\n<!DOCTYPE html><html></html>")
    return "is a web page, not a model"


def bad_tflite(path: Path) -> str:
    path.write_bytes(b"\x1c\x00\x00\x00TFL3\x00\x00")
    return "is a model of TensorFlow Lite"


def bad_pytorch(path: Path) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"x")
    return "is a model of PyTorch"


def bad_text(path: Path) -> str:
    path.write_text("hello")
    return "is neither HDF5, a zip, a SavedModel, a checkpoint nor JSON"


def bad_missing(path: Path) -> str:
    return "no such file or folder"


def bad_folder(path: Path) -> str:
    path.mkdir()
    return "is a folder without saved_model.pb"


def bad_saved_model_without_a_graph(path: Path) -> str:
    write_saved_model(path, graph=False)
    return "holds no graph"


def bad_saved_model_that_is_cut(path: Path) -> str:
    write_saved_model(path)
    whole = (path / "saved_model.pb").read_bytes()
    (path / "saved_model.pb").write_bytes(whole[:-4])
    return "cannot be read to its end"


def bad_saved_model_that_is_empty(path: Path) -> str:
    write_saved_model(path)
    (path / "saved_model.pb").write_bytes(b"")
    return "cannot be read to its end"


def bad_saved_model_of_noise(path: Path) -> str:
    write_saved_model(path)
    (path / "saved_model.pb").write_bytes(bytes(range(7, 255)) * 9)
    return "cannot be read to its end"


def bad_link_loop(path: Path) -> str:
    path.symlink_to(path.with_name("other"))
    path.with_name("other").symlink_to(path)
    return "cannot be read"


BAD = {name: one for name, one in list(globals().items()) if name.startswith("bad_")}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_one_message(name: str, tmp_path: Path) -> None:
    if name == "bad_link_loop" and sys.platform == "win32":
        pytest.skip("Windows makes links for administrators only")
    path = tmp_path / "bad"
    says = BAD[name](path)
    with pytest.raises(Problem) as caught:
        inspection.inspect_path(path, "given")
    text = str(caught.value)
    assert text.startswith("given: ")
    assert says in text
    assert "\n" not in text
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a sparse file takes its whole size there")
def test_of_a_file_of_20_gb_only_what_is_needed_is_read(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "m.h5")
    with h5py.File(path, "a") as file:
        file.create_dataset("model_weights/big", shape=(20 * 2**30,), dtype="i1", chunks=(2**20,))
    os.truncate(path, 20 * 2**30)
    folder = write_saved_model(tmp_path / "s", root={**DENSE, "keras_version": "2.12.0"})
    pb = folder / "saved_model.pb"
    # A graph of 20 GB of zeros, before the rest.
    size = 20 * 2**30
    graph = b"\x12" + varint(size)
    info = message(1, message(5, b"2.12.0"))
    with pb.open("wb") as file:
        file.write(b"\x08\x01\x12" + varint(len(info) + len(graph) + size) + info + graph)
    os.truncate(pb, pb.stat().st_size + size)
    began = time.monotonic()
    assert inspection.inspect_apart(path, "big").model == "Functional"
    assert inspection.inspect_apart(folder, "big").tensorflow == "2.12.0"
    assert time.monotonic() - began < 30


def test_a_file_that_breaks_the_reader_costs_one_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false" if os.name != "nt" else sys.executable)
    with pytest.raises(Problem, match="broke on it"):
        inspection.inspect_apart(write_hdf5(tmp_path / "m.h5"), "m.h5")


def test_a_link_in_an_hdf5_file_is_not_followed(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "m.h5")
    with h5py.File(path, "a") as file:
        file["out"] = h5py.ExternalLink("/etc/passwd", "/")
        file["round"] = h5py.SoftLink("/round")
    assert inspection.inspect_path(path).model == "Functional"


def test_json_that_is_too_long_is_not_parsed() -> None:
    with pytest.raises(Problem, match="more than 64 MiB"):
        model_text.parse_json(b"{" * (model_text.LARGEST + 1), "x")

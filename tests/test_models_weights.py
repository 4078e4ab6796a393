"""Weights in HDF5, which do not hold their model: what their layout says of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy
import pytest

from envs.models import inspection, similar


def write_weights(
    path: Path, arrays: Mapping[str, tuple[int, ...]], layers: tuple[str, ...]
) -> Path:
    """Weights as Keras up to 2.11 writes them, of arrays such as `dense/kernel:0`."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in layers]
        file.attrs["keras_version"] = "2.4.0"
        for name in layers:
            held = [one for one in arrays if name in one.split("/")]
            file.create_group(name).attrs["weight_names"] = [one.encode() for one in held]
            for one in held:
                file[name].create_dataset(one, data=numpy.zeros(arrays[one]))
    return path


def test_weights_show_of_which_kind_of_model_they_are(tmp_path: Path) -> None:
    lstm = {"lstm/lstm_cell/recurrent_kernel:0": (4, 16), "out/kernel:0": (4, 2)}
    seen = inspection.inspect_path(write_weights(tmp_path / "a.h5", lstm, ("lstm", "out")))
    assert (seen.kinds, seen.layers) == (("functional", "recurrent"), {"LSTM": 1})
    gru = {"whole/gru/recurrent_kernel:0": (3, 9), "whole/c/kernel:0": (3, 3, 1, 2)}
    seen = inspection.inspect_path(write_weights(tmp_path / "b.h5", gru, ("gru", "c")))
    assert seen.kinds == ("subclassed", "recurrent", "convolutional")
    assert seen.layers == {"GRU": 1}
    assert similar.find_kinds(seen, "weights.h5", lambda name: True) == [
        *("subclassed", "recurrent", "convolutional")
    ]
    plain = {"dense/kernel:0": (4, 16)}
    seen = inspection.inspect_path(write_weights(tmp_path / "c.h5", plain, ("dense",)))
    assert similar.find_kinds(seen, "weights.h5", lambda name: True) == ["functional"]


@pytest.mark.parametrize(
    ("top", "named", "kinds", "line"),
    [
        ("layers", True, ("functional",), "3"),
        ("layers", False, ("functional", "subclassed"), "2.15"),
        ("_layer_checkpoint_dependencies", False, ("functional",), "2.12"),
        ("first", True, ("subclassed",), "3"),
    ],
)
def test_weights_of_the_keras_format_show_which_keras_laid_them_out(
    tmp_path: Path, top: str, named: bool, kinds: tuple[str, ...], line: str
) -> None:
    path = tmp_path / "m.weights.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset(f"{top}/gru/cell/vars/1", data=numpy.zeros((3, 9)))
        # The state of an optimizer is no layer.
        file.create_dataset("optimizer/vars/4", data=numpy.zeros((3, 3, 1, 2)))
        file.create_group("vars")
        if named:
            file["vars"].attrs["name"] = "whole"
    seen = inspection.inspect_path(path)
    assert (seen.kinds, seen.layers) == ((*kinds, "recurrent"), {"GRU": 1})
    assert seen.lines[0] == line

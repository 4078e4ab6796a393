"""What removes the cause of an error: from a file of the grid, or from the code that loads it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
from grid_environments import SIDES

from envs.models import pairing_files

Config = dict[str, Any]
Change = Callable[[Config], object]


@dataclass(frozen=True)
class Removal:
    """How a cause is removed.

    `file` changes a copy of the file; what it returns, if anything, is the path to load instead.
    `program` does so in an environment: the side and what it runs. `code` is (script, before,
    after) for each change in a copy of the scripts of the grid. `instead` is another file of the
    grid that is loaded: its side and its name. `takes_from` is a side whose files are read for it.
    `times` is how often it is loaded so: more than once where chance is the cause.
    """

    file: Callable[[Path], Path | None] = lambda path: None
    program: tuple[str, str] | None = None
    code: tuple[tuple[str, str, str], ...] = ()
    instead: tuple[str, str] | None = None
    takes_from: str = ""
    times: int = 1


def change_model(change: Change, takes_from: str = "") -> Removal:
    """Change the description of a model in an HDF5 file."""
    return Removal(lambda path: edit_hdf5(path, "model_config", change), takes_from=takes_from)


def change_training(change: Change, takes_from: str = "") -> Removal:
    """Change what an HDF5 file says of its compilation."""
    return Removal(lambda path: edit_hdf5(path, "training_config", change), takes_from=takes_from)


def rename(name: str) -> Removal:
    """Give a file another name."""
    return Removal(lambda path: path.rename(path.with_name(name)))


def edit_hdf5(path: Path, attribute: str, change: Change) -> None:
    with h5py.File(path, "a") as file:
        text = file.attrs[attribute]
        config = json.loads(text.decode() if isinstance(text, bytes) else text)
        change(config)
        file.attrs[attribute] = json.dumps(config).encode()


def edit_json(path: Path, change: Change) -> None:
    file = path / "model.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    change(config)
    file.write_text(json.dumps(config), encoding="utf-8")


def edit_keras(path: Path, change: Change) -> None:
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    config = json.loads(members["config.json"])
    change(config)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as new:
        for name, held in members.items():
            new.writestr(name, held)


def read_saved(side: str, file: str, attribute: str) -> Config:
    """What another file of the grid says in an attribute."""
    with h5py.File(pairing_files.path_of(SIDES[side], file), "r") as held:
        text = held.attrs[attribute]
    found: Config = json.loads(text.decode() if isinstance(text, bytes) else text)
    return found


def walk(config: Any) -> Iterator[Config]:
    """Every object in JSON, the outer ones first."""
    if isinstance(config, dict):
        yield config
    for one in config.values() if isinstance(config, dict) else config:
        if isinstance(one, dict | list):
            yield from walk(one)


def list_settings(config: Config, name: str) -> list[Config]:
    """The settings of all layers of a class."""
    return [one["config"] for one in walk(config) if one.get("class_name") == name]


def rename_input_shape(config: Config) -> None:
    for settings in list_settings(config, "InputLayer"):
        settings["batch_input_shape"] = settings.pop("batch_shape")
        settings.pop("optional")


def drop_time_major(config: Config) -> None:
    for settings in list_settings(config, "LSTM"):
        settings.pop("time_major")


def call_it_model(config: Config) -> None:
    config["class_name"] = "Model"


def take_optimizer(config: Config) -> None:
    own = read_saved("tf210", "h5/functional", "training_config")
    config["optimizer_config"] = own["optimizer_config"]


def take_bytecode(config: Config) -> None:
    own = read_saved("tf115", "h5/lambda", "model_config")
    [settings], [theirs] = list_settings(config, "Lambda"), list_settings(own, "Lambda")
    settings["function"] = theirs["function"]


def take_initializers(config: Config) -> None:
    own = read_saved("tf113+keras", "h5/sequential", "model_config")
    initializer = list_settings(own, "Dense")[0]["kernel_initializer"]
    for settings in list_settings(config, "Dense"):
        settings["kernel_initializer"] = initializer


def name_modules(config: Config) -> None:
    for one in walk(config):
        if one.get("class_name") == "Functional":
            one["module"] = "keras.src.models.functional"
        elif "class_name" in one:
            of_layers = one["class_name"] in ("InputLayer", "Dense")
            one["module"] = "keras.layers" if of_layers else "keras.initializers"
        if "class_name" in one:
            one["registered_name"] = None


def move_module(config: Config) -> None:
    config["module"] = "tf_keras.src.engine.functional"


def add_input_layer(config: Config) -> None:
    layers = config["config"]["layers"]
    shape = layers[0]["config"]["batch_input_shape"]
    settings = {"batch_input_shape": shape, "dtype": "float32", "name": "given"}
    layers.insert(0, {"class_name": "InputLayer", "config": settings})


def count_calls_from_zero(config: Config) -> None:
    for layer in config["config"]["layers"]:
        for call in [call for node in layer["inbound_nodes"] for call in node]:
            if call[0] == "inner":
                call[1] = 0


def after_loading(statement: str) -> Removal:
    """Have the script run a statement on each model that was loaded."""
    then = "            if agree(kinds.predict"
    return Removal(code=(("load_files.py", then, f"            {statement}\n{then}"),))


def build_with(*changes: tuple[str, str]) -> Removal:
    """Build the model otherwise into which weights are loaded."""
    return Removal(code=tuple(("kinds.py", before, after) for before, after in changes))


SIGMOID = ', recurrent_activation="sigmoid"'
LSTM = ("units=4, return_sequences=True", f"units=4, return_sequences=True{SIGMOID}")
OPERATIONS = """\
def list_operations():
    from keras.src.ops import numpy

    return {"Multiply": numpy.Multiply, "Add": numpy.Add}


"""
READ_GRAPH = """\
import os
import sys

from tensorflow.core.protobuf import saved_model_pb2

path = os.path.join(sys.argv[1], "saved_model.pb")
model = saved_model_pb2.SavedModel()
with open(path, "rb") as file:
    model.ParseFromString(file.read())
nodes = model.meta_graphs[0].object_graph_def.nodes
"""
WRITE_GRAPH = """
with open(path, "wb") as file:
    file.write(model.SerializeToString())
"""
COPY_METADATA = """
from keras.protobuf import saved_metadata_pb2

metadata = saved_metadata_pb2.SavedMetadata()
with open(os.path.join(sys.argv[1], "keras_metadata.pb"), "rb") as file:
    metadata.ParseFromString(file.read())
for one in metadata.nodes:
    nodes[one.node_id].user_object.metadata = one.metadata
"""
RENAME_NETWORK = """
for node in nodes:
    if node.user_object.identifier == "_tf_keras_network":
        node.user_object.identifier = "_tf_keras_model"
"""
AFTER_RAISING = """\

raised = []
add, cast = keras.backend.update_add, keras.backend.cast


def update_add(variable, number):
    update = add(variable, number)
    raised[:] = [(variable, update)]
    return update


def cast_after(tensor, dtype):
    if not raised or raised[0][0] is not tensor:
        return cast(tensor, dtype)
    with tensorflow.control_dependencies([raised.pop()[1]]):
        return tensorflow.cast(tensor.read_value(), dtype)


keras.backend.update_add, keras.backend.cast = update_add, cast_after
"""
IMPORTED = "keras = ways.import_keras(API)\n"
LOADS = "lambda path: load(path)),\n"

REMOVALS = {
    "a format that is not known there": rename("model.h5"),
    "an input layer of Keras 3": change_model(rename_input_shape),
    "an optimizer that is called otherwise": change_training(take_optimizer, "tf210"),
    "a loss or metric that Keras 3 does not know by its short name": change_training(
        lambda config: config.update(loss={"class_name": "MeanSquaredError", "config": {}})
    ),
    "a loss or metric that was given as an object": change_training(
        lambda config: config["loss"]["config"].pop("fn")
    ),
    "training settings of a newer Keras": change_training(
        lambda config: config.update(sample_weight_mode=None)
    ),
    "a model that Keras 2 described to Keras 3": Removal(
        lambda path: edit_json(path, name_modules)
    ),
    "operators between layers of Keras 3 in HDF5": Removal(
        code=(
            (
                "ways.py",
                LOADS,
                "lambda path: load(path, custom_objects=list_operations())),\n",
            ),
            ("ways.py", "def unsafe(", OPERATIONS + "def unsafe("),
        )
    ),
    "a class that moved": Removal(lambda path: edit_keras(path, move_module)),
    "metadata of Keras in another file": Removal(
        program=("tf26", READ_GRAPH + COPY_METADATA + WRITE_GRAPH)
    ),
    "no model of Keras in it": Removal(instead=("tf213", "savedmodel/functional")),
    "a SavedModel of a newer Keras": Removal(
        program=("tf115", READ_GRAPH + RENAME_NETWORK + WRITE_GRAPH)
    ),
    "a preprocessing layer that is stored otherwise": Removal(
        instead=("tf22", "savedmodel/functional")
    ),
    "loaded without its compilation": after_loading("kinds.compile_model(keras, model, kind)"),
    "a SavedModel that TensorFlow 1 does not train on": Removal(instead=("tf115", "h5/functional")),
    "a normalisation that HDF5 does not finish": after_loading(
        "[getattr(one, 'finalize_state', int)() for one in model.layers]"
    ),
    "a recurrent layer with another default": build_with(LSTM, ("GRU(3", f"GRU(3{SIGMOID}")),
    "a Sequential model without an input layer": change_model(add_input_layer),
    "a subclassed model of Keras 2.3 on TensorFlow 2": build_with(
        ("if in_graphs() else make_inputs", "if True else make_inputs")
    ),
    "an operation that is newer than the TensorFlow": Removal(instead=("tf212", "h5/uncompiled")),
    "weights in another layout": rename("model.h5"),
    "a layer that is not there": change_model(call_it_model),
    "a class of yours": Removal(
        code=(("ways.py", LOADS, "lambda path: load(path, custom_objects=customs)),\n"),)
    ),
    "code in a Lambda": change_model(take_bytecode, "tf115"),
    "a setting of a layer that is not there": change_model(drop_time_major),
    "a model in a model": change_model(count_calls_from_zero),
    "an optimizer that was built for other variables": after_loading(
        "kinds.compile_model(keras, model, kind)"
    ),
    "training that comes out otherwise each time": Removal(
        code=(("load_files.py", IMPORTED, IMPORTED + AFTER_RAISING),), times=4
    ),
    "training that goes on otherwise": Removal(instead=("tf113+keras", "h5/sequential")),
    "an initializer that is called otherwise": change_model(take_initializers, "tf113+keras"),
    "a GRU that computes otherwise": build_with(
        LSTM, ("GRU(3", f"GRU(3, reset_after=True{SIGMOID}")
    ),
    "weights of a subclassed model": Removal(instead=("tf113", "weights.h5/functional")),
}
"""Name of a cause -> what its entry in load_causes.toml says in words."""

"""What files need that no file of the grid does, proven in real environments of the grid.

`nox -s models-proofs` runs this: each test has one Keras save something small, and others load it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from grid_environments import make

from envs.models import file_needs, grid, keras_names

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("grid_environments")]

OLD, BETWEEN, NEW = "tf24", "tf215", "tf221"

PROGRAM = """
import json
import sys

import numpy
from tensorflow import keras

L = keras.layers
random = numpy.random.RandomState(0)


def tell(**facts):
    print("TOLD " + json.dumps(facts))


def attempt(call):
    try:
        return call()
    except Exception as error:
        return type(error).__name__ + ": " + str(error)[:300]


def predict(model, *inputs):
    given = list(inputs) if len(inputs) > 1 else inputs[0]
    return numpy.asarray(model.predict_on_batch(given)).ravel().tolist()


"""
"""What each program of these tests begins with."""


@pytest.fixture
def run(tmp_path: Path) -> Callable[[str, str], Any]:
    """Run a program in a pairing, in the folder of the test; what it told."""

    def run_program(name: str, text: str) -> Any:
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CUDA_VISIBLE_DEVICES": "-1"}
        command = [str(make(name)), "-I", "-c", PROGRAM + text]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
        told = [line for line in done.stdout.splitlines() if line.startswith("TOLD ")]
        assert told, done.stderr[-3000:]
        return json.loads(told[-1].removeprefix("TOLD "))

    return run_program


def is_near(one: list[float], other: list[float]) -> bool:
    return len(one) == len(other) and all(
        abs(a - b) <= 1e-5 + 1e-4 * abs(b) for a, b in zip(one, other, strict=True)
    )


LSTM = """
inputs = random.rand(2, 5, 3).astype("float32") * 4


def build(**options):
    given = keras.Input((5, 3))
    return keras.models.Model(given, L.LSTM(4, **options)(given))


"""


def test_old_weights_load_everywhere_unless_they_are_called_as_new_ones(
    run: Callable[[str, str], Any],
) -> None:
    saved = run(
        OLD,
        LSTM + "model = build()\nmodel.save_weights('m.h5')\nmodel.save_weights('m.weights.h5')\n"
        "tell(predictions=predict(model, inputs))",
    )
    loads = """
def load(name):
    model = build()
    model.load_weights(name)
    return predict(model, inputs)


tell(plain=attempt(lambda: load("m.h5")), named_new=attempt(lambda: load("m.weights.h5")))
"""
    for name in (BETWEEN, NEW):
        told = run(name, LSTM + loads)
        assert is_near(told["plain"], saved["predictions"]), name
        assert isinstance(told["named_new"], str), name
        missing = grid.Loading(None, told["named_new"])
        needs = file_needs.FileNeeds("functional", (), (), NO_NAMES, old_weights=True)
        assert needs.apply("functional", missing) == grid.Loading("load_weights"), name


NO_NAMES = keras_names.KerasNames(lambda path: (), ())

WRAPPED = """
inputs = random.rand(2, 5, 3).astype("float32")


def build():
    given = keras.Input((5, 3))
    return keras.models.Model(given, L.TimeDistributed(L.Dense(4))(given))


"""


def test_keras3_finds_a_layer_in_a_layer_only_with_its_module(
    run: Callable[[str, str], Any],
) -> None:
    saved = run(OLD, WRAPPED + "m = build()\nm.save('m.h5')\ntell(predictions=predict(m, inputs))")
    load = "lambda: predict(keras.models.load_model('m.h5', compile=False), inputs)"
    weights = "\nm = build()\nm.load_weights('m.h5')\ntell(model=told, code=predict(m, inputs))"
    told = run(NEW, f"{WRAPPED}told = attempt({load}){weights}")
    assert "Could not locate class 'Dense'" in told["model"]
    assert is_near(told["code"], saved["predictions"])
    again = "m = keras.models.load_model('m.h5')\nm.save('m.h5')\ntell(ok=True)"
    run(BETWEEN, again)
    assert is_near(run(NEW, f"{WRAPPED}tell(model={load[8:]})")["model"], saved["predictions"])


def test_keras3_takes_the_shape_in_a_first_layer_for_one_without_the_batch(
    run: Callable[[str, str], Any],
) -> None:
    first = """
inputs = random.rand(2, 6, 6, 1).astype("float32")
"""
    old = """
import h5py

model = keras.Sequential([L.Conv2D(3, 3, input_shape=(6, 6, 1)), L.Flatten(), L.Dense(2)])
model.save("m.h5")
with h5py.File("m.h5", "a") as file:
    text = file.attrs["model_config"]
    config = json.loads(text.decode() if isinstance(text, bytes) else text)
    layers = config["config"]["layers"]
    # As Keras up to 2.3 writes it.
    config["config"]["layers"] = [one for one in layers if one["class_name"] != "InputLayer"]
    file.attrs["model_config"] = json.dumps(config).encode()
tell(predictions=predict(keras.models.load_model("m.h5"), inputs))
"""
    load = "lambda: predict(keras.models.load_model('m.h5', compile=False), inputs)"
    saved = run(OLD, first + old)
    assert isinstance(run(NEW, f"{first}tell(model=attempt({load}))")["model"], str)
    run(BETWEEN, "m = keras.models.load_model('m.h5')\nm.save('m.h5')\ntell(ok=True)")
    told = run(NEW, f"{first}tell(model=attempt({load}))")
    assert is_near(told["model"], saved["predictions"])


def test_keras3_has_another_hard_sigmoid(run: Callable[[str, str], Any]) -> None:
    old = LSTM + "model = build(recurrent_activation='hard_sigmoid')\nmodel.save_weights('m.h5')\n"
    saved = run(OLD, old + "tell(predictions=predict(model, inputs))")
    loads = """
def load(function):
    model = build(recurrent_activation=function)
    model.load_weights("m.h5")
    return predict(model, inputs)


tell(named=load("hard_sigmoid"), brought=load(lambda x: keras.ops.clip(0.2 * x + 0.5, 0, 1)))
"""
    told = run(NEW, LSTM + loads)
    assert not is_near(told["named"], saved["predictions"])
    assert is_near(told["brought"], saved["predictions"])


def test_keras3_leaves_a_mask_out_where_a_state_is_given(run: Callable[[str, str], Any]) -> None:
    masked = """
words = random.randint(1, 9, (2, 6)).astype("float32")
words[:, 3:] = 0
state = random.rand(2, 4).astype("float32")


def build(with_state):
    given, first = keras.Input((6,)), keras.Input((4,))
    read = L.Embedding(9, 5, mask_zero=True)(given)
    if with_state:
        return keras.models.Model([given, first], L.LSTM(4)(read, initial_state=[first, first]))
    return keras.models.Model(given, L.LSTM(4)(read))


"""
    saves = """
for name, with_state in (("state", True), ("plain", False)):
    model = build(with_state)
    model.save_weights(name + ".h5")
    told[name] = predict(model, *([words, state] if with_state else [words]))
tell(**told)
"""
    saved = run(OLD, masked + "told = {}" + saves)
    loads = saves.replace("save_weights", "load_weights")
    for name, same in ((BETWEEN, True), (NEW, False)):
        told = run(name, masked + "told = {}" + loads)
        assert is_near(told["plain"], saved["plain"]), name
        assert is_near(told["state"], saved["state"]) == same, name


@pytest.mark.parametrize("name", ["tf26", "tf27"])
def test_a_normalisation_is_finished_by_hand_in_2_6_and_2_7(
    run: Callable[[str, str], Any], name: str
) -> None:
    told = run(
        name,
        """
norm = L.Normalization()
given = L.Input(shape=(4,))
model = keras.Model(given, norm(given))
data = random.uniform(5, 9, (32, 4)).astype("float32")
norm.adapt(data)
saved = keras.Model(given, norm(given))
before = predict(saved, data)
saved.save("model.h5")
plain = predict(keras.models.load_model("model.h5"), data)
mended = keras.models.load_model("model.h5")
for layer in mended.layers:
    if isinstance(layer, L.Normalization):
        layer.finalize_state()
tell(
    plain=bool(numpy.allclose(plain, before, atol=1e-5)),
    mended=bool(numpy.allclose(predict(mended, data), before, atol=1e-5)),
)
""",
    )
    assert told == {"plain": False, "mended": True}

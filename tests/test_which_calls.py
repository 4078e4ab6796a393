"""Calls, as `nox -s which` judges them by the real record: what they give, and must give."""

from __future__ import annotations

import pytest
from test_which import lacks
from test_which_reader import read

from envs.which.uses import UseKind


def test_a_call_has_its_arguments() -> None:
    text = "from keras.layers import Dense\nDense(3, 4, activation='x', **more)\nDense()\n"
    calls = [use for use in read(text).uses if use.kind == UseKind.CALL]
    assert [(use.positional, use.keywords, use.unpacked) for use in calls] == [
        (2, ("activation",), True),
        (0, (), False),
    ]
    (call,) = [
        use for use in read("import keras\nkeras.x(a for a in b)").uses if use.kind == "call"
    ]
    assert (call.positional, call.keywords) == (1, ())


def test_an_argument_counts_where_the_call_does_not_take_it() -> None:
    text = "import tensorflow as tf\ntf.reduce_sum(x, keep_dims=True)"
    assert lacks(text, "tf115") == []
    assert lacks(text, "tf221") == ["tensorflow.reduce_sum(keep_dims=)"]
    many = "import tensorflow as tf\ntf.abs(1, 2, 3, 4)"
    assert lacks(many, "tf221") == ["tensorflow.abs(4 arguments)"]
    assert lacks("import tensorflow as tf\ntf.abs(*a)", "tf221") == []


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("keras.utils.get_file(origin=u)", "tf24", ["keras.utils.get_file(without fname)"]),
        ("keras.utils.get_file(origin=u)", "tf221", []),
        ("keras.utils.get_file()", "tf24", ["keras.utils.get_file(without fname, origin)"]),
        ("keras.utils.get_file(**a)", "tf24", []),
        ("keras.layers.Dense()", "tf221", ["keras.layers.Dense(without units)"]),
        ("keras.layers.Dense(units=3)", "tf221", []),
        ("keras.Sequential().compile(loss='mse')", "tf113",
         ["keras.Sequential.compile(without optimizer)"]),
        ("keras.Sequential().compile(loss='mse')", "tf24", []),
        # By the class, the instance comes before the arguments.
        ("keras.Model.compile(m)", "tf113", ["keras.Model.compile(without optimizer)"]),
        ("keras.Model.compile(m, 'sgd')", "tf113", []),
        ("keras.Model.predict_on_batch(m, 1)", "tf221", []),
        ("keras.Model.predict_on_batch(m, 1, 2)", "tf221",
         ["keras.Model.predict_on_batch(3 arguments)"]),
        ("keras.Model.from_config(c)", "tf221", []),
        # Keras 2.3 translates the words of Keras 1, and Keras 2.4 does not.
        ("keras.layers.Dense(output_dim=3)", "tf115", []),
        ("keras.layers.Conv2D(3, nb_row=2, nb_col=2)", "tf115", []),
        ("keras.layers.Conv2D(3)", "tf115", ["keras.layers.Conv2D(without kernel_size)"]),
        # What `partial` gives is called with other arguments.
        ("functools.partial(keras.layers.Dense, 3)()", "tf221", []),
    ],
)  # fmt: skip
def test_a_call_lacks_what_it_must_give(text: str, name: str, expected: list[str]) -> None:
    assert lacks(f"import functools, keras\n{text}", name) == expected


def test_a_handler_of_a_type_error_is_another_way_to_call() -> None:
    call = "keras.utils.get_file(origin=u)"
    text = f"import keras\ntry:\n    {call}\nexcept TypeError:\n    pass"
    assert lacks(text, "tf24") == []
    assert lacks(text.replace("TypeError", "ImportError"), "tf24") != []


def test_the_words_of_keras_1_are_taken_where_keras_translates_them() -> None:
    text = "from keras.models import Model\nm = Model()\nm.fit_generator(g, samples_per_epoch=9)"
    assert lacks(text, "tf115") == []
    assert lacks(text, "tf212") == ["keras.models.Model.fit_generator(samples_per_epoch=)"]

"""The answer of `nox -s which`, by the real record of names: what a user sees of it."""

from __future__ import annotations

import io
import json
import textwrap
from pathlib import Path

import pytest

from envs import Problem
from envs.model import pairing, version_numbers
from envs.names import files
from envs.which import (
    answer,
    python_choice,
    reader,
    reports,
    successors,
    which_run,
)
from envs.which.answer import Answer
from envs.which.reports import Report
from envs.which.sources import Source
from envs.which.which_request import WhichRequest

PAIRINGS = pairing.load_pairings()
NAMES = files.load_names()
TABLE = successors.Table(successors.load_successors(), PAIRINGS, python_choice.find_releases())


def judge(text: str) -> Answer:
    code = reader.read_code([Source("a.py", textwrap.dedent(text))])
    return answer.find_answer(code, [], PAIRINGS, NAMES, TABLE)


def lacks(text: str, name: str) -> list[str]:
    return judge(text).verdict_of(name).names


def report_on(folder: Path, files_: dict[str, str], to: str = "", form: str = "text") -> Report:
    for name, text in files_.items():
        (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
    request = WhichRequest(folder, "project", to, "", form)
    return which_run.make_report(request, NAMES, TABLE, PAIRINGS)


def text_of(folder: Path, files_: dict[str, str], to: str = "") -> str:
    return reports.render_report(report_on(folder, files_, to))


OLD = """\
from keras.layers.advanced_activations import LeakyReLU
from keras.models import Sequential
from keras.optimizers import Adam
from keras.utils import np_utils
import tensorflow as tf

model = Sequential([LeakyReLU(alpha=0.2)])
model.compile(Adam(lr=0.1), "mse")
np_utils.to_categorical([1])
model.predict_classes([1])
tf.Session()
"""


def notebook(*cells: str) -> str:
    return json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]})


# --- what is there, and what is not ---


@pytest.mark.parametrize(
    ("line", "there", "missing"),
    [
        ("from keras.utils import np_utils", "tf212", "tf221"),
        ("import keras.layers.core", "tf212", "tf221"),
        ("from keras.layers.normalization import BatchNormalization", "tf24", "tf212"),
        ("from keras.preprocessing.image import ImageDataGenerator", "tf212", "tf221"),
        ("import tensorflow as tf\ntf.Session()", "tf115", "tf20"),
        ("import tensorflow as tf\ntf.compat.v1.Session()", "tf221", ""),
        ("import tensorflow as tf\nK = tf.keras.backend\nK.get_session()", "tf115", "tf212"),
        ("from keras.layers import *\nCuDNNLSTM(3)", "tf115", "tf221"),
        ("import importlib\nimportlib.import_module('keras.ops')", "tf221", "tf212"),
        ("from keras.models import Sequential\nSequential().predict_classes(1)", "tf115", "tf28"),
        ("import keras\nkeras.optimizers.Adam(lr=1)", "tf212", "tf221"),
        ("import tensorflow as tf\ntf.keras.optimizers.SGD(decay=1)", "tf28", "tf212"),
        ("import tensorflow as tf\ntf.log(1)", "tf115", "tf221"),
        ("import tensorflow as tf\ntf.contrib.slim", "tf115", "tf20"),
        ("import tensorflow as tf\ntf.compat.v1.nn.rnn_cell.GRUCell", "tf212", "tf221"),
        ("import tensorflow as tf\nc = tf.compat.v1.nn.rnn_cell", "tf221", ""),
    ],
)
def test_a_name_is_judged_by_the_record(line: str, there: str, missing: str) -> None:
    found = judge(line)
    assert found.verdict_of(there).lacks == []
    if missing:
        assert found.verdict_of(missing).lacks != []


def test_what_is_deeper_than_the_record_does_not_count() -> None:
    text = "import tensorflow as tf\nFLAGS = tf.app.flags.FLAGS\nFLAGS.rate\ntf.float32.name"
    found = judge(text)
    assert found.verdict_of("tf115").lacks == []
    assert found.uncovered == ()
    assert lacks(text, "tf221") == ["tensorflow.app.flags.FLAGS", "tensorflow.app.flags.FLAGS.rate"]


def test_what_no_record_covers_is_said_to_be_unknown() -> None:
    found = judge("from keras import _hidden\nimport keras")
    assert found.uncovered == ("keras._hidden",)
    assert found.verdict_of("tf212").lacks == []


def test_what_an_instance_sets_on_itself_does_not_count() -> None:
    text = "from keras.models import Sequential\nm = Sequential()\nm.my_own_thing()"
    assert lacks(text, "tf221") == []


# --- branches ---


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        ("except ImportError:\n    from keras.utils import to_categorical", []),
        ("except ImportError:\n    np_utils = None", []),
        ("except ImportError:\n    raise SystemExit(1)", ["keras.utils.np_utils"]),
        ("except ImportError:\n    from keras.utils import nonsense",
         ["keras.utils.np_utils", "keras.utils.nonsense"]),
        # `from package import name` raises a plain ImportError.
        ("except ModuleNotFoundError:\n    pass", ["keras.utils.np_utils"]),
        ("except AttributeError:\n    pass", ["keras.utils.np_utils"]),
        ("except:\n    pass", []),
    ],
)  # fmt: skip
def test_one_branch_of_a_try_is_enough(handler: str, expected: list[str]) -> None:
    text = f"try:\n    from keras.utils import np_utils\n{handler}\n"
    assert lacks(text, "tf221") == expected
    assert lacks(text, "tf212") == []


def test_a_name_is_of_the_branch_that_runs() -> None:
    text = """
    try:
        from tensorflow.keras import backend as K
    except ImportError:
        from keras import backend as K
    K.get_session()
    """
    # Both stand in tf115; in tf28, tf.keras is found, and has no get_session.
    assert lacks(text, "tf115") == []
    assert lacks(text, "tf28") == ["tensorflow.keras.backend.get_session"]


def test_one_branch_of_a_version_check_is_enough() -> None:
    text = """
    import tensorflow as tf
    if tf.__version__ >= "2":
        session = tf.compat.v1.Session()
    else:
        session = tf.Session()
    if hasattr(tf, "contrib"):
        tf.contrib.slim
    """
    found = judge(text)
    assert found.verdict_of("tf221").lacks == []
    assert {use.path for use in found.optional} == {
        "tensorflow.compat.v1.Session",
        "tensorflow.Session",
        "tensorflow.contrib.slim",
    }
    assert lacks(text.replace("tf.compat.v1.Session", "tf.nothing"), "tf221") == [
        "tensorflow.nothing",
        "tensorflow.Session",
    ]


# --- the order ---


def test_the_newest_final_release_without_a_variable_comes_first() -> None:
    order = [verdict.pairing for verdict in judge("import tensorflow").verdicts]
    numbers = [version_numbers.release_numbers(one.tensorflow) for one in order]
    assert numbers[0] == max(n for n, one in zip(numbers, order, strict=True) if not one.preview)
    kinds = [("preview" if one.preview else "legacy" if one.env else "plain") for one in order]
    assert kinds == sorted(kinds, key=["plain", "legacy", "preview"].index)


def test_what_lacks_less_comes_first() -> None:
    verdicts = judge(OLD).verdicts
    counts = [len(verdict.names) for verdict in verdicts]
    assert counts == sorted(counts)
    assert counts[0] == 0


def test_what_the_project_asks_for_comes_first(tmp_path: Path) -> None:
    files_ = {"a.py": "import tensorflow as tf\n", "requirements.txt": "tensorflow==2.4.1\n"}
    report = report_on(tmp_path, files_)
    assert report.answer.fitting[0].pairing.name in ("tf24", "tf24-bundled")
    assert report.answer.fitting[0].contradicted == []
    assert "which it does not ask for: tf221, " in reports.render_report(report)
    assert "that its requirements admit" in report.headline
    assert "tf221" not in report.headline
    (tmp_path / "requirements.txt").write_text("tensorflow==9.9\n")
    said = text_of(tmp_path, {})
    assert "requirements.txt asks for tensorflow==9.9: no pairing is that." in said


def test_a_requirement_that_contradicts_the_code_is_named(tmp_path: Path) -> None:
    said = text_of(tmp_path, {"a.py": OLD, "requirements.txt": "tensorflow==2.12.0\n"})
    assert (
        "requirements.txt asks for tensorflow==2.12.0, which contradicts the code: tf212 lacks"
        in said
    )


def test_what_a_function_gives_has_no_names_that_count() -> None:
    assert judge("from keras.models import load_model\nload_model(f).go()").names == (
        "keras.models.load_model",
    )


def test_a_notice_that_tells_to_use_the_name_itself_is_left_out() -> None:
    found = judge("import tensorflow as tf\ntf.compat.v1.placeholder\ntf.placeholder")
    assert found.verdict_of("tf115").deprecated == {
        "tensorflow.placeholder": "use tensorflow.compat.v1.placeholder"
    }


def test_mixing_both_keras_is_a_surprise_where_it_fails() -> None:
    mixed = judge("import keras\nfrom tensorflow.keras import layers\nkeras.Sequential()")
    assert mixed.verdict_of("tf115").surprises
    assert mixed.verdict_of("tf212").surprises == []
    either = "try:\n    import keras\nexcept ImportError:\n    from tensorflow import keras\n"
    assert judge(either).verdict_of("tf115").surprises == []


# --- what to write instead ---


def suggested(text: str, name: str) -> dict[str, str]:
    """What is not there -> what to write, and the import that it needs."""
    request = WhichRequest(None, "-", name)
    stdin = io.BytesIO(textwrap.dedent(text).encode())
    report = which_run.make_report(request, NAMES, TABLE, PAIRINGS, stdin)
    return {
        lack.name: " <- ".join(filter(None, (one.write, one.after))) if one else ""
        for lack, one in report.advice
    }


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("from keras.layers.advanced_activations import LeakyReLU as L", "tf221",
         "from keras.layers import LeakyReLU as L"),
        ("from keras.engine.topology import Layer", "tf221", "from keras.layers import Layer"),
        ("import keras\nkeras.utils.np_utils.to_categorical", "tf221",
         "keras.utils.to_categorical"),
        ("import tensorflow as tf\ntf.Session", "tf221", "tf.compat.v1.Session"),
        ("import tensorflow as tf\ntf.log", "tf221", "tf.math.log"),
        ("import tensorflow as tf\ntf.AUTO_REUSE", "tf221", "tf.compat.v1.AUTO_REUSE"),
        ("from keras.preprocessing.image import ImageDataGenerator", "tf221",
         "from tensorflow.keras.preprocessing.image import ImageDataGenerator"),
        ("from keras.preprocessing.sequence import pad_sequences", "tf212",
         "from keras.utils import pad_sequences"),
        # In Keras 2.8 they are only deeper inside `keras`.
        ("from keras.optimizers import Adam", "tf28",
         "from tensorflow.keras.optimizers import Adam"),
        ("from keras.utils import to_categorical", "tf27",
         "from tensorflow.keras.utils import to_categorical"),
        ("from keras.backend import sum as s", "tf221", "from keras.ops import sum as s"),
        ("from keras import backend as K\nK.sum", "tf221", "ops.sum <- from keras import ops"),
        # `keras.tree.flatten` has the same name, and does something else.
        ("from keras.backend import flatten", "tf221",
         "from tensorflow.keras.backend import flatten"),
        ("from keras.models import Sequential\nm = Sequential()\nm.fit_generator(g)", "tf221",
         "model.fit(generator, steps_per_epoch=..., epochs=...)"),
        ("import keras\nkeras.optimizers.Adam(lr=1)", "tf221", "learning_rate="),
        ("from keras.utils import get_file\nget_file(origin=u)", "tf24",
         "get_file(..., fname=...)"),
        ("import keras as k\nm = k.Sequential()\nm.compile()", "tf113",
         "m.compile(optimizer=...)"),
        # The older one takes these two without keyword.
        ("import keras\nkeras.layers.Layer(True, 'name')", "tf221",
         "keras.layers.Layer(trainable=..., name=...)"),
        ("import tensorflow as tf\ntf.abs(1, 2, 3)", "tf221", ""),
        ("from keras.utils import np_utils", "tf221", "from keras.utils import to_categorical"),
        ("import tensorflow as tf\ntf.set_random_seed(1)", "tf221", "tf.random.set_seed(seed)"),
        # The record does not know where this is defined, so it is the same as nothing else.
        ("from tensorflow.python.estimator.canned.optimizers import get_optimizer_instance",
         "tf221", ""),
        ("import tensorflow as tf\ntf.estimator.Estimator(f)", "tf221", ""),
        ("import keras\nkeras.callbacks.ModelCheckpoint('f', period=2)", "tf221",
         "save_freq='epoch'"),
        ("import keras.backend as K\nK.set_learning_phase(1)", "tf221", ""),
    ],
)  # fmt: skip
def test_the_successor_is_found(text: str, name: str, expected: str) -> None:
    assert list(suggested(text, name).values())[-1] == expected


def test_it_says_who_found_the_successor(tmp_path: Path) -> None:
    said = text_of(tmp_path, {"a.py": OLD}, "tf221")
    assert (
        "    write: from keras.layers import LeakyReLU\n    (derived: the same object in " in said
    )
    assert "    write: learning_rate=\n    (written by hand: `lr` is called " in said
    assert "a.py:8:15: keras.optimizers.Adam(lr=)\n    does not take `lr`\n" in said


def test_where_nothing_is_known_nothing_is_invented() -> None:
    assert suggested("import tensorflow as tf\ntf.nonsense\n", "tf221") == {
        "tensorflow.nonsense": ""
    }


def test_a_table_with_a_mistake_is_a_problem(tmp_path: Path) -> None:
    good = (
        '[[successors]]\nnames = ["a"]\nreason = "r"\n'
        '[[successors.proofs]]\nbefore = ""\nold = ""\nafter = "tf221"\nnew = ""\n'
    )
    file = tmp_path / "table.toml"
    for change, message in (
        (("", ""), ""),
        (("names", "nmaes"), "unknown key 'nmaes'"),
        (('reason = "r"\n', ""), "reason is missing"),
        (("old", "odl"), "a proof has after, before, new, old, and no more"),
        (("[[successors]]", "x = 1\n[[successors]]"), "unknown key 'x'"),
        (('names = ["a"]', 'names = ["a"]\nrefused = "?"'), "Invalid specifier"),
        (("[[successors]]", "[["), "cannot be read"),
    ):
        file.write_text(good.replace(*change))
        if not message:
            assert len(successors.load_successors(file)) == 1
            continue
        with pytest.raises(Problem, match=message):
            successors.load_successors(file)

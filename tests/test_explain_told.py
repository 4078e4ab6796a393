"""`nox -s explain`: what people tell of an error, and lines that only the rest tells apart."""

from __future__ import annotations

import random
import re

import pytest
from test_explain import names

from envs.errors import catalogue_files, explain_run, explanation
from envs.errors.catalogue import trim_line

LR_MESSAGE = "Argument(s) not recognized: {'lr': 0.002}"


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("Import fails, No module named 'keras_core' in the tutorial", "package-not-installed"),
        ("property 'model' of 'MyCallback' object has no setter since Keras 3", "callback-model"),
        (
            "I receive the error: You must compile your model before training/testing.",
            "model-not-co",
        ),
        ("# Module 'tensorflow' has no attribute 'contrib'", "tf-contrib"),
        ("AttributeError: module tensorflow has no attribute contrib", "tf-contrib"),
        ("IOError: Unable to open file (file signature not found)", "keras-file-too-new"),
        (
            "FailedPreconditionError (see above for traceback): "
            "Attempting to use uninitialized value conv1/weights",
            "uninitialized-value",
        ),
        ("    raise ValueError('No model found in config file.')", "weights-file-as-model"),
        ("ImportError: No module named 'object_detection'**", "object-detection"),
        ("Unexpected keyword argument passed to optimizer: learning_rate", "optimizer-word"),
        ("\"module 'tensorflow' has no attribute 'Session' \"", "tf-session"),
        (
            "Exception: Input 0 is incompatible with layer lstm_1: expected ndim=3, found ndim=2",
            "in",
        ),
        ("ModuleNotFoundError: No module named '**tensorflow.contrib.tensorrt**'", "tf-contrib"),
        (
            "`Cannot import name 'keras' from partially initialized module 'tensorflow' (most "
            "likely due to a circular import) (C:\\code\\tensorflow.py)`",
            "own-file-tensorflow",
        ),
        (
            "NotImplementedError:\nLayer MaxViT has arguments ['config']\nin `__init__` and "
            "therefore must override `get_config()`.",
            "get-config-missing",
        ),
        ("AttributeError: '**str**' object has no attribute '**decode**'", "h5py-str-decode"),
        (
            "**InvalidArgumentError:**  Received a label value of 26 which is outside the valid "
            "range of [0, 4).  Label values: 21 2 17",
            "label-range",
        ),
        ("SUB:[AttributeError: module 'tensorflow' has no attribute 'Session']", "tf-session"),
        ("AttributeError: module 'tensorflow' has no attribute 'Session'](http://a.org)", "tf-s"),
        (
            'help: "Error when checking target: expected dense_4 to have shape (1,) but got array '
            'with shape (10,)"',
            "label-shape",
        ),
        (
            "63/100 [====>...] - ETA: 7s - acc: 0.5WARNING:tensorflow:Your input ran out of data; "
            "interrupting training.",
            "ran-out",
        ),
    ],
)
def test_a_message_that_is_told_from_memory_is_known(text: str, entry: str) -> None:
    assert names(text)[0].startswith(entry)


def test_a_module_that_python_2_does_not_name_is_read_from_the_code() -> None:
    line = "AttributeError: 'module' object has no attribute '{}'"
    assert names(f"----> 4 tf = K.tf\n      5 \n\n{line.format('tf')}") == ["keras-backend-tf"]
    assert names(f"    import tf.contrib as c\n{line.format('contrib')}") == ["tf-contrib"]
    assert names(f"    my.tf.contrib\n{line.format('contrib')}") == []
    assert names(line.format("contrib")) == []


def test_a_module_that_python_3_6_does_not_name_is_read_from_the_code() -> None:
    line = "ImportError: cannot import name 'Adam'"
    assert not explain_run.answer_pasted(line, {}).knows
    assert not explain_run.answer_pasted(f"from keras.optimizers import Adams\n{line}", {}).knows
    clue = explain_run.answer_pasted(f"from keras.optimizers import (SGD, Adam)\n{line}", {}).clue
    assert clue is not None
    assert clue.path == "keras.optimizers.Adam"


def test_what_is_told_is_not_read_out_of_a_log() -> None:
    told = "Import fails, No module named 'keras_core' in the tutorial"
    alone = ["one", told, "two", "three"]
    assert names("\n".join(alone)) == ["package-not-installed"]
    assert names("\n".join([*alone, "OSError: x"])) == []
    assert names("\n".join([*alone, *(f"line {chr(97 + n)}" * n for n in range(60))])) == []


def test_a_name_in_prose_is_answered_from_the_record_of_names() -> None:
    text = "I wrote this:\n\nimport keras\n\nand got `AttributeError: module 'keras' has no {}`."
    answer = explain_run.answer_pasted(text.format("attribute 'layrs'"), {})
    assert answer.found.last is not None
    assert answer.found.last.number == 5


def test_an_error_that_only_counts_others_is_explained_by_what_was_printed() -> None:
    printed = (
        "2020-04-02 09:59:41.630438: E tensorflow/stream_executor/cuda/cuda_dnn.cc:329] "
        "Could not create cudnn handle: CUDNN_STATUS_INTERNAL_ERROR\n"
    )
    last = "tensorflow.python.framework.errors_impl.UnknownError: 2 root error(s) found.\n"
    assert names(printed + last) == ["dnn-not-initialized"]
    assert names(last) == []


def test_one_line_of_pip_is_told_apart_by_what_was_built() -> None:
    line = "error: subprocess-exited-with-error"
    assert names(f"Collecting tensorflow-gpu\n{line}")[0] == "tensorflow-gpu-removed"
    assert names(f"Collecting numpy==1.19\n{line}") == ["python-build-backend"]


def test_a_variable_of_two_kerases_is_not_taken_for_one_without_a_value() -> None:
    line = (
        "FailedPreconditionError: Error while reading resource variable {} from Container: "
        "localhost. This could mean that the variable was uninitialized."
    )
    assert names(line.format("dense/kernel")) == ["uninitialized-value"]
    assert names(line.format("_AnonymousVar266")) == []


def test_a_name_that_the_readers_keras_has_is_looked_for_elsewhere() -> None:
    line = "AttributeError: module 'keras.src.backend' has no attribute 'convert_to_numpy'"
    alone = explain_run.answer_pasted(line, {}).clue
    known = explain_run.answer_pasted(f"{line}\n>>> keras.__version__\n'3.3.3'", {}).clue
    assert alone is not None
    assert known is not None
    assert (alone.elsewhere, known.elsewhere) == (False, True)


def test_a_part_of_keras_2_is_not_taken_for_keras_3() -> None:
    line = "ModuleNotFoundError: No module named 'tensorflow.keras.__internal__{}'"
    assert names(line.format("")) == ["keras-internal"]
    assert names(line.format(".layers")) == []


def test_a_numpy_that_is_too_old_is_not_taken_for_one_that_is_too_new() -> None:
    line = "ImportError: numpy.core.multiarray failed to import"
    above = "RuntimeError: module compiled against API version 0xf but this version of numpy is 0xe"
    assert names(line) == ["numpy-2"]
    assert names(f"{above}\n{line}") == ["numpy-too-old"]
    assert names(f"{above.replace('0xf', 'a').replace('0xe', '9')}\n{line}") == ["numpy-too-old"]


def test_a_wrapper_of_transformers_is_explained_by_what_it_wraps() -> None:
    line = (
        "RuntimeError: Failed to import transformers.modeling_tf_utils because of the following "
        "error (look up to see its traceback):\n"
    )
    wrapped = "Your currently installed version of Keras is Keras 3, but this is not yet supported"
    assert names(line + wrapped) == ["transformers-needs-tf-keras"]
    assert names(f"{line}No module named 'keras.engine'") == ["keras-engine"]
    assert names(f"{line}module 'tf_keras' has no attribute 'activations'") == []


def test_a_file_of_ones_own_in_place_of_tensorflow_is_told_from_a_module_that_is_gone() -> None:
    line = "ModuleNotFoundError: No module named '{0}.engine'; '{0}' is not a package"
    assert names(line.format("tensorflow")) == ["own-file-tensorflow"]
    assert names(line.format("tensorflow.keras")) == ["keras-engine"]


def test_a_name_that_each_package_keras_has_is_looked_for_elsewhere() -> None:
    clue = explain_run.answer_pasted(
        "ImportError: cannot import name '__version__' from 'keras'", {}
    ).clue
    assert clue is not None
    assert clue.elsewhere
    assert clue.missing  # those without the package


@pytest.mark.parametrize(
    ("module", "name", "taken"),
    [
        ("tensorflow.keras", "__version__", "tf212"),  # gone with 2.13, and back with Keras 3
        ("keras.preprocessing", "sequence", "tf221"),  # missing where there is no `keras`
        ("keras", "ops", "tf221"),
    ],
)
def test_code_stays_as_it_is_in_the_time_from_which_it_is(
    module: str, name: str, taken: str
) -> None:
    line = f"ImportError: cannot import name '{name}' from '{module}'"
    clue = explain_run.answer_pasted(line, {}).clue
    assert clue is not None
    assert clue.taken == taken


def test_no_pictures_are_not_taken_for_two_types() -> None:
    line = "TypeError: Input '{}' of '{}' Op has type float32 that does not match expected type of "
    assert names(line.format("filename", "ReadFile") + "string.") == ["no-batches"]
    assert names(line.format("y", "AddV2") + "int32.") == ["dtype-mismatch"]


@pytest.mark.parametrize(
    ("call", "word"),
    [("reduce_mean() {} 'keep_dims'", "keepdims="), ("argmax() {} 'dimension'", "axis=")],
)
def test_an_argument_of_a_function_of_tensorflow_is_answered_from_the_record(
    call: str, word: str
) -> None:
    """Keras 3 has an `argmax` too, which never took it."""
    line = "TypeError: " + call.format("got an unexpected keyword argument")
    clue = explain_run.answer_pasted(line, {}).clue
    assert clue is not None
    assert clue.path.startswith("tensorflow.")
    assert "keras" not in clue.path
    assert (clue.write, clue.there) == (word, ("tf113", "tf114", "tf115"))
    mine = explain_run.answer_pasted(f"TypeError: my_{line[11:]}", {})
    assert mine.clue is None


DECAY = "ValueError: decay is deprecated in the new Keras optimizer, please check the docstring"
PROBABILITY = (
    "ImportError: This version of TensorFlow Probability requires TensorFlow version >= 2.11"
)


@pytest.mark.parametrize("end", ["", "...", " ...", "\u2026"])
def test_a_line_that_was_cut_off_is_answered_and_said_to_be(end: str) -> None:
    found = explain_run.answer_pasted(DECAY + end, {}).found
    assert [match.entry.name for match in found.matches] == ["optimizer-decay"]
    assert found.explained
    assert "the end of the line is missing" in explanation.describe_sureness(found.matches[0])


def test_what_was_cut_off_is_not_made_up() -> None:
    (match,) = explain_run.answer_pasted(PROBABILITY, {}).found.matches
    assert match.entry.name == "probability-too-new"
    words = set(match.parts.values())
    assert "2.11" in words
    assert "\u2026" in words
    assert not any(re.search(r"\d", word) for word in words - {"2.11"})


@pytest.mark.parametrize(
    "line",
    [
        "ValueError: decay is",
        "ImportError: cannot import name 'abs'",
        "RuntimeError: decay is deprecated in the new Keras optimizer, please check the docstring",
    ],
)
def test_a_beginning_that_says_too_little_is_no_answer(line: str) -> None:
    assert not explain_run.answer_pasted(line, {}).knows


def test_a_line_of_the_catalogue_that_is_cut_off_is_its_own_entry_or_none() -> None:
    chance = random.Random(20)
    entries = [one for one in catalogue_files.load_catalogue().values() if one.group != "warnings"]
    answered = 0
    for entry in chance.sample(entries, 40):
        cut = trim_line(entry.line)[: len(entry.line) * 3 // 4].rpartition(" ")[0]
        matches = explain_run.answer_pasted(cut, {}).found.matches
        begun = [match.entry.name for match in matches if match.is_cut]
        assert begun in ([], [entry.name]), cut
        answered += len(begun)
    assert answered > 15


def test_an_error_that_an_editor_copied_from_a_notebook_is_read() -> None:
    lines = ["{", '\t"name": "ValueError",', f'\t"message": "{LR_MESSAGE}']
    assert names("\n".join([*lines[:2], lines[2] + '",', '\t"stack": "x"'])) == ["optimizer-lr"]
    assert names("\n".join([*lines[:2], lines[2] + '\\n\\nand more of it",'])) == ["optimizer-lr"]


def test_a_message_in_a_comment_is_known() -> None:
    said = 'The name "dense_1" is used 2 times in the model. All layer names should be unique.'
    text = f"model.add(x)\n# {said}"
    assert names(text) == ["layer-names-repeat"]

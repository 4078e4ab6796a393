"""`nox -s explain`: what people tell of an error, and lines that only the rest tells apart."""

from __future__ import annotations

import pytest
from test_explain import names

from envs.errors import explain_run


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
    ],
)
def test_a_message_that_is_told_from_memory_is_known(text: str, entry: str) -> None:
    assert names(text)[0].startswith(entry)


def test_what_is_told_is_not_read_out_of_a_log() -> None:
    log = ["one", "Import fails, No module named 'keras_core' in the tutorial", "two", "three"]
    assert names("\n".join(log)) == []


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

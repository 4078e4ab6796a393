"""verify.py: TensorFlow or Keras that cannot be imported."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fake_environments import FRESH, Environment, plain, problems

# Imports that fail

PROTOBUF = 'python -m pip install "tensorflow==2.12.0" "protobuf<3.21"'
NUMPY = 'python -m pip install "tensorflow==2.12.0" "numpy<2"'
FAILURES = [
    ("TypeError", "Descriptors cannot not be created directly.\\nMore", PROTOBUF),
    ("TypeError", "Descriptors cannot be created directly.", PROTOBUF),
    ("ImportError", "numpy.core.multiarray failed to import", NUMPY),
    ("ImportError", "numpy.core.umath failed to import", NUMPY),
    ("AttributeError", "_ARRAY_API not found", NUMPY),
    (
        "TypeError",
        "Unable to convert function return value to a Python type! The signature was\\n"
        "\\t() -> handle",
        NUMPY,
    ),
    ("TypeError", "something new", FRESH),
]


@pytest.mark.parametrize(("kind", "message", "fix"), FAILURES)
def test_tensorflow_cannot_be_imported(
    empty: Environment, kind: str, message: str, fix: str
) -> None:
    empty.tensorflow(code=f'raise {kind}("{message}")')
    empty.keras()
    printed = problems(empty.run(), ("`import tensorflow` fails: ", empty.packages, fix))
    first = message.split("\\n")[0]
    assert f"tensorflow     cannot be imported, {kind}: {first}" in printed
    kept = f"keras          2.12.0  {empty.packages / 'keras' / '__init__.py'}\n"
    assert plain(kept) in plain(printed)


def test_a_known_failure_is_told_with_its_cause_and_its_further_cures(empty: Environment) -> None:
    empty.tensorflow(code="raise ImportError('numpy.core.umath failed to import')")
    empty.keras()
    _, printed = empty.run()
    assert "numpy.core.umath failed to import: NumPy 2 is installed, and TensorFlow" in printed
    assert "or: Take TensorFlow 2.18 or later: the pairing tf218, TensorFlow 2.18" in printed


def test_tensorflow_cannot_be_imported_for_a_known_reason(empty: Environment) -> None:
    empty.tensorflow(code="raise TypeError('something new')")
    empty.keras("2.11.0")
    problems(
        empty.run(),
        (
            "tensorflow 2.12.0 requires keras<2.13,>=2.12.0, but 2.11.0 is installed",
            empty.packages,
            'python -m pip install "tensorflow==2.12.0" "keras<2.13,>=2.12.0"',
        ),
        (
            "`import tensorflow` fails: TypeError: something new",
            empty.packages,
            f"first the fixes above; if they are not enough, {FRESH}",
        ),
    )


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (
            "raise AttributeError('np.object is gone.\\nThe aliases were removed, see:\\n"
            "    https://example.org/notes')",
            "AttributeError: np.object is gone.",
        ),
        (
            "raise ValueError('Use this instead:\\nkeras.ops\\n```\\nx = 1\\n```')",
            "ValueError: Use this instead: keras.ops",
        ),
        (
            "raise TypeError('Nothing fits! The signature was\\n\\t() -> handle')",
            "TypeError: Nothing fits! The signature was () -> handle",
        ),
        (
            'raise ImportError(\'Traceback (most recent call last):\\n  File "x.py"\\n'
            "ImportError: libc.so.7: not found\\n\\nFailed to load.\\nSee https://x')",
            "ImportError: libc.so.7: not found",
        ),
    ],
)
def test_a_message_of_several_lines_is_not_taken_for_its_last(
    empty: Environment, code: str, meaning: str
) -> None:
    empty.tensorflow(code=code)
    empty.keras()
    problems(empty.run(), (f"`import tensorflow` fails: {meaning}", empty.packages, FRESH))


def test_what_tensorflow_itself_says_of_protobuf_comes_first(empty: Environment) -> None:
    requires = ["keras<2.13,>=2.12.0", "protobuf<3.20,>=3.9.2"]
    code = "raise TypeError('Descriptors cannot not be created directly.')"
    empty.tensorflow(code=code, requires=requires)
    empty.keras()
    empty.install("protobuf", "3.19.6")
    fix = 'python -m pip install "tensorflow==2.12.0" "protobuf<3.20,>=3.9.2"'
    problems(empty.run(), ("`import tensorflow` fails: ", empty.packages, fix))


def test_a_script_called_tensorflow_is_not_mended_by_installing_tensorflow(
    pairing: Environment,
) -> None:
    (pairing.project / "tensorflow.py").write_text("from tensorflow import keras\n")
    code, printed = pairing.run()
    assert code == 1
    assert "PROBLEM 1: tensorflow from outside the environment" in printed
    assert "rename it or move it away" in printed
    assert "--force-reinstall" not in printed
    assert "first the fixes above" in printed


def test_tensorflow_exits(empty: Environment) -> None:
    empty.tensorflow(code="raise SystemExit('bye')")
    empty.keras()
    problems(empty.run(), ("`import tensorflow` fails: SystemExit: bye", empty.packages, FRESH))


def test_tensorflow_kills_the_process(empty: Environment) -> None:
    empty.tensorflow(code="import os\n\nos._exit(3)")
    empty.keras("2.11.0")
    code, printed = empty.run()
    assert code == 3
    assert "PROBLEM 1: tensorflow 2.12.0 requires keras" in printed
    assert printed.splitlines()[-1].startswith("Imports (where the report ends here")


def test_tensorflow_not_installed(empty: Environment) -> None:
    empty.keras("3.5.0")
    problems(
        empty.run(),
        (
            "TensorFlow is not installed",
            empty.prefix,
            f"python -m pip install tensorflow, or better: {FRESH}",
        ),
    )


def test_tensorflow_without_its_files(pairing: Environment) -> None:
    shutil.rmtree(str(pairing.packages / "tensorflow"))
    problems(
        pairing.run(),
        (
            "tensorflow 2.12.0 is not as it was installed, its files: 1 missing",
            pairing.packages / "tensorflow/__init__.py",
            'python -m pip install --force-reinstall --no-deps "tensorflow==2.12.0"',
        ),
    )


def test_keras_cannot_be_imported(empty: Environment) -> None:
    empty.tensorflow(code="__version__ = '2.12.0'\n")
    empty.keras()
    empty.rewrite("keras", "2.12.0", "import absent")
    problems(
        empty.run(),
        (
            "`import keras` fails: ModuleNotFoundError: No module named 'absent'",
            empty.packages,
            FRESH,
        ),
    )


def test_keras_backend_not_installed(empty: Environment) -> None:
    empty.tensorflow("2.16.2", "__version__ = '2.16.2'\n", ["keras>=3.0.0"])
    empty.keras("3.5.0")
    empty.rewrite("keras", "3.5.0", "import torch")
    problems(
        empty.run(KERAS_BACKEND="torch"),
        (
            "KERAS_BACKEND=torch, but torch is not installed",
            Path("the environment variables"),
            "unset KERAS_BACKEND",
        ),
        (
            "Keras 3 is told to use the backend torch, by `KERAS_BACKEND` or by",
            empty.packages,
            "first the fixes above; if they are not enough, "
            "Set the backend to TensorFlow, in the environment or in `~/.keras/keras.json`: "
            "set KERAS_BACKEND=tensorflow",
        ),
    )


def test_keras_half_uninstalled(empty: Environment) -> None:
    """This happens when two packages own keras/ and one of them is uninstalled."""
    empty.tensorflow(code="__version__ = '2.12.0'\n")
    empty.keras()
    (empty.packages / "keras" / "__init__.py").unlink()
    problems(
        empty.run(),
        (
            "keras 2.12.0 is not as it was installed, its files: 1 missing",
            empty.packages / "keras/__init__.py",
            'python -m pip install --force-reinstall --no-deps "keras==2.12.0"',
        ),
    )


def test_tf_keras_cannot_be_used(empty: Environment) -> None:
    empty.tensorflow(code="__version__ = '2.12.0'\n")
    empty.keras()
    problems(empty.run(), ("`tf.keras` cannot be used: ", empty.packages, FRESH))


def test_fixes_name_the_python(empty: Environment) -> None:
    python = empty.python
    assert f"In the fixes, python is {python}\n" in empty.run()[1]
    shutil.rmtree(str(empty.packages / "pip"))
    printed = empty.run(PATH="/nowhere")[1]
    no_pip = f"python is {python}, which has no pip: `python -m ensurepip` brings one"
    assert no_pip in printed

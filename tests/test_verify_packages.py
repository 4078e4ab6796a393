"""verify.py: packages that are missing, doubled, damaged, or of the wrong release."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fake_environments import (
    BUNDLED,
    KERAS,
    TENSORFLOW,
    Environment,
    clean,
    plain,
    problems,
    remove,
)

# Packages that do not fit together


def test_two_kerases(empty: Environment) -> None:
    empty.tensorflow("2.5.3", BUNDLED, ["keras-nightly (~=2.5.0.dev)"])
    empty.keras("2.6.0")
    empty.keras("2.5.0.dev2021032900", "keras-nightly")
    printed = problems(
        empty.run(),
        (
            "keras 2.6.0 and keras-nightly 2.5.0.dev2021032900 both own keras/",
            empty.packages / "keras",
            "python -m pip uninstall -y keras keras-nightly",
        ),
    )
    assert (
        '           python -m pip install --force-reinstall --no-deps "keras-nightly~=2.5.0.dev"\n'
        in printed
    )


def test_two_tensorflows(pairing: Environment) -> None:
    pairing.install("tensorflow-cpu", "2.12.0", "tensorflow", TENSORFLOW)
    printed = problems(
        pairing.run(),
        (
            "tensorflow 2.12.0 and tensorflow-cpu 2.12.0 both own tensorflow/",
            pairing.packages / "tensorflow",
            "python -m pip uninstall -y tensorflow tensorflow-cpu",
        ),
    )
    assert 'pip install --force-reinstall --no-deps "tensorflow==2.12.0"\n' in printed


def test_a_stub_owns_nothing(pairing: Environment) -> None:
    """On Windows, `tensorflow` may be metadata only, which requires tensorflow-intel."""
    shutil.rmtree(str(next(pairing.packages.glob("tensorflow-*.dist-info"))))
    pairing.install("tensorflow", "2.12.0", requires=["tensorflow-intel==2.12.0"])
    pairing.install("tensorflow-intel", "2.12.0", "tensorflow", TENSORFLOW, ["keras<2.13"])
    clean(pairing.run())


def test_egg_info(pairing: Environment) -> None:
    data = pairing.packages / "keras_nightly-2.5.0.egg-info"
    data.mkdir()
    (data / "PKG-INFO").write_text("Name: keras_nightly\nVersion: 2.5.0\n")
    (data / "top_level.txt").write_text("keras\n")
    code, printed = pairing.run()
    assert code == 1
    assert "keras 2.12.0 and keras-nightly 2.5.0 both own keras/" in printed


def test_what_pip_leaves_of_an_upgrade_owns_nothing(pairing: Environment) -> None:
    pairing.install("keras", "2.11.0", "keras", KERAS.format("2.12.0"))
    data = pairing.packages / "keras-2.11.0.dist-info"
    data.rename(pairing.packages / "~eras-2.11.0.dist-info")
    clean(pairing.run())


def test_keras_of_another_release(empty: Environment) -> None:
    empty.tensorflow()
    empty.keras("2.11.0")
    problems(
        empty.run(),
        (
            "tensorflow 2.12.0 requires keras<2.13,>=2.12.0, but 2.11.0 is installed",
            empty.packages,
            'python -m pip install "tensorflow==2.12.0" "keras<2.13,>=2.12.0"',
        ),
    )


def test_keras_missing(empty: Environment) -> None:
    empty.tensorflow(code="__version__ = '2.12.0'")
    printed = problems(
        empty.run(),
        (
            "tensorflow 2.12.0 requires keras<2.13,>=2.12.0, which is missing",
            empty.packages,
            'python -m pip install "tensorflow==2.12.0" "keras<2.13,>=2.12.0"',
        ),
    )
    assert "keras          not installed, though required" in printed
    empty.install("a-tuner", "1.0.2", requires=["keras"])  # no second problem, and no other fix
    assert empty.run()[1] == printed


def test_setuptools_missing_is_brought_with_what_tensorboard_imports(empty: Environment) -> None:
    empty.tensorflow(requires=["keras<2.13,>=2.12.0", "setuptools"])
    empty.keras()
    empty.install("tensorboard", "2.12.3", requires=["setuptools>=41.0.0"])
    problems(
        empty.run(),
        (
            "tensorflow 2.12.0 requires setuptools, which is missing",
            empty.packages,
            'python -m pip install "tensorflow==2.12.0" "setuptools<82"',
        ),
    )


def test_what_does_not_go_with_the_remedy_is_moved_along(empty: Environment) -> None:
    """As after `uv pip install -U keras`: ml-dtypes needs NumPy 2, which TensorFlow refuses."""
    empty.tensorflow(requires=["keras<2.13,>=2.12.0", "numpy<1.24,>=1.22", "jax>=0.3.15"])
    empty.keras()
    empty.install("jax", "0.4.30", requires=["ml-dtypes>=0.2.0", "numpy>=1.22"])
    empty.install("ml-dtypes", "0.6.0", requires=["numpy>=2.0"])
    empty.install("pandas", "2.3.3", requires=["numpy>=1.22.4"])
    empty.install("numpy", "2.3.5")
    problems(
        empty.run(),
        (
            "tensorflow 2.12.0 requires numpy<1.24,>=1.22, but 2.3.5 is installed",
            empty.packages,
            'python -m pip install "tensorflow==2.12.0" "numpy<1.24,>=1.22" ml-dtypes',
        ),
    )


def test_what_tensorflow_needs_further_down_must_hold_as_well(empty: Environment) -> None:
    empty.tensorflow(requires=["keras<2.13,>=2.12.0", "numpy<1.24,>=1.22", "jax>=0.3.15"])
    empty.keras()
    empty.install("jax", "0.4.30", requires=["ml-dtypes>=0.2.0"])
    empty.install("ml-dtypes", "0.6.0", requires=["numpy>=2.0"])
    empty.install("numpy", "1.23.5")
    problems(
        empty.run(),
        (
            "ml-dtypes 0.6.0 requires numpy>=2.0, but 1.23.5 is installed",
            empty.packages,
            'python -m pip install "tensorflow==2.12.0" ml-dtypes',
        ),
    )


def test_what_nobody_needs_here_may_lack_something(pairing: Environment) -> None:
    pairing.install("fastapi", "1.0", requires=["pydantic>=2"])
    clean(
        pairing.run(),
        "note:          beside TensorFlow and Keras, fastapi 1.0 requires pydantic>=2, which is",
    )


@pytest.mark.parametrize(
    ("tensorboard", "setuptools", "broken"),
    [("2.12.3", "84.2.1", True), ("2.12.3", "81.0.0", False), ("2.21.0", "84.2.1", False)],
)
def test_a_setuptools_without_pkg_resources_breaks_tensorboard(
    pairing: Environment, tensorboard: str, setuptools: str, broken: bool
) -> None:
    """The cap of the pairing, which holds beside that tensorboard only."""
    pairing.install("tensorboard", tensorboard, requires=["setuptools>=41.0.0"])
    pairing.install("setuptools", setuptools)
    ended = pairing.run()
    if not broken:
        clean(ended)
        return
    problems(
        ended,
        (
            "tensorflow 2.12.0 goes only with setuptools<82, but 84.2.1 is installed: tensorboard",
            pairing.packages,
            'python -m pip install "tensorflow==2.12.0" "setuptools<82"',
        ),
    )


def test_keras_missing_for_somebody_else(empty: Environment) -> None:
    empty.tensorflow("2.4.4", BUNDLED, [])
    empty.install("keras-tuner", "1.0.2", requires=["keras", "something-else"])
    problems(
        empty.run(),
        (
            "keras-tuner 1.0.2 requires keras, which is missing",
            empty.packages,
            'python -m pip install "tensorflow==2.4.4" "keras==2.4.3"',
        ),
    )


def test_requirements_that_do_not_hold_here(pairing: Environment) -> None:
    pairing.install(
        "tensorflow-cpu",
        "2.12.0",
        requires=[
            "tensorflow-intel==2.12.0 ; platform_system == 'Nothing'",
            'nvidia-cublas-cu12 ==12.3.4.1 ; extra == "and-cuda"',
            'numpy<1.0; python_version < "3" and (sys_platform == "linux" or os_name == "posix")',
            "wrapt ; what is this",
            "opt-einsum @ https://example.invalid/opt_einsum.whl",
            "Absl.PY[extra] (>=1.0.0)",
        ],
    )
    pairing.install("absl_py", "1.4.0")
    pairing.install("opt_einsum", "3.3.0")
    clean(pairing.run())


# tf-keras


def test_legacy_keras(legacy: Environment) -> None:
    clean(legacy.run(), "tf.keras       the keras package, 3.5.0")
    clean(
        legacy.run(TF_USE_LEGACY_KERAS="1"),
        "tf.keras       the tf_keras package, 2.16.0",
        "note:          tf.keras is tf-keras 2.16.0, and keras is another, 3.5.0: import from one",
    )


@pytest.mark.parametrize("value", ["", "0", "False"])
def test_legacy_keras_switched_off(legacy: Environment, value: str) -> None:
    clean(legacy.run(TF_USE_LEGACY_KERAS=value), f"TF_USE_LEGACY_KERAS={value} does nothing")


@pytest.mark.parametrize("value", ["yes", "TRUE", "2"])
def test_legacy_keras_value_without_effect(legacy: Environment, value: str) -> None:
    code, printed = legacy.run(TF_USE_LEGACY_KERAS=value)
    assert code == 1
    assert f"TF_USE_LEGACY_KERAS={value} does nothing: only 1, true and True do\n" in printed
    assert "fix:   unset TF_USE_LEGACY_KERAS, or set TF_USE_LEGACY_KERAS=1\n" in printed


def test_legacy_keras_in_a_tensorflow_without_it(pairing: Environment) -> None:
    clean(pairing.run(TF_USE_LEGACY_KERAS="1"), "TF_USE_LEGACY_KERAS=1 does nothing in 2.12.0")


def test_legacy_keras_not_installed(legacy: Environment) -> None:
    remove(legacy, "tf_keras", "tf_keras")
    clean(legacy.run())
    code, printed = legacy.run(TF_USE_LEGACY_KERAS="True")
    assert code == 1
    assert "PROBLEM 1: TF_USE_LEGACY_KERAS=True, but tf-keras is not installed" in printed
    assert 'python -m pip install "tf-keras==2.16.*", or unset TF_USE_LEGACY_KERAS' in printed


def test_legacy_keras_of_another_release(legacy: Environment) -> None:
    remove(legacy, "tf_keras", "tf_keras")
    legacy.keras("2.17.0", "tf-keras", "tf_keras", requires=["tensorflow<2.18,>=2.17"])
    problems(
        legacy.run(TF_USE_LEGACY_KERAS="1"),
        (
            "tf-keras 2.17.0 is not made for TensorFlow 2.16.2",
            legacy.packages,
            'python -m pip install "tf-keras==2.16.*"',
        ),
    )


# Packages that changed after they were installed


def test_a_file_of_keras_edited_in_place(pairing: Environment) -> None:
    file = pairing.packages / "keras" / "__init__.py"
    file.write_text(file.read_text() + "\n# a quick change\n")
    problems(
        pairing.run(),
        (
            "keras 2.12.0 is not as it was installed, its files: 1 changed",
            file,
            'python -m pip install --force-reinstall --no-deps "keras==2.12.0"',
        ),
    )


def test_half_an_upgrade(legacy: Environment) -> None:
    """pip removes only files that it installed, so the folder must be deleted too."""
    folder = legacy.packages / "tf_keras"
    (folder / "__init__.py").write_text(KERAS.format("2.15.0"))
    (folder / "old.py").touch()
    (folder / "src").mkdir()
    (folder / "src" / "older.py").touch()
    (folder / "notes.txt").touch()
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "gone.cpython-37.pyc").touch()
    printed = problems(
        legacy.run(),
        (
            "tf-keras 2.16.0 is not as it was installed, its files: 1 changed, 2 left over",
            Path(f"{folder / '__init__.py'} and 2 more"),
            "python -m pip uninstall -y tf-keras",
        ),
    )
    then = f"           delete {folder}\n           python -m pip install --force-re"
    assert plain(then) in plain(printed)


def test_one_of_two_tensorflows_removed(pairing: Environment) -> None:
    (pairing.packages / "tensorflow" / "core.so").touch()
    data = pairing.packages / "tensorflow-2.12.0.dist-info"
    pairing.record(data, "tensorflow/__init__.py", "tensorflow/core.so")
    (pairing.packages / "tensorflow" / "core.so").unlink()
    problems(
        pairing.run("--no-import"),
        (
            "tensorflow 2.12.0 is not as it was installed, its files: 1 missing",
            pairing.packages / "tensorflow" / "core.so",
            'python -m pip install --force-reinstall --no-deps "tensorflow==2.12.0"',
        ),
    )


def test_files_that_are_not_imported_may_be_missing(pairing: Environment) -> None:
    """Container images are made smaller by removing headers, data and bytecode."""
    data = pairing.packages / "keras-2.12.0.dist-info"
    more = pairing.packages / "keras" / "header.h"
    more.touch()
    pairing.record(data, "keras/__init__.py", "keras/header.h")
    more.unlink()
    clean(pairing.run())


def test_files_without_a_hash_cannot_differ(pairing: Environment) -> None:
    """Conda and some Linux distributions write such a RECORD."""
    data = pairing.packages / "keras-2.12.0.dist-info"
    (data / "RECORD").write_text("keras/__init__.py,,\n")
    (pairing.packages / "keras" / "more.py").touch()
    clean(pairing.run())

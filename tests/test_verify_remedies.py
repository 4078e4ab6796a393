"""verify.py: the one command that mends what does not go together, and where there is none."""

from __future__ import annotations

import shutil

import pytest
from fake_environments import BUNDLED, KERAS, LEGACY, TENSORFLOW, Environment, clean, problems


def tensorflow(place: Environment, version: str, *requires: str) -> None:
    """TensorFlow of a release, with its Keras, which is not looked at further."""
    keras = "3.5.0" if version >= "2.16" else version.rpartition(".")[0] + ".0"
    code = LEGACY if version >= "2.16" else TENSORFLOW
    code = code.replace("2.12.0", version).replace("2.16.2", version)
    place.install("tensorflow", version, "tensorflow", code, [f"keras>={keras}", *requires])
    place.install("keras", keras, "keras", KERAS.format(keras))


def test_what_else_is_installed_must_hold_after_the_remedy(empty: Environment) -> None:
    tensorflow(empty, "2.12.0", "numpy<1.24,>=1.22")
    empty.install("numpy", "2.2.6")
    empty.install("opencv-python", "4.12.0.88", requires=["numpy<2.3.0,>=2"])
    empty.install("blobs", "1.0", requires=["opencv-python>=4.5"])
    empty.install("numba", "0.58", requires=["numpy<1.27,>=1.22"])
    empty.install("pandas", "2.3.3", requires=["numpy>=1.22.4"])
    printed = problems(
        empty.run(),
        (
            "tensorflow 2.12.0 requires numpy<1.24,>=1.22, but 2.2.6 is installed; "
            "numba 0.58 requires numpy<1.27,>=1.22, but 2.2.6 is installed",
            empty.packages,
            'python -m pip install "tensorflow==2.12.0" "numpy<1.24,>=1.22" numba opencv-python '
            "blobs",
        ),
    )
    assert (
        "           or, to keep opencv-python 4.12.0.88, take the pairing tf218 (TensorFlow "
        "2.18.1), or an environment of its own for it\n"
    ) in printed


def test_a_package_that_was_broken_by_what_tensorflow_shares_is_a_problem(
    empty: Environment,
) -> None:
    tensorflow(empty, "2.12.0", "numpy<1.24,>=1.22")
    empty.install("numpy", "1.23.5")
    empty.install("opencv-python", "4.12.0.88", requires=["numpy<2.3.0,>=2"])
    problems(
        empty.run(),
        (
            "opencv-python 4.12.0.88 requires numpy<2.3.0,>=2, but 1.23.5 is installed",
            empty.packages,
            'python -m pip install "tensorflow==2.12.0" opencv-python',
        ),
    )


def test_a_cap_that_metadata_lacks_is_brought_by_the_remedy(empty: Environment) -> None:
    """As after `uv pip install -U keras`: typing-extensions of today, which tf215 caps."""
    needs = ["numpy<2.0.0,>=1.23.5", "typing-extensions>=3.6.6", "wrapt<1.15,>=1.11.0"]
    tensorflow(empty, "2.15.1", *needs, "grpcio<2.0,>=1.24.3")
    empty.install("numpy", "2.3.5")
    empty.install("wrapt", "1.14.2")
    empty.install("grpcio", "1.76.0", requires=["typing-extensions~=4.12"])
    empty.install("typing-extensions", "4.16.0")
    problems(
        empty.run(),
        (
            "tensorflow 2.15.1 goes only with typing-extensions<4.6, but 4.16.0 is installed: "
            "with a later one, a tf.function cannot return a dict",
            empty.packages,
            'python -m pip install "tensorflow==2.15.1" "typing-extensions>=3.6.6,<4.6" '
            '"numpy<2.0.0,>=1.23.5" "grpcio<2.0,>=1.24.3"',
        ),
    )


def test_what_cannot_be_in_one_environment_is_said_to_be_so(empty: Environment) -> None:
    tensorflow(empty, "2.15.1", "typing-extensions>=3.6.6", "wrapt<1.15,>=1.11.0")
    empty.install("wrapt", "1.14.2")
    empty.install("pydantic", "2.14.0", requires=["typing-extensions>=4.14.1"])
    empty.install("typing-extensions", "4.16.0")
    printed = problems(
        empty.run(),
        (
            "and pydantic 2.14.0 only with typing-extensions>=4.6.1 (every pydantic 2 requires "
            "it, and pydantic 1 is another interface): they cannot both be satisfied in one",
            empty.packages,
            'python -m pip install --no-deps "wrapt>=2"',
        ),
    )
    assert "or take the pairing tf216 (TensorFlow 2.16.2), or two environments\n" in printed
    shutil.rmtree(str(empty.packages / "wrapt-1.14.2.dist-info"))
    empty.install("wrapt", "2.5.2")
    clean(empty.run(), "note:          tensorflow 2.15.1 requires wrapt<1.15,>=1.11.0, but 2.5.2")


def test_what_is_told_beside_it_does_not_ask_for_it_again(empty: Environment) -> None:
    """As after `uv pip install mlflow`: pydantic 2, and protobuf of today."""
    needs = ["typing-extensions>=3.6.6", "wrapt<1.15,>=1.11.0", "protobuf<5,>=3.20.3"]
    tensorflow(empty, "2.15.1", *needs)
    empty.install("wrapt", "1.14.2")
    empty.install("pydantic", "2.14.0", requires=["typing-extensions>=4.14.1"])
    empty.install("typing-extensions", "4.16.0")
    empty.install("protobuf", "7.36.2")
    first, then = [line for line in empty.run()[1].splitlines() if "pip install" in line]
    assert 'pip install --no-deps "wrapt>=2"' in first
    assert '"protobuf<5,>=3.20.3"' in then
    assert "typing-extensions" not in then
    assert "tensorflow" not in then


def test_a_requirement_that_is_harmless_to_break_is_a_note(empty: Environment) -> None:
    tensorflow(empty, "2.13.1", "typing-extensions<4.6.0,>=3.6.6", "wrapt>=1.11.0")
    empty.install("wrapt", "2.5.2")
    empty.install("pydantic", "2.14.0", requires=["typing-extensions>=4.14.1"])
    empty.install("typing-extensions", "4.16.0")
    clean(
        empty.run(),
        "note:          tensorflow 2.13.1 requires typing-extensions<4.6.0,>=3.6.6, but 4.16.0 is "
        "installed: harmless: with typing-extensions 4.16.0",
    )


def test_a_remedy_that_broke_pydantic_is_undone(empty: Environment) -> None:
    """TensorFlow is not named, as its metadata would rule out what works."""
    tensorflow(empty, "2.13.1", "typing-extensions<4.6.0,>=3.6.6", "wrapt>=1.11.0")
    empty.install("wrapt", "2.5.2")
    empty.install("pydantic", "2.14.0", requires=["typing-extensions>=4.14.1"])
    empty.install("typing-extensions", "4.5.0")
    problems(
        empty.run(),
        (
            "pydantic 2.14.0 requires typing-extensions>=4.14.1, but 4.5.0 is installed",
            empty.packages,
            'python -m pip install "typing-extensions>=4.14.1"',
        ),
    )


def test_the_pairing_that_goes_with_it_is_offered(legacy: Environment) -> None:
    legacy.install("tensorflow-probability", "0.25.0")
    assert (
        "or, to keep tensorflow-probability 0.25.0, take the pairing tf218 (TensorFlow 2.18.1), "
        "or an environment of its own for it\n"
    ) in legacy.run()[1]


def test_a_keras_that_fails_beside_an_old_tensorflow_gives_way_to_that_of_the_pairing(
    empty: Environment,
) -> None:
    empty.tensorflow("2.4.4", BUNDLED, [])
    empty.install("keras", "2.11.0", "keras", "raise AttributeError('no __internal__')")
    problems(
        empty.run(),
        (
            "`import keras` fails: AttributeError: no __internal__",
            empty.packages,
            'python -m pip install "tensorflow==2.4.4" "keras==2.4.3"',
        ),
    )


def test_no_keras_is_brought_beside_keras_nightly(empty: Environment) -> None:
    empty.tensorflow("2.5.3", BUNDLED, ["keras-nightly (~=2.5.0.dev)"])
    empty.keras("2.5.0.dev2021032900", "keras-nightly")
    empty.install("keras-tuner", "1.3.5", requires=["keras>=2.6"])
    clean(empty.run())


@pytest.mark.parametrize("tensorboard", ["2.21.0", None])
def test_a_cap_that_the_remedy_itself_makes_needed_is_brought(
    empty: Environment, tensorboard: str | None
) -> None:
    """As after `uv pip install -U tensorboard`: the older one that returns needs setuptools<82."""
    tensorflow(empty, "2.12.0", "tensorboard<2.13,>=2.12")
    empty.install("setuptools", "84.2.1")
    if tensorboard:
        empty.install("tensorboard", tensorboard)
    problems(
        empty.run(),
        (
            "tensorflow 2.12.0 requires tensorboard<2.13,>=2.12, ",
            empty.packages,
            'python -m pip install "tensorflow==2.12.0" "setuptools<82" "tensorboard<2.13,>=2.12"',
        ),
    )


@pytest.mark.parametrize("release", ["1.23.2", "1.19.0"])
def test_a_release_whose_metadata_is_silent_is_ruled_out(empty: Environment, release: str) -> None:
    """onnx 1.19.0 admits any ml-dtypes, and fails with that of TensorFlow 2.16."""
    tensorflow(empty, "2.16.2", "ml-dtypes~=0.3.1")
    new = release == "1.23.2"
    empty.install("onnx", release, requires=["ml-dtypes>=0.5.0" if new else "ml-dtypes"])
    empty.install("ml-dtypes", "0.5.4" if new else "0.3.2")
    code, printed = empty.run()
    assert code == 1
    named = '"ml-dtypes~=0.3.1" "onnx<1.19"' if new else '"onnx<1.19"'
    assert f'    fix:   python -m pip install "tensorflow==2.16.2" {named}\n' in printed


@pytest.mark.parametrize(
    ("version", "stated", "fix"),
    [
        (
            "2.12.0",
            ["tensorboard<2.13,>=2.12"],
            'python -m pip install --force-reinstall --no-deps "tensorboard==2.12.3"',
        ),
        ("2.21.0", [], 'python -m pip install "tensorflow==2.21.0" "tensorboard>=2.20"'),
    ],
)
def test_tensorboard_without_its_command_is_named(
    empty: Environment, version: str, stated: list[str], fix: str
) -> None:
    """The old TensorFlow, which has the command too, takes it away as it is replaced."""
    tensorflow(empty, version, *stated)
    empty.install("tensorboard", "2.12.3", "tensorboard")
    record = empty.packages / "tensorboard-2.12.3.dist-info" / "RECORD"
    record.write_text(record.read_text() + "../../../bin/tensorboard,sha256=x,1\n")
    problems(empty.run(), ("tensorboard 2.12.3 has lost its command", empty.packages, fix))
    (empty.prefix / "bin" / "tensorboard").touch()
    clean(empty.run())


@pytest.mark.parametrize("protobuf", ["4.25.9", "7.36.2"])
def test_a_package_that_another_one_brought_is_ruled_out_as_well(
    empty: Environment, protobuf: str
) -> None:
    """As with tensorflow-datasets, which brings a tensorflow-metadata that needs protobuf 5."""
    tensorflow(empty, "2.16.2", "protobuf<5.0.0dev,>=3.20.3")
    empty.install("protobuf", protobuf)
    empty.install("tensorflow-datasets", "4.9.10", requires=["tensorflow-metadata"])
    empty.install("tensorflow-metadata", "1.21.0", requires=["protobuf>=4.25.2"])
    old = protobuf == "4.25.9"
    said = "tensorflow-metadata 1.21.0 requires protobuf>=6.31.1, but 4.25.9 is installed: it"
    fix = 'python -m pip install "tensorflow==2.16.2" '
    fix += "" if old else '"protobuf<5.0.0dev,>=3.20.3" '
    problems(
        empty.run(),
        (
            said if old else "tensorflow 2.16.2 requires protobuf<5.0.0dev,>=3.20.3, but 7.36.2 is",
            empty.packages,
            fix + '"tensorflow-metadata<1.18"',
        ),
    )


def test_two_that_move_are_kept_together_though_no_metadata_says_so(empty: Environment) -> None:
    """As with jax and jaxlib: of an older jax, the metadata admits any jaxlib."""
    tensorflow(empty, "2.16.2", "ml-dtypes~=0.3.1")
    empty.install("ml-dtypes", "0.6.0")
    empty.install("jax", "0.12.0", requires=["jaxlib<=0.12.0", "ml-dtypes>=0.5.0"])
    empty.install("jaxlib", "0.12.0", requires=["ml-dtypes>=0.5.0"])
    code, printed = empty.run()
    assert code == 1
    fix = printed.partition("fix:   ")[2].splitlines()[0]
    assert fix.startswith('python -m pip install "tensorflow==2.16.2" "ml-dtypes~=0.3.1" ')
    assert sorted(fix.split()[5:]) == ['"jax>=0.4.30"', '"ml-dtypes~=0.3.1"', "jaxlib"]


def test_another_variant_is_as_good_and_no_second_tensorflow_is_brought(
    empty: Environment,
) -> None:
    empty.install("tensorflow-cpu", "2.12.0", "tensorflow", TENSORFLOW, ["numpy<1.24,>=1.22"])
    empty.keras()
    empty.install("numpy", "2.2.6")
    empty.install("tensorflow-text", "2.12.0", requires=["tensorflow<2.13,>=2.12", "numpy<2"])
    problems(
        empty.run(),
        (
            "tensorflow-cpu 2.12.0 requires numpy<1.24,>=1.22, but 2.2.6 is installed",
            empty.packages,
            'python -m pip install "tensorflow-cpu==2.12.0" "numpy<1.24,>=1.22,<2"',
        ),
    )


def test_tf_keras_does_no_harm_where_none_is_made_for_this_tensorflow(
    pairing: Environment,
) -> None:
    """As tensorflow-hub 0.16.1 brings it everywhere."""
    pairing.keras("2.15.0", "tf-keras", "tf_keras", requires=["tensorflow<2.16,>=2.15"])
    clean(pairing.run(), "note:          tf-keras 2.15.0 is not made for TensorFlow 2.12.0, and")


def test_without_pip_the_fixes_are_for_uv(empty: Environment) -> None:
    shutil.rmtree(str(empty.packages / "pip"))
    empty.tensorflow()
    empty.keras("2.11.0")
    tools = empty.root / "tools"
    tools.mkdir()
    (tools / "uv").touch(0o755)
    code, printed = empty.run(PATH=str(tools))
    assert code == 1
    assert 'fix:   uv pip install -p python "tensorflow==2.12.0" "keras<2.13,>=2.12.0"' in printed
    code, printed = empty.run(PATH="/nowhere")
    assert 'fix:   python -m pip install "tensorflow==2.12.0" "keras<2.13,>=2.12.0"' in printed

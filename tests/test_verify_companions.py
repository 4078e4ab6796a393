"""verify.py: what packages beside TensorFlow need, and their metadata does not say."""

from __future__ import annotations

import pytest
from fake_environments import BUNDLED, KERAS, TENSORFLOW, Environment, clean, problems
from test_verify_remedies import tensorflow

from envs.companions import trials


@pytest.mark.parametrize(
    ("name", "version", "remedy"),
    [
        ("tensorflow-probability", "0.25.0", "tensorflow-probability<0.15"),
        ("tensorflow-addons", "0.23.0", ""),
        ("keras-tuner", "1.4.8", ""),
        ("scikeras", "0.12.0", "scikeras<0.5"),
    ],
)
def test_a_release_for_a_newer_tensorflow_gives_way_to_one_that_goes_with_this(
    empty: Environment, name: str, version: str, remedy: str
) -> None:
    tensorflow(empty, "2.6.5")
    empty.install(name, version)
    if not remedy:
        clean(empty.run())
        return
    assert f'python -m pip install "tensorflow==2.6.5" "{remedy}"\n' in empty.run()[1]


def test_what_cannot_stay_is_not_asked_for_again_beside_the_numpy_that_tensorflow_needs(
    empty: Environment,
) -> None:
    tensorflow(empty, "2.6.5", "numpy~=1.19.2")
    empty.install("numpy", "1.19.5")
    empty.install("ml-dtypes", "0.5.4", requires=["numpy>=1.21"])
    said = " ".join(empty.run()[1].split())
    assert "python -m pip uninstall -y ml-dtypes python -m pip install " in said
    assert "ml-dtypes" not in said.partition("python -m pip install ")[2]


def test_of_two_that_cannot_be_there_both_are_named(empty: Environment) -> None:
    tensorflow(empty, "2.6.5", "numpy~=1.19.2", "flatbuffers~=1.12.0")
    for name, version in (("numpy", "2.0.2"), ("flatbuffers", "25.12.19")):
        empty.install(name, version)
    empty.install("jax", "0.4.30", requires=["numpy>=1.22"])
    empty.install("mediapipe", "1.2.3", requires=["flatbuffers>=25.9", "numpy"])
    said = " ".join(empty.run()[1].split())
    assert said.count(trials.IMPOSSIBLE) == 2
    commands = "python -m pip uninstall -y jax mediapipe python -m pip install"
    assert f"take two environments, or do without jax and mediapipe: {commands}" in said


def test_what_an_older_release_wants_is_solved_with_what_is_installed(empty: Environment) -> None:
    """As with scikeras 0.4, which wants a packaging that the newest wheel does not go with."""
    tensorflow(empty, "2.6.5", "wheel~=0.35")
    empty.install("scikeras", "0.13.0", requires=["packaging"])
    empty.install("packaging", "26.3")
    empty.install("wheel", "0.48.0", requires=["packaging>=24.0"])
    fix = '"tensorflow==2.6.5" "scikeras<0.5" "packaging<22" "wheel~=0.35"'
    assert f"python -m pip install {fix}\n" in empty.run()[1]


def test_a_package_without_any_release_for_this_tensorflow_is_said_to_have_none(
    empty: Environment,
) -> None:
    tensorflow(empty, "2.6.5")
    empty.install("keras-cv", "0.9.0")
    empty.install("scikeras", "0.12.0")
    code, printed = empty.run()
    assert code == 1
    said = " ".join(printed.split())
    assert "tensorflow 2.6.5 is installed, and keras-cv 0.9.0 only with tensorflow>=2.9" in said
    assert "take the pairing tf29 (TensorFlow 2.9.3, on Python 3.10), or two environments" in said
    assert '"scikeras<0.5"' in said
    assert "keras-cv<" not in said


@pytest.mark.parametrize("name", ["tensorflow", "tensorflow-cpu"])
def test_a_gast_that_the_metadata_of_tensorflow_admits_and_that_it_cannot_use(
    empty: Environment, name: str
) -> None:
    needs = ["keras>=2.11.0", "gast<=0.4.0,>=0.2.1"]
    empty.install(name, "2.11.1", "tensorflow", TENSORFLOW.replace("2.12.0", "2.11.1"), needs)
    empty.install("keras", "2.11.0", "keras", KERAS.format("2.11.0"))
    empty.install("gast", "0.2.2")
    code, printed = empty.run()
    said = " ".join(printed.split())
    assert code == 1
    assert f"{name} 2.11.1 goes only with gast>=0.3.3, but 0.2.2 is installed: AutoGraph" in said
    assert '"gast<=0.4.0,>=0.2.1,>=0.3.3"' in said


def test_what_came_with_a_newer_keras_and_cannot_stay_is_uninstalled_first(
    empty: Environment,
) -> None:
    needs = ["keras<2.7,>=2.6.0", "numpy~=1.19.2"]
    empty.tensorflow("2.6.5", TENSORFLOW.replace("2.12.0", "2.6.5"), needs)
    empty.install("keras", "3.10.0", "keras", KERAS.format("3.10.0"), ["numpy", "ml-dtypes"])
    empty.install("ml-dtypes", "0.5.4", requires=["numpy>=1.21"])
    empty.install("numpy", "2.0.2")
    lines = empty.run()[1].splitlines()
    first = next(at for at, line in enumerate(lines) if "fix:" in line)
    assert lines[first].endswith("python -m pip uninstall -y ml-dtypes")
    assert lines[first + 1].strip().startswith('python -m pip install "tensorflow==2.6.5" ')
    assert '"keras<2.7,>=2.6.0"' in lines[first + 1]
    assert "ml-dtypes" not in lines[first + 1]


@pytest.mark.parametrize("name", ["ml-dtypes", "jax"])
def test_of_what_no_release_goes_with_this_tensorflow_it_says_how_to_do_without(
    empty: Environment, name: str
) -> None:
    tensorflow(empty, "2.6.5", "numpy~=1.19.2")
    empty.install("ml-dtypes", "0.5.4", requires=["numpy>=1.21"])
    if name == "jax":
        needs = ["numpy>=1.22", "ml-dtypes>=0.2.0"]
        empty.install("jax", "0.4.30", requires=[*needs, "jaxlib<=0.4.30"])
        empty.install("jaxlib", "0.4.30", requires=needs)
    empty.install("numpy", "2.0.2")
    code, printed = empty.run()
    said = " ".join(printed.split())
    assert code == 1
    assert f"goes only with numpy~=1.19.2, and {name} " in said
    assert said.count(trials.IMPOSSIBLE) == 1
    assert said.count("PROBLEM") == 1
    gone = "jax jaxlib ml-dtypes" if name == "jax" else name
    commands = f'python -m pip uninstall -y {gone} python -m pip install "tensorflow==2.6.5" '
    assert f"or two environments, or do without {name}: {commands}" in said


@pytest.mark.parametrize(
    ("name", "version", "requires", "named"),
    [
        ("transformers", "4.50.3", [], ""),
        ("deepface", "0.0.103", [], ""),
        ("tensorflow-probability", "0.24.0", [], ""),
        (
            "tensorflow-model-optimization",
            "0.8.1",
            ["tf-keras>=2.14.1"],
            "tensorflow-model-optimization ",
        ),
    ],
)
def test_what_needs_tf_keras_is_named_with_that_of_its_minor(
    keras3: Environment, name: str, version: str, requires: list[str], named: str
) -> None:
    keras3.install(name, version, requires=requires)
    problems(
        keras3.run(),
        (
            f"{name} {version} requires tf-keras",
            keras3.packages,
            f'python -m pip install "tensorflow==2.16.2" {named}"tf-keras==2.16.*"',
        ),
    )


def test_transformers_5_needs_no_tf_keras(keras3: Environment) -> None:
    keras3.install("transformers", "5.24.0")
    clean(keras3.run())


def test_an_older_tensorflow_needs_no_tf_keras(pairing: Environment) -> None:
    pairing.install("transformers", "4.50.3")
    clean(pairing.run())


def test_hub_needs_the_variable_as_well(legacy: Environment) -> None:
    legacy.install("tensorflow-hub", "0.16.1", requires=["tf-keras>=2.14.1"])
    legacy.install("setuptools", "81.0.0")
    problems(
        legacy.run(),
        (
            "tensorflow-hub 0.16.1 requires TF_USE_LEGACY_KERAS=1 beside tensorflow 2.16.2: "
            "hub.KerasLayer is a layer of tf-keras",
            legacy.packages,
            "set TF_USE_LEGACY_KERAS=1",
        ),
    )
    clean(legacy.run(TF_USE_LEGACY_KERAS="1"))


def test_a_package_that_refuses_this_tensorflow_moves_and_not_tensorflow(
    legacy: Environment,
) -> None:
    legacy.install("tensorflow-probability", "0.25.0")
    problems(
        legacy.run(),
        (
            "tensorflow-probability 0.25.0 requires tensorflow>=2.18, but 2.16.2 is installed: it",
            legacy.packages,
            'python -m pip install "tensorflow==2.16.2" "tensorflow-probability<0.25"',
        ),
    )


@pytest.mark.parametrize("name", ["tensorflow-addons", "scikeras"])
def test_a_package_for_tensorflow_2_alone_is_said_to_be_so(empty: Environment, name: str) -> None:
    empty.tensorflow("1.15.5", BUNDLED, [])
    empty.install(name, "0.10.0")
    code, printed = empty.run()
    assert code == 1
    assert trials.IMPOSSIBLE in " ".join(printed.split())
    assert "pip install" not in printed


def test_a_release_for_a_newer_python_gives_way(empty: Environment) -> None:
    verify = empty.project / "verify.py"
    text = verify.read_text(encoding="utf-8")
    assert text.count("PYTHON = platform.python_version()") == 1
    older = text.replace("PYTHON = platform.python_version()", 'PYTHON = "3.7.16"')
    verify.unlink()
    verify.write_text(older, encoding="utf-8")
    empty.tensorflow("2.10.1", BUNDLED, [])
    empty.install("deepface", "0.0.95")
    printed = empty.run()[1]
    assert "deepface 0.0.95 requires python>=3.8, but 3.7.16 is installed" in printed
    assert '"deepface<0.0.94"' in printed


def test_a_bound_that_begins_at_a_candidate_is_no_room_for_any_release(empty: Environment) -> None:
    """As after `uv pip install scikeras` beside TensorFlow 2.8, which admits keras 2.8.0rc0."""
    empty.tensorflow("2.8.4", BUNDLED, ["keras<2.9,>=2.8.0rc0"])
    empty.keras("3.12.4")
    empty.install("scikeras", "0.13.0", requires=["keras>=3.2.0"])
    assert '"keras<2.9,>=2.8.0rc0" scikeras\n' in empty.run()[1]

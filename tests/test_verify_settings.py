"""verify.py: the settings of Keras, the active environment, and the options of the script."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from fake_environments import (
    OK,
    TENSORFLOW,
    Environment,
    clean,
    problems,
    settings,
)

from envs.running import interpreters


def test_settings_that_keras_writes_are_clean(keras3: Environment) -> None:
    settings(keras3.root / "home" / ".keras", nnx_enabled=False)
    clean(keras3.run())


@pytest.mark.parametrize(
    ("name", "value", "default"),
    [
        ("floatx", "float16", "float32"),
        ("epsilon", 0.1, "1e-07"),
        ("image_data_format", "channels_first", "channels_last"),
        ("backend", "jax", "tensorflow"),
    ],
)
@pytest.mark.parametrize("home", [True, False])
def test_settings_that_change_keras(
    keras3: Environment, name: str, value: object, default: str, home: bool
) -> None:
    folder = keras3.root / ("home/.keras" if home else "elsewhere")
    file = settings(folder, **{name: value})
    problems(
        keras3.run() if home else keras3.run(KERAS_HOME=str(folder)),
        (f"keras.json sets {name} to {value}", file, f"set {name} to {default} in {file}"),
    )


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_settings_that_cannot_be_read_change_nothing(keras3: Environment, text: str) -> None:
    settings(keras3.root / "home" / ".keras").write_text(text)
    clean(keras3.run())


def test_a_backend_for_a_keras_without_any(pairing: Environment) -> None:
    settings(pairing.root / "home" / ".keras", backend="torch")
    clean(pairing.run(KERAS_BACKEND="torch"), "KERAS_BACKEND=torch does nothing in this Keras")


def test_a_backend_that_is_installed(keras3: Environment) -> None:
    (keras3.packages / "torch.py").touch()
    settings(keras3.root / "home" / ".keras", backend="theano")  # the variable overrides it
    clean(keras3.run(KERAS_BACKEND="torch"), "KERAS_BACKEND=torch: Keras does not run on Tensor")


def test_a_variable_set_at_startup(keras3: Environment) -> None:
    file = keras3.packages / "sitecustomize.py"
    file.write_text("import os\n\nos.environ['KERAS_BACKEND'] = 'torch'\n")
    problems(
        keras3.run(),
        (
            "KERAS_BACKEND=torch, but torch is not installed",
            file,
            f"take KERAS_BACKEND out of {file}",
        ),
    )


# Python, pip and the active environment


def test_python_is_not_that_of_the_active_environment(pairing: Environment) -> None:
    other = pairing.root / "other"
    shutil.copytree(str(pairing.prefix), str(other), symlinks=True)
    for path in pairing.packages.glob("tensorflow*"):
        shutil.rmtree(str(path))
    problems(
        pairing.run(VIRTUAL_ENV=str(other)),
        (
            "TensorFlow is not installed here, but in the active environment",
            pairing.python,
            f"run {interpreters.interpreter_in(other)}",
        ),
    )
    pairing.python = interpreters.interpreter_in(other)
    clean(pairing.run(VIRTUAL_ENV=str(other)))
    clean(pairing.run(VIRTUAL_ENV=str(pairing.prefix)), "the active environment is another one")


def test_pip_is_not_that_of_the_environment(pairing: Environment) -> None:
    other = pairing.root / "bin"
    other.mkdir()
    pip = other / ("pip.exe" if os.name == "nt" else "pip")
    pip.touch(0o755)
    path = os.pathsep.join([str(pairing.python.parent), str(other)])
    note = f"`pip` is of another environment, {pip}: use `python -m pip`"
    clean(pairing.run(PATH=path), note)
    assert note not in pairing.run(PATH=str(other))[1]  # not activated: called by its path


# For machines, and without importing


def test_json(pairing: Environment) -> None:
    other = pairing.root / "other"
    pairing.keras("2.11.0", folder=other)
    pairing.rewrite("tensorflow", "2.12.0", "print('noise')\n" + TENSORFLOW)
    code, printed = pairing.run("--json", PYTHONPATH=str(other))
    facts = json.loads(printed)
    assert code == 1
    assert facts["ok"] is False
    assert facts["environment"]["prefix"] == str(pairing.prefix)
    assert [
        (package["name"], package["version"], package["hidden"]) for package in facts["installed"]
    ] == [
        ("keras", "2.11.0", False),
        ("keras", "2.12.0", True),
        ("tensorflow", "2.12.0", False),
    ]
    assert facts["problems"] == [
        {
            "what": "keras from outside the environment, through PYTHONPATH",
            "where": str(other / "keras" / "__init__.py"),
            "fixes": ["unset PYTHONPATH, or run `python -E`"],
        }
    ]
    assert facts["notes"][0]["what"] == f"PYTHONPATH (searched first) is {other}"
    assert facts["imports"]["keras"]["version"] == "2.11.0"
    assert facts["imports"]["tf.keras"] == {"module": "keras", "version": "2.11.0"}
    code, printed = pairing.run("--json")
    assert (code, json.loads(printed)["ok"], json.loads(printed)["problems"]) == (0, True, [])


def test_nothing_is_imported(empty: Environment) -> None:
    empty.tensorflow(code="import os\n\nos._exit(3)")
    empty.keras()
    code, printed = empty.run("--no-import")
    assert code == 0
    assert "Imports" not in printed
    assert printed.splitlines()[-1] == f"{OK}, as far as can be seen without importing"
    code, printed = empty.run("--no-import", "--json")
    assert (code, json.loads(printed)["imports"]) == (0, None)

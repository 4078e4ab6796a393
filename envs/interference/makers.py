"""Makers: each function breaks an environment in one known way, with real packages."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from envs.interference import broken_environment
from envs.interference.broken_environment import BrokenEnvironment
from envs.running import interpreters

OLDER_PROTOBUF = "googleapis-common-protos==1.62.0"
NEEDS_NUMPY_2 = "opencv-python-headless==4.12.0.88"
NEEDS_PROTOBUF_5 = "grpcio-status==1.71.0"


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file. An edit in place could also change uv's cache, which may link to the file."""
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def pythonpath(place: BrokenEnvironment) -> None:
    place.environ["PYTHONPATH"] = str(place.other)


def without_keras(place: BrokenEnvironment) -> None:
    """Remove keras: pip does not install it if it finds one outside the environment."""
    place.uv("uninstall", "keras")


def see_the_system(place: BrokenEnvironment) -> Path:
    """Let the environment see the packages of a system, which is made for this and has none.

    Returns the site-packages folder of that system.
    """
    base = interpreters.find_interpreter(place.target.python)
    library = base.parent.parent / "lib" / place.packages.parent.name
    copy = place.system / "lib" / library.name
    shutil.rmtree(place.system, ignore_errors=True)
    (copy / "site-packages").mkdir(parents=True)
    for path in library.iterdir():
        if path.name != "site-packages":
            (copy / path.name).symlink_to(path)
    # Up to 3.10, Python finds its library beside the real interpreter; from 3.11, by `home`.
    interpreter = place.system / "bin" / library.name
    interpreter.parent.mkdir()
    shutil.copy(base.resolve(), interpreter)
    place.python.unlink()
    place.python.symlink_to(interpreter)
    config = re.sub(r"(?m)^home = .*", f"home = {place.system / 'bin'}", place.as_made)
    config = re.sub(r"(?m)^include-system.*\n", "", config)
    place.config.write_text(config + "include-system-site-packages = true\n", encoding="utf-8")
    return copy / "site-packages"


def user_site(place: BrokenEnvironment) -> None:
    without_keras(place)
    see_the_system(place)
    version = place.packages.parent.name
    shutil.copytree(place.other, place.home / ".local/lib" / version / "site-packages")


def system_site_packages(place: BrokenEnvironment) -> None:
    without_keras(place)
    shutil.copytree(place.other, see_the_system(place), dirs_exist_ok=True)


def pth_path(place: BrokenEnvironment) -> None:
    without_keras(place)
    (place.packages / "other.pth").write_text(f"{place.other}\n")


STARTUP = "import sys; sys.path.insert(0, {!r})\n"


def pth_code(place: BrokenEnvironment) -> None:
    (place.packages / "other.pth").write_text(STARTUP.format(str(place.other)))


def sitecustomize(place: BrokenEnvironment) -> None:
    (place.packages / "sitecustomize.py").write_text(STARTUP.format(str(place.other)))


def missing_backend(place: BrokenEnvironment) -> str:
    return "theano" if place.name == "tf115" else "torch"


def sitecustomize_variable(place: BrokenEnvironment) -> None:
    code = f"import os\n\nos.environ['KERAS_BACKEND'] = {missing_backend(place)!r}\n"
    (place.packages / "sitecustomize.py").write_text(code)


def folder_beside(place: BrokenEnvironment) -> None:
    shutil.copytree(place.other / "keras", place.project / "keras")


def file_beside(place: BrokenEnvironment) -> None:
    (place.project / "keras.py").write_text("from tensorflow.keras.models import Sequential\n")


def keras_over_nightly(place: BrokenEnvironment) -> None:
    place.uv("install", "--no-deps", f"keras=={broken_environment.OTHER_KERAS[place.name]}")


def two_tensorflows(place: BrokenEnvironment) -> None:
    tensorflow = place.target.pairing.tensorflow
    minor = tensorflow.rpartition(".")[0]
    place.uv("install", "--no-deps", f"tensorflow-cpu~={minor}.0,<={tensorflow}")


def one_tensorflow_removed(place: BrokenEnvironment) -> None:
    two_tensorflows(place)
    place.uv("uninstall", "tensorflow-cpu")


def half_upgrade(place: BrokenEnvironment) -> None:
    files = sorted(path for path in (place.other / "keras").rglob("*.py"))
    for path in files[: len(files) // 2]:
        replace_file(place.packages / path.relative_to(place.other), path.read_bytes())


def edited_file(place: BrokenEnvironment) -> None:
    file = place.packages / "keras" / "__init__.py"
    replace_file(file, file.read_bytes() + b'\n__version__ = "0.0.1"\n')


def legacy(place: BrokenEnvironment) -> None:
    place.environ["TF_USE_LEGACY_KERAS"] = "1"


def legacy_without_tf_keras(place: BrokenEnvironment) -> None:
    if place.target.pairing.tf_keras:
        place.uv("uninstall", "tf-keras")
    legacy(place)


def legacy_in_both_worlds(place: BrokenEnvironment) -> None:
    minor = place.target.pairing.tensorflow.rpartition(".")[0]
    place.uv("install", "--no-deps", f"tf-keras=={minor}.*")
    legacy(place)


def legacy_value(place: BrokenEnvironment) -> None:
    place.environ["TF_USE_LEGACY_KERAS"] = "yes"


def backend_missing(place: BrokenEnvironment) -> None:
    place.environ["KERAS_BACKEND"] = missing_backend(place)


def keras_json(place: BrokenEnvironment, **changed: str) -> None:
    settings = {"floatx": "float32", "epsilon": 1e-07, "backend": "tensorflow"}
    settings |= {"image_data_format": "channels_last", **changed}
    replace_file(place.home / ".keras" / "keras.json", json.dumps(settings).encode())


def json_backend(place: BrokenEnvironment) -> None:
    keras_json(place, backend=missing_backend(place))


def json_dtype(place: BrokenEnvironment) -> None:
    keras_json(place, floatx="float16")


def json_image_format(place: BrokenEnvironment) -> None:
    keras_json(place, image_data_format="channels_first")


def other_python(place: BrokenEnvironment) -> None:
    base, bare = interpreters.find_interpreter(place.target.python), place.root / "bare"
    shutil.rmtree(bare, ignore_errors=True)
    subprocess.run([base, "-m", "venv", "--without-pip", bare], check=True)
    place.python = interpreters.interpreter_in(bare)
    place.environ["VIRTUAL_ENV"] = str(place.folder)
    place.environ["PATH"] = f"{place.folder / 'bin'}{os.pathsep}{place.environ['PATH']}"


def numpy(place: BrokenEnvironment) -> None:
    place.uv("install", NEEDS_NUMPY_2)


def protobuf(place: BrokenEnvironment) -> None:
    if place.name == "tf221":  # the newest is right there
        place.uv("install", OLDER_PROTOBUF)
    else:
        place.uv("install", "-U", "protobuf")


def protobuf_of_another(place: BrokenEnvironment) -> None:
    place.uv("install", NEEDS_PROTOBUF_5)


def upgraded_keras(place: BrokenEnvironment) -> None:
    place.uv("install", "-U", "keras")


def typing_extensions(place: BrokenEnvironment) -> None:
    place.uv("install", "pydantic")


def setuptools_missing(place: BrokenEnvironment) -> None:
    place.uv("uninstall", "setuptools")


def tf_keras_missing(place: BrokenEnvironment) -> None:
    tensorflow = f"tensorflow=={place.target.pairing.tensorflow}"
    place.uv("install", tensorflow, "transformers==4.50.3")
    if place.target.pairing.tf_keras:
        place.uv("uninstall", "tf-keras")


def hub_layer(place: BrokenEnvironment) -> None:
    tensorflow = f"tensorflow=={place.target.pairing.tensorflow}"
    place.uv("install", tensorflow, "tensorflow-hub==0.16.1", "setuptools<82")


# Name of an interference -> the function that makes it.
MAKERS: dict[str, Callable[[BrokenEnvironment], None]] = {
    "pythonpath": pythonpath,
    "user-site": user_site,
    "system-site-packages": system_site_packages,
    "pth-path": pth_path,
    "pth-code": pth_code,
    "sitecustomize": sitecustomize,
    "sitecustomize-variable": sitecustomize_variable,
    "folder-beside": folder_beside,
    "file-beside": file_beside,
    "keras-over-nightly": keras_over_nightly,
    "two-tensorflows": two_tensorflows,
    "one-tensorflow-removed": one_tensorflow_removed,
    "half-upgrade": half_upgrade,
    "edited-file": edited_file,
    "legacy-without-tf-keras": legacy_without_tf_keras,
    "legacy-in-vain": legacy,
    "legacy-in-both-worlds": legacy_in_both_worlds,
    "legacy-value": legacy_value,
    "backend-missing": backend_missing,
    "json-backend": json_backend,
    "json-dtype": json_dtype,
    "json-image-format": json_image_format,
    "other-python": other_python,
    "numpy": numpy,
    "protobuf": protobuf,
    "protobuf-of-another": protobuf_of_another,
    "upgraded-keras": upgraded_keras,
    "typing-extensions": typing_extensions,
    "setuptools-missing": setuptools_missing,
    "tf-keras-missing": tf_keras_missing,
    "hub-layer": hub_layer,
}

"""Look at a model that somebody saved: what it is, and what it says of itself. Nothing is run.

`python -m envs.models.inspection PATH` prints it as JSON. `inspect_apart` runs that with a limit of
time and of memory, for a file that may be made to harm whoever reads it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from envs import ROOT, Problem
from envs.models import hdf5_file, keras_file, model_text, saved_model
from envs.models.model_text import Seen

CHECKPOINT = "TensorFlow checkpoint"
JSON = "JSON"

SECONDS = 60
"""How long looking at a file may take."""

MEMORY = 2 * 2**30
"""How many bytes of memory it may take, most of it for the libraries themselves."""

_HDF5 = b"\x89HDF\r\n\x1a\n"

_PAGE = "is a web page, not a model: download the file itself, not the page that shows it"
_NO_MODELS = {
    b"version https:/": "is a pointer of Git LFS, not the model itself: run git lfs pull",
    b"<!doctype": _PAGE,
    b"<html": _PAGE,
    b"tfl3": "is a model of TensorFlow Lite, which no Keras loads: use tensorflow.lite",
}
"""What the first bytes of a file say, in small letters -> what it is instead of a model."""


def inspect_path(path: Path, what: str = "") -> Seen:
    """What a file or folder holds. `what` is how to call it in messages.

    Raises Problem if it is not there, is damaged, or holds no model.
    """
    what = what or str(path)
    try:
        path.stat()
    except FileNotFoundError:
        if path.with_name(f"{path.name}.index").is_file():
            return Seen(CHECKPOINT)
        raise Problem(f"{what}: no such file or folder: check the path") from None
    except OSError as error:
        raise Problem(f"{what}: cannot be read ({error.strerror}): check the path") from None
    try:
        return _inspect_folder(path, what) if path.is_dir() else _inspect_file(path, what)
    except OSError as error:
        raise Problem(f"{what}: cannot be read ({error.strerror}): see that you may read") from None


def _inspect_folder(path: Path, what: str) -> Seen:
    if (path / "saved_model.pb").is_file():
        return saved_model.read_saved_model(path, what)
    if (path / "model.json").is_file():
        return _inspect_file(path / "model.json", what)
    if (path / "checkpoint").is_file() and list(path.glob("*.index")):
        return Seen(CHECKPOINT)
    if (path / "config.json").is_file() and (path / "metadata.json").is_file():
        raise Problem(f"{what}: is an unpacked .keras file: give the .keras file itself")
    raise Problem(
        f"{what}: is a folder without saved_model.pb, so it is no SavedModel: give the folder that "
        "holds saved_model.pb, or the file that model.save wrote"
    )


def _inspect_file(path: Path, what: str) -> Seen:
    if not path.is_file():
        raise Problem(f"{what}: is neither a file nor a folder: give what model.save wrote")
    if path.name in ("saved_model.pb", "keras_metadata.pb"):
        return saved_model.read_saved_model(path.parent, what)
    with path.open("rb") as file:
        start = file.read(16)
    if start.startswith(_HDF5):
        seen = hdf5_file.read_hdf5(path, what)
        if seen.holds != hdf5_file.MODEL or path.name.endswith(hdf5_file.SUFFIXES):
            return seen
        note = "Keras 3 reads HDF5 only under a name that ends in .h5 or .hdf5: give it such a name"
        return dataclasses.replace(seen, notes=(*seen.notes, note))
    if start.startswith(b"PK"):
        return keras_file.read_keras_file(path, what)
    if start.lstrip()[:1] == b"{":
        return _inspect_json(path, what)
    if path.suffix == ".index":
        return Seen(CHECKPOINT)
    if start.startswith(b"\x80") or path.suffix in (".pkl", ".pickle", ".joblib"):
        raise Problem(
            f"{what}: is a pickle, which runs code when it is read: it was not read, and no "
            "pairing is known to load it: save the model anew with model.save"
        )
    if not start:
        raise Problem(f"{what}: is empty: copy it again from where it was saved")
    for sign, meaning in _NO_MODELS.items():
        if sign in start.lower():
            raise Problem(f"{what}: {meaning}")
    raise Problem(
        f"{what}: is neither HDF5, a zip, a SavedModel, a checkpoint nor JSON: it is damaged, or "
        "not a model of Keras or TensorFlow"
    )


def _inspect_json(path: Path, what: str) -> Seen:
    with path.open("rb") as file:
        text = file.read(model_text.LARGEST + 1)
    data = model_text.parse_json(text, what)
    if "class_name" not in data or "config" not in data:
        raise Problem(f"{what}: is JSON without class_name and config: no model.to_json wrote it")
    facts: dict[str, Any] = model_text.read_model(data)
    facts |= model_text.read_training(data.get("compile_config"))
    facts["keras"] = str(data.get("keras_version", ""))
    if "Lambda" not in facts["layers"]:
        facts["digest"] = hashlib.sha256(text).hexdigest()[:12]
    return Seen(JSON, weights=False, **facts)


def inspect_apart(path: Path, what: str) -> Seen:
    """What a file or folder holds, looked at in a process with limits of time and memory.

    Raises Problem as `inspect_path` does, and if the file breaks the process or the limits.
    """
    command = [sys.executable, "-m", "envs.models.inspection", str(path), what]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, env=environ, capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise Problem(f"{what}: could not be read in {SECONDS} seconds: it is damaged") from None
    try:
        told = json.loads(done.stdout.decode("utf-8"))
    except ValueError:
        raise Problem(
            f"{what}: the library that reads it broke on it (exit code {done.returncode}), or "
            f"needed more than {MEMORY // 2**30} GiB of memory: the file is damaged"
        ) from None
    if "problem" in told:
        raise Problem(told["problem"])
    lists = {name: tuple(value) for name, value in told.items() if isinstance(value, list)}
    return Seen(**(told | lists))


def _limit_memory() -> None:
    """Have this process fail before it takes more memory than it may; on Linux only.

    What the system maps of a large file does not count: it takes no memory of its own.
    """
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


if __name__ == "__main__":
    _limit_memory()
    try:
        answer: dict[str, Any] = dataclasses.asdict(inspect_path(Path(sys.argv[1]), sys.argv[2]))
    except Problem as problem:
        answer = {"problem": str(problem)}
    except MemoryError:
        answer = {"problem": f"{sys.argv[2]}: needs more memory than any model: it is damaged"}
    print(json.dumps(answer))

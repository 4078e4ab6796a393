"""HDF5 files: a whole model, or weights, told apart by names and attributes; no array is read."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from envs import Problem
from envs.models import model_text, weights_layout
from envs.models.model_text import Seen

MODEL = "HDF5 model"
WEIGHTS = "HDF5 weights"
NEW_WEIGHTS = "HDF5 weights of the Keras format"

SUFFIXES = (".h5", ".hdf5")
"""How the name of an HDF5 file must end for Keras 3 to take it for one."""

_MOST = 200_000
"""How many names of a file are looked at."""


def require_h5py() -> Any:
    """The library that reads HDF5. Raises Problem where there is none for this Python."""
    if importlib.util.find_spec("h5py") is None:
        raise Problem(
            "HDF5 cannot be read here: h5py has no wheel for this Python: run nox with Python 3.14 "
            "or an earlier one, from 3.11 on"
        )
    # It tells of each converter of numbers that it makes, and nox shows what is told.
    logging.getLogger("h5py").setLevel(logging.WARNING)
    import h5py

    return h5py


def read_hdf5(source: Path | BinaryIO, what: str) -> Seen:
    """What an HDF5 file holds. Raises Problem if it is damaged, or of something else."""
    h5py = require_h5py()
    try:
        with h5py.File(source, "r") as file:
            return _read(h5py, file, what)
    except Problem:
        raise
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise Problem(
            f"{what}: is an HDF5 file that cannot be read to its end ({_first_line(error)}): it is "
            "damaged or cut short: copy it again from where it was saved"
        ) from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]


def _read(h5py: Any, file: Any, what: str) -> Seen:
    attributes = file.attrs
    facts: dict[str, Any] = {"keras": _text(attributes, "keras_version")}
    backend = _text(attributes, "backend")
    if backend and backend != "tensorflow":
        facts["notes"] = (f"it was written with the backend {backend}",)
    facts["digest"] = _digest(h5py, file)
    if "model_config" in attributes:
        config = model_text.parse_json(_text(attributes, "model_config"), f"{what}: its model")
        facts |= model_text.read_model(config)
        if "training_config" in attributes:
            training = _text(attributes, "training_config")
            facts |= model_text.read_training(
                model_text.parse_json(training, f"{what}: its training")
            )
        if facts["layers"] and not _holds_arrays(h5py, file.get("model_weights")):
            facts["weights"] = False
            facts["notes"] = (
                "it holds no weights: if its layers have any, it was saved before it was built, "
                "and whatever loads it predicts from random numbers, others each time",
            )
        if "Lambda" in facts["layers"]:
            # The code in it names the folder that it came from.
            facts["digest"] = ""
        return Seen(MODEL, **facts)
    names = set(file)
    if "layer_names" in attributes:
        return Seen(WEIGHTS, **facts, **weights_layout.read_old_layout(file))
    if "layers" in names or "_layer_checkpoint_dependencies" in names or "vars" in names:
        return Seen(NEW_WEIGHTS, **facts, **weights_layout.read_new_layout(file))
    shown = ", ".join(sorted(names)[:5]) or "nothing"
    raise Problem(
        f"{what}: is an HDF5 file without a model or weights of Keras: it holds {shown}: give the "
        "file that model.save or save_weights wrote"
    )


def _holds_arrays(h5py: Any, root: Any) -> bool:
    """Whether an array stands in a group. Links to elsewhere are not followed."""
    waiting = [root] if root is not None else []
    for _ in range(_MOST):
        if not waiting:
            return False
        group = waiting.pop()
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                continue
            one = group[name]
            if isinstance(one, h5py.Dataset):
                return True
            waiting.append(one)
    return True


def _text(attributes: Any, name: str) -> str:
    """An attribute as text: some releases wrote bytes. Empty if it is not there."""
    if name not in attributes:
        return ""
    value = attributes[name]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _digest(h5py: Any, file: Any) -> str:
    """Twelve hexadecimal digits that change with all names, shapes, types and attributes."""
    seen = hashlib.sha256()
    for line in sorted(_lines(h5py, file, "")):
        seen.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return seen.hexdigest()[:12]


def _lines(h5py: Any, root: Any, where: str) -> Iterator[str]:
    """A line for each thing below a group. Links to elsewhere are named, and not followed."""
    waiting = [(where, root)]
    count = 0
    while waiting:
        path, group = waiting.pop()
        for name, value in group.attrs.items():
            yield f"{path}@{name}={_shown(value)}"
        for name in group:
            count += 1
            if count > _MOST:
                return
            inner = f"{path}/{name}"
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                yield f"{inner} -> elsewhere"
                continue
            one = group[name]
            if isinstance(one, h5py.Group):
                yield inner
                waiting.append((inner, one))
            elif isinstance(one, h5py.Dataset):
                yield f"{inner} {one.dtype} {one.shape}"


def _shown(value: object) -> str:
    listed = value.tolist() if hasattr(value, "tolist") else value
    return json.dumps(listed, default=str, sort_keys=True)

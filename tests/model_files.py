"""Files of models made by hand, as the releases of Keras write them, without TensorFlow."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy


def layer(name: str, **config: Any) -> dict[str, Any]:
    """A layer of Keras in the JSON of a model."""
    return {"class_name": name, "config": config}


def model(*layers: dict[str, Any], name: str = "Functional", inputs: int = 1) -> dict[str, Any]:
    """A model in JSON."""
    given = [[f"in{number}", 0, 0] for number in range(inputs)]
    return {"class_name": name, "config": {"layers": list(layers), "input_layers": given}}


DENSE = model(layer("InputLayer"), layer("Dense", units=3))


def write_hdf5(
    path: Path,
    config: dict[str, Any] = DENSE,
    keras: str = "2.4.0",
    loss: str | None = "mse",
    as_bytes: bool = False,
) -> Path:
    """An HDF5 file of a whole model; old releases wrote its texts as bytes."""

    def text(value: str) -> str | bytes:
        return value.encode() if as_bytes else value

    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = text(keras)
        file.attrs["backend"] = text("tensorflow")
        file.attrs["model_config"] = text(json.dumps(config))
        if loss:
            training = {"loss": loss, "optimizer_config": layer("Adam"), "metrics": ["mae"]}
            file.attrs["training_config"] = text(json.dumps(training))
        file.create_dataset("model_weights/dense/kernel", data=numpy.zeros((4, 3)))
    return path


def write_keras(
    path: Path, config: dict[str, Any] = DENSE, keras: str = "2.15.0", **more: bytes
) -> Path:
    """A `.keras` file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": keras, "date_saved": "x"}))
        archive.writestr("config.json", json.dumps(config))
        for name, data in more.items():
            archive.writestr(name, data)
    return path


def message(number: int, *parts: bytes) -> bytes:
    """A field of Protocol Buffers that holds bytes."""
    body = b"".join(parts)
    return varint(number << 3 | 2) + varint(len(body)) + body


def varint(value: int) -> bytes:
    """A number as Protocol Buffers write it."""
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def write_saved_model(
    folder: Path,
    tensorflow: str = "2.12.0",
    root: dict[str, Any] | None = None,
    graph: bool = True,
) -> Path:
    """A SavedModel folder; `root` is what Keras says of the model, beside the graph."""
    folder.mkdir()
    info = message(1, message(4, b"serve"), message(5, tensorflow.encode()))
    parts = [info, *([message(2, message(1, b"node"))] if graph else [])]
    data = b"\x08\x01" + message(2, *parts)
    (folder / "saved_model.pb").write_bytes(data)
    if root:
        described = json.dumps(root).encode()
        node = message(1, b"\x10\x00", message(3, b"root"), message(5, described))
        (folder / "keras_metadata.pb").write_bytes(node)
    (folder / "variables").mkdir()
    (folder / "variables" / "variables.index").write_bytes(b"x")
    return folder

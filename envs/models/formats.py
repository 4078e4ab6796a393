"""The formats in which a model is saved, and which kinds of model are saved in each.

A part of save_files.py and load_files.py, so it runs on Python 3.7 and later.
"""

import os

FEW = ("functional", "subclassed")
WHOLE = (
    *("sequential", "functional", "objects", "uncompiled", "recurrent", "convolutional"),
    *("embedding", "nested", "two-inputs", "operations", "preprocessing"),
    *("registered-layer", "custom-layer", "lambda", "subclassed"),
)
FORMATS = {
    "h5": WHOLE,
    "keras": WHOLE,
    "savedmodel": (*FEW, "custom-layer", "lambda", "preprocessing"),
    "export": (*FEW, "recurrent", "convolutional", "nested", "operations", "lambda"),
    "tf.saved_model.save": FEW,
    "weights.h5": (*FEW, "recurrent", "convolutional"),
    "checkpoint": FEW,
    "json": ("functional", "recurrent", "convolutional"),
}
"""Format -> the kinds that are saved in it. Not all: what a file holds of a kind differs little."""

NAMES = {"h5": "model.h5", "keras": "model.keras", "weights.h5": "model.weights.h5"}
"""Format -> the name of the file in the folder of a model; in other formats, `model`."""


def saved_place(form: str, folder: str) -> str:
    """The path of the file or folder that a format makes, in the folder of a model."""
    return os.path.join(folder, NAMES.get(form, "model"))

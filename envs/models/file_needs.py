"""What a reader's file needs of whoever loads it, and the files of the grid like it do not.

The grid has one model of a kind: a recurrent one with an LSTM and a GRU, a convolutional one with a
DepthwiseConv2D. An error that comes of a layer or a setting that a file does not have says nothing
of that file. And a file may name layers, functions and losses that no file of the grid names.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from envs.model import lock, version_numbers
from envs.models import hdf5_file, lambda_code
from envs.models.grid import Loading, Side
from envs.models.keras_names import KerasNames
from envs.models.model_text import Seen
from envs.models.programs import CODE

HARD_SIGMOID = "hard_sigmoid"
"""The function of which Keras 3 has another one: `x / 6 + 0.5` and not `0.2 * x + 0.5`."""

_RECURRENT = ("LSTM", "GRU", "RNN", "Bidirectional", "CuDNN")
_STANDS_FOR = {
    "GRU": ("GRU",),
    "LSTM": _RECURRENT,
    "DepthwiseConv2D": ("Depthwise", "Separable", "Transpose"),
}
"""A layer that an error of the grid names -> parts of the names of those that share its error."""

_NEW_LAYOUT = re.compile(r"object 'vars' doesn't exist|objects could not be loaded")
"""What ends the loading of old weights called `.weights.h5`: from 2.12 on, the name decides."""

_ONE_MORE = re.compile(r"expected ndim=3, found ndim=4")
"""Keras 3 takes the shape in the first layer of a Sequential model for one without the batch."""

_PASSED = re.compile(r"keyword arguments passed to (\w+): \{(.*)\}")
_NOT_TAKEN = re.compile(
    r"(?:(\w+)\.)?__init__\(\) got an unexpected keyword argument ('\w+')"
    r"|Unrecognized keyword arguments: \[(.*?)\]"
    r"|Unrecognized keyword arguments:', dict_keys\(\[(.*?)\]"
    r"|Keyword argument not understood:', ('\w+')"
)


@dataclass(frozen=True)
class FileNeeds:
    """What is known of a file: `plain` is the kind of the grid that it is if nothing is special.

    `layers` and `settings` are those that it names; None for the settings of a file that another
    Keras wrote anew. `functions` must be known to whoever loads it, and `compiling` are losses,
    metrics and optimizers that no Keras has. `compiled` is whether it says how to train,
    `shapeless` whether it is a Sequential model without an InputLayer, `bare` whether a layer
    stands in another without its module, and `python` the line of Python that code in it was
    compiled for. `changed` is what Keras 3 computes otherwise than the Keras that wrote the file.
    `old_weights` is whether it holds weights as Keras up to 2.11 writes them, and
    `named_new` whether it is called as later ones call theirs.
    """

    plain: str
    layers: Collection[str]
    settings: Collection[str] | None
    names: KerasNames
    functions: Collection[str] = ()
    compiling: Collection[str] = ()
    compiled: bool = True
    shapeless: bool = False
    bare: bool = False
    python: str = ""
    changed: Collection[str] = ()
    old_weights: bool = False
    named_new: bool = False

    def written_by(self, side: Side) -> FileNeeds:
        """What is known of the same model once a side has loaded and saved it."""
        release = version_numbers.release_numbers(side.target.pairing.tensorflow)
        own = side.api == "keras"
        return FileNeeds(
            self.plain,
            self.layers,
            None,
            self.names,
            self.functions,
            # Which Keras writes what was seen in the files of the grid.
            shapeless=self.shapeless and (own or release < (2, 3)),
            bare=self.bare and (own or release < (2, 13)),
            changed=() if runs_keras3(side) else self.changed,
        )

    def find_lacking(self, side: Side) -> list[str]:
        """The layers of the file that the Keras of a side does not have."""
        return self.names.find_lacking(side, self.layers)

    def find_gpu_layers(self) -> list[str]:
        """The layers that compute on a GPU alone, where nothing of the grid was tried."""
        return [name for name in self.layers if name.startswith("CuDNN")]

    def find_changed(self, side: Side) -> Collection[str]:
        """What a side computes otherwise than the Keras that wrote the file."""
        return self.changed if runs_keras3(side) else ()

    def find_unreadable(self, side: Side) -> str:
        """Why a side cannot build the layers of the file from what it says; empty if it can."""
        if self.bare and runs_keras3(side):
            return "Keras 3 does not find the layer that stands in another one, as Keras 2 wrote it"
        if self.python and side.target.python not in lambda_code.LINES[self.python]:
            return (
                f"the code in it was compiled by Python {self.python} or one like it, and "
                f"{side.target.python} does not read it"
            )
        return ""

    def apply(self, kind: str, loading: Loading) -> Loading | None:
        """How the file loads if one of a kind of the grid does so; None if that says nothing."""
        if self.old_weights and _NEW_LAYOUT.search(loading.error):
            # The files of the grid are called `.weights.h5`; under another name, they load.
            return Loading(CODE, loading.error if self.named_new else "")
        if kind == "recurrent" and self.layers and not self._holds("LSTM"):
            # It stands for those that count the dimensions; that its weights do not fit either
            # says nothing of others.
            return Loading(CODE, loading.error) if _ONE_MORE.search(loading.error) else None
        return loading if self.concerns(loading.error) else None

    def find_missing_functions(self, side: Side) -> list[str]:
        """The functions of the file that must be brought to a side."""
        return self.names.find_missing_functions(side, self.functions)

    def concerns(self, error: str) -> bool:
        """Whether an error of a file of the grid can come of this file too, as far as it says."""
        if not self.layers:
            return True
        if passed := _PASSED.search(error):
            return self._sets(passed[1], re.findall(r"'(\w+)':", passed[2]))
        if not_taken := _NOT_TAKEN.search(error):
            taker, *lists = not_taken.groups()
            keys = re.findall(r"'(\w+)'", " ".join(part for part in lists if part))
            return not keys or self._sets(taker or "", keys)
        if _ONE_MORE.search(error):
            return self.shapeless
        return "GRU(" not in error or self._holds("GRU")

    def _holds(self, layer: str) -> bool:
        """Whether the file has a layer, or one that shares its errors."""
        parts = _STANDS_FOR.get(layer, (layer,))
        return any(part in name for name in self.layers for part in parts)

    def _sets(self, taker: str, keys: list[str]) -> bool:
        """Whether the file has one of some settings, of that class or of those like it.

        Of a class that is no layer, such as a loss, it is not known: then it is taken to have them.
        """
        if self.settings is None:
            return not taker or not self.names.has_layer(taker) or self._holds(taker)
        parts = _STANDS_FOR.get(taker, (taker,))
        of_it = [
            setting.rpartition(".")[2]
            for setting in self.settings
            if any(part in setting.rpartition(".")[0] for part in parts)
        ]
        if taker and not of_it and not self.names.has_layer(taker):
            return True
        return any(key in of_it for key in keys)


def _list_changed(seen: Seen) -> list[str]:
    changed = [HARD_SIGMOID] if HARD_SIGMOID in seen.functions else []
    if seen.masked_state:
        changed.append("a mask where a recurrent layer is given its first state")
    return [] if seen.keras.startswith("3") else changed


def runs_keras3(side: Side) -> bool:
    """Whether a side is a Keras 3."""
    keras = lock.read_lock(side.target).versions.get("keras", "")
    return keras.startswith("3.") and side.target.pairing.kind != "legacy"


def find_needs(seen: Seen, path: Path, plain: str, names: KerasNames) -> FileNeeds:
    """What is known of a file that was looked at."""
    return FileNeeds(
        plain=plain,
        layers=tuple(seen.layers),
        settings=seen.settings,
        names=names,
        functions=seen.functions,
        compiling=tuple(names.find_own_compiling(seen)),
        compiled=bool(seen.loss or seen.optimizer),
        shapeless=seen.shapeless,
        bare=seen.bare,
        changed=_list_changed(seen),
        python=seen.python,
        old_weights=seen.holds == hdf5_file.WEIGHTS,
        named_new=path.name.endswith(".weights.h5"),
    )

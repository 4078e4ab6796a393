"""What a reader's file needs of whoever loads it, and the files of the grid like it do not.

The grid has one model of a kind: a recurrent one with an LSTM and a GRU, a convolutional one with a
DepthwiseConv2D. An error that comes of a layer or a setting that a file does not have says nothing
of that file. And a file may name layers, functions and losses that no file of the grid names.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from envs.models.grid import Side
from envs.models.keras_names import KerasNames
from envs.models.model_text import Seen

_RECURRENT = ("LSTM", "GRU", "RNN", "Bidirectional", "CuDNN")
_STANDS_FOR = {
    "GRU": ("GRU",),
    "LSTM": _RECURRENT,
    "lstm": _RECURRENT,
    "DepthwiseConv2D": ("Depthwise", "Separable", "Transpose"),
}
"""A layer that an error of the grid names -> parts of the names of those that share its error."""

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
    metrics and optimizers that no Keras has. `compiled` is whether the file says how to train.
    """

    plain: str
    layers: Collection[str]
    settings: Collection[str] | None
    names: KerasNames
    functions: Collection[str] = ()
    compiling: Collection[str] = ()
    compiled: bool = True

    def find_lacking(self, side: Side) -> list[str]:
        """The layers of the file that the Keras of a side does not have."""
        return self.names.find_lacking(side, self.layers)

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
        named = re.findall(r"\b(GRU)\(|layer '(lstm)'", error)
        return not named or any(self._holds(one or other) for one, other in named)

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


def find_needs(seen: Seen, plain: str, names: KerasNames) -> FileNeeds:
    """What is known of a file that was looked at."""
    return FileNeeds(
        plain=plain,
        layers=tuple(seen.layers),
        settings=seen.settings,
        names=names,
        functions=seen.functions,
        compiling=tuple(names.find_own_compiling(seen)),
        compiled=bool(seen.loss or seen.optimizer),
    )

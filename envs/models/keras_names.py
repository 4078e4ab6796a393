"""What the Keras of each pairing knows by name: its layers, and the functions that files name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from envs.models.grid import Side
from envs.models.model_text import Seen
from envs.names import files

_ROOTS = ("tensorflow.keras", "keras", "tf_keras")
_LAYERS = (
    *("{root}.layers", "{root}.layers.experimental", "{root}.layers.experimental.preprocessing"),
    *("{root}.experimental", "tensorflow.compat.v1.keras.layers"),
)
_FUNCTIONS = ("activations", "losses", "metrics")
_OPTIMIZERS = ("optimizers", "optimizers.legacy", "optimizers.experimental", "mixed_precision")

_WORDS = ("accuracy", "acc", "crossentropy", "ce", "linear")
"""What every Keras takes for a metric or an activation, and no module has under that name."""


@dataclass(frozen=True)
class KerasNames:
    """The names that are recorded.

    `pairings_with` gives the pairings in which a dotted name can be imported, `recorded` are all
    pairings of which the names are known.
    """

    pairings_with: Callable[[str], Collection[str]]
    recorded: Collection[str]

    def has_layer(self, name: str) -> bool:
        """Whether any Keras has a layer of that name."""
        return any(
            self.pairings_with(f"{module.format(root=root)}.{name}")
            for root in _ROOTS
            for module in _LAYERS
        )

    def has_function(self, name: str) -> bool:
        """Whether any Keras has an activation, a loss or a metric of that name."""
        return name in _WORDS or any(
            self.pairings_with(f"{root}.{module}.{name}")
            for root in _ROOTS
            for module in _FUNCTIONS
        )

    def find_lacking(self, side: Side, layers: Iterable[str]) -> list[str]:
        """The layers that are public in some pairing, and not in that of a side.

        None where the names are not recorded. What is public nowhere may be known all the same.
        """
        return [
            name
            for name in layers
            if self._lacks(side, [f"{module}.{name}" for module in _list_modules(side)])
        ]

    def find_missing_functions(self, side: Side, functions: Iterable[str]) -> list[str]:
        """The activations that a side does not know by their names: whoever loads must."""
        root = _root_of(side)
        return [
            name
            for name in functions
            if name not in _WORDS
            and (not self.has_function(name) or self._lacks(side, [f"{root}.activations.{name}"]))
        ]

    def _lacks(self, side: Side, paths: Iterable[str]) -> bool:
        """Whether some pairing has one of these names, and not that of a side."""
        pairing = side.target.pairing.name
        having = {name for path in paths for name in self.pairings_with(path)}
        return bool(having) and pairing in self.recorded and pairing not in having

    def find_own_compiling(self, seen: Seen) -> list[str]:
        """The losses, metrics and optimizer of a file that no Keras has."""
        words = [*seen.loss.split(", "), *seen.metrics.split(", ")]
        found = [word for word in words if word and not self.has_function(word)]
        optimizer = seen.optimizer.rpartition(">")[2]
        if optimizer and not any(
            self.pairings_with(f"{root}.{module}.{name}")
            for root in _ROOTS
            for module in _OPTIMIZERS
            for name in (optimizer, optimizer.capitalize())
        ):
            found.append(optimizer)
        return list(dict.fromkeys(found))


def _list_modules(side: Side) -> list[str]:
    modules = [module.format(root=_root_of(side)) for module in _LAYERS]
    return modules[:-1] if side.api == "keras" else modules


def _root_of(side: Side) -> str:
    return "keras" if side.api == "keras" else "tensorflow.keras"


def load_keras_names() -> KerasNames:
    """What is recorded of all pairings. Raises Problem if the record cannot be read."""
    names = files.load_names()
    return KerasNames(names.pairings_with, names.pairings)

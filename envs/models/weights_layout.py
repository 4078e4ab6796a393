"""What the layout of weights in HDF5 says of the model that they are of, which is not in the file.

Only names, shapes and attributes are read. How each release lays weights out was seen in the files
of the grid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

_MOST = 20_000
"""How many names of a file are looked at."""

_RECURRENT = ("lstm", "gru", "rnn", "bidirectional")
_CONVOLUTIONAL = ("conv", "separable", "depthwise", "batch_normalization")
_RECURRENT_OF = {1: "SimpleRNN", 3: "GRU", 4: "LSTM"}
"""How many times as wide as high the recurrent kernel of a layer is -> the layer."""

_DEPENDENCIES = "_layer_checkpoint_dependencies"


Array = tuple[str, tuple[int, ...]]
"""The path of an array, and its shape."""


def read_old_layout(file: Any) -> dict[str, Any]:
    """What weights that `save_weights` wrote up to Keras 2.11 show, as fields of Seen.

    A subclassed model puts its own name before that of each layer: `whole/first/kernel:0`.
    """
    subclassed, arrays = False, []
    for layer in map(_word, file.attrs["layer_names"][:_MOST]):
        if layer not in file:
            continue
        for name in map(_word, file[layer].attrs.get("weight_names", [])[:_MOST]):
            parts = name.split("/")
            subclassed |= layer != parts[0] and layer in parts[1:-1]
            arrays.append((f"{layer}/{name}", _shape(file[layer].get(name))))
    return _describe_arrays(["subclassed" if subclassed else "functional"], arrays)


def read_new_layout(file: Any) -> dict[str, Any]:
    """What weights in the layout of the `.keras` format show, as fields of Seen.

    The layers of a subclassed model stand at the top, under the names of its attributes; in Keras
    2.15 and tf-keras, they stand where those of other models do.
    """
    plain = {"layers", _DEPENDENCIES}
    kinds = ["functional"] if plain & set(file) else ["subclassed"]
    if "layers" in file and not _names_variables(file):
        kinds.append("subclassed")
    return {**_describe_arrays(kinds, list(_walk(file))), "lines": find_lines(file)}


def find_lines(file: Any) -> tuple[str, ...]:
    """The lines of Keras, such as `2.15` or `3`, that lay weights out as in a file."""
    if _names_variables(file):
        return ("3",)
    if _DEPENDENCIES in file:
        return ("2.12", "2.13", "2.14")
    if "layers" in file:
        # The first Keras 3 did not name what it wrote either; of the grid, none does so.
        return tuple(f"2.{minor}" for minor in range(15, 30))
    return ("2.12", "2.13", "2.14")


def _names_variables(file: Any) -> bool:
    return "vars" in file and "name" in file["vars"].attrs


def _describe_arrays(kinds: list[str], arrays: list[Array]) -> dict[str, Any]:
    """The kinds that arrays show by their names and dimensions, and the recurrent layers."""
    known = [(path.lower(), shape) for path, shape in arrays if "optimizer" not in path]
    layers = Counter(
        _RECURRENT_OF.get(shape[1] // max(shape[0], 1), "RNN")
        for path, shape in known
        if ("recurrent_kernel" in path or path.endswith("cell/vars/1")) and len(shape) == 2
    )
    if layers or any(_is_of(path, _RECURRENT) for path, _ in known):
        kinds.append("recurrent")
    if any(
        len(shape) > 2 or "moving_mean" in path or _is_of(path, _CONVOLUTIONAL)
        for path, shape in known
    ):
        kinds.append("convolutional")
    return {"kinds": tuple(kinds), "layers": dict(sorted(layers.items()))}


def _is_of(path: str, starts: tuple[str, ...]) -> bool:
    return any(part.startswith(starts) for part in path.split("/"))


def _walk(file: Any) -> Iterator[Array]:
    """The arrays of a file. Links to elsewhere are not followed."""
    waiting = [("", file)]
    count = 0
    while waiting:
        path, group = waiting.pop()
        for name in group:
            count += 1
            if count > _MOST:
                return
            link = group.get(name, getlink=True)
            if type(link).__name__ != "HardLink":
                continue
            one = group[name]
            if hasattr(one, "keys"):
                waiting.append((f"{path}/{name}", one))
            else:
                yield f"{path}/{name}", _shape(one)


def _shape(array: Any) -> tuple[int, ...]:
    return tuple(getattr(array, "shape", ()) or ())


def _word(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

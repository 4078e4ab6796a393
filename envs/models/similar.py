"""What in the grid is like a reader's file: who wrote it, in which format, of which kinds it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from envs.model import version_numbers
from envs.models import formats, hdf5_file, inspection, keras_file, model_text, saved_model
from envs.models.model_text import Seen
from envs.models.record_files import Recorded

_RECURRENT = ("RNN", "LSTM", "GRU", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_CONVOLUTIONAL = ("Conv", "BatchNormalization", "DepthwiseConv", "SeparableConv")
_PREPROCESSING = (
    *("Rescaling", "Normalization", "TextVectorization", "StringLookup", "IntegerLookup"),
    *("Discretization", "CategoryEncoding", "Hashing", "CategoryCrossing", "CenterCrop"),
    *("Resizing", "RandomFlip", "RandomRotation", "RandomZoom", "RandomCrop", "RandomContrast"),
)
_ANY_SHAPE = ("Dense", "Dropout", "Activation", "BatchNormalization", "Embedding", "Lambda")
_PLAIN = ("Functional", "Model", "Sequential")


@dataclass(frozen=True)
class Writers:
    """Which sides may have written a file: `names`, and whether their release is that of the file.

    Where no side has that release, `exact` is false, and `names` are those of the nearest one.
    """

    names: tuple[str, ...]
    exact: bool = True


def find_form(seen: Seen) -> str:
    """The format of the grid that a file is in, by what it holds, however it is called."""
    return {
        hdf5_file.MODEL: "h5",
        keras_file.HOLDS: "keras",
        saved_model.OF_KERAS: "savedmodel",
        saved_model.HOLDS: "tf.saved_model.save",
        hdf5_file.WEIGHTS: "weights.h5",
        hdf5_file.NEW_WEIGHTS: "weights.h5",
        inspection.CHECKPOINT: "checkpoint",
        inspection.JSON: "json",
    }[seen.holds]


def find_writers(seen: Seen, grid_: Mapping[str, Recorded]) -> Writers:
    """The sides that write such a file, with the releases that the file names.

    A file that names no release may be of any side that writes what it holds.
    """
    releases: dict[tuple[str, str], dict[str, None]] = {}
    for recorded in grid_.values():
        for side, files in recorded.saved.items():
            for saved in files.values():
                if saved.holds == seen.holds:
                    releases.setdefault((saved.keras, saved.tensorflow), {})[side] = None
    fitting = [
        name
        for (keras, tensorflow), sides in releases.items()
        if (not seen.keras or keras == seen.keras)
        and (not seen.tensorflow or tensorflow == seen.tensorflow)
        for name in sides
    ]
    if seen.lines:
        fitting = [name for name in fitting if _is_of_line(name, seen.lines, grid_)] or fitting
    if fitting:
        return Writers(tuple(dict.fromkeys(fitting)))
    nearest = _find_nearest(seen, list(releases))
    return Writers(tuple(releases[nearest]) if nearest else (), exact=False)


def _is_of_line(name: str, lines: tuple[str, ...], grid_: Mapping[str, Recorded]) -> bool:
    """Whether the Keras of a side is of one of some lines, such as `2.15` or `3`."""
    for recorded in grid_.values():
        for saved in recorded.saved.get(name, {}).values():
            if saved.keras:
                return any(f"{saved.keras}.".startswith(f"{line}.") for line in lines)
    return False


def _find_nearest(seen: Seen, releases: list[tuple[str, str]]) -> tuple[str, str] | None:
    """The releases next to those of a file, of the same major and the same line of Keras."""

    def numbers(release: str) -> tuple[int, ...]:
        return version_numbers.release_numbers(release.partition("-")[0] or "0")

    def distance(release: tuple[str, str]) -> tuple[int, int]:
        there, here = (
            (numbers(release[0]), numbers(seen.keras))
            if seen.keras
            else (numbers(release[1]), numbers(seen.tensorflow))
        )
        minor = [*there, 0, 0][1] - [*here, 0, 0][1]
        # Of two that are as near, the older one: it lacks what came later.
        return abs(minor), int(minor > 0)

    same = [
        release
        for release in releases
        if (
            release[0].endswith("-tf") == seen.keras.endswith("-tf")
            and numbers(release[0])[:1] == numbers(seen.keras)[:1]
            if seen.keras
            else numbers(release[1])[:1] == numbers(seen.tensorflow)[:1]
        )
    ]
    return min(same, key=distance, default=None)


def find_kinds(seen: Seen, form: str, is_own: Callable[[str], bool]) -> list[str]:
    """The kinds of the grid that a file is of, as far as it says: those whose outcome it shares.

    `is_own` says of a name whether it is a layer of any Keras. Where nothing is known of the model,
    it may be of any kind that the grid has in that format.
    """
    saved = formats.FORMATS[form]
    if not seen.model:
        return [kind for kind in saved if kind in seen.kinds] or list(saved)
    layers = set(seen.layers)
    customs = find_customs(seen, is_own)
    # Of the grid, the recurrent model alone has a first layer that counts the dimensions.
    counting = seen.shapeless and bool(layers - set(_ANY_SHAPE))
    kinds = {
        "recurrent": counting or any(name.endswith(_RECURRENT) for name in layers),
        "convolutional": any(name.startswith(_CONVOLUTIONAL) for name in layers),
        "embedding": "Embedding" in layers,
        "nested": seen.nested,
        "two-inputs": seen.inputs > 1,
        "operations": seen.operations,
        "preprocessing": bool(layers & set(_PREPROCESSING)),
        "registered-layer": bool(seen.registered),
        "custom-layer": bool(set(customs) - set(seen.registered)) and seen.model in _PLAIN,
        "lambda": "Lambda" in layers,
        "subclassed": seen.model not in _PLAIN,
        "objects": _has_objects(seen),
    }
    found = [kind for kind, holds in kinds.items() if holds and kind in saved]
    if seen.model not in _PLAIN:
        return found or list(saved)
    plain = find_plain_kind(seen, form)
    # A recurrent or an embedding model of the grid is itself sequential.
    return found if found and plain == "sequential" else [plain, *found]


def find_plain_kind(seen: Seen, form: str) -> str:
    """The kind of the grid that a file is if there is nothing special in it; empty if unknown."""
    if not seen.model:
        return "functional" if "functional" in seen.kinds else ""
    plain = "sequential" if seen.model == "Sequential" else "functional"
    if not (seen.loss or seen.optimizer):
        plain = "uncompiled"
    return plain if plain in formats.FORMATS[form] else "functional"


def find_customs(seen: Seen, is_own: Callable[[str], bool]) -> list[str]:
    """The classes that a file names and no Keras has: who loads it must bring them."""
    own = (*_PLAIN, *model_text.OPERATIONS)
    unknown = [name for name in seen.layers if name not in own and not is_own(name)]
    names = [name.rpartition(">")[2] for name in seen.customs] + unknown
    if seen.model and seen.model not in _PLAIN:
        names.append(seen.model.rpartition(">")[2])
    if seen.operations:
        # Operators of Keras 3 stand among the layers, with names of functions in capitals.
        names = [name for name in names if name in seen.customs or name not in unknown]
    return sorted(set(names))


def _has_objects(seen: Seen) -> bool:
    """Whether a model was compiled with a loss given as an object: `MeanSquaredError()`."""
    return any(word[:1].isupper() for word in seen.loss.split(", ") if word)

"""The JSON that describes a model: its layers, losses and optimizer, and whether code is in it.

Nothing is built from it: it is read as text, and only names are taken.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from envs import Problem
from envs.models import lambda_code

LARGEST = 64 * 2**20
"""How many bytes of JSON are read; that of a model with ten thousand layers takes a tenth."""

_DEEPEST = 200
"""How deep models may stand in models."""

_INNER = ("layer", "forward_layer", "backward_layer", "cell")
_WRAPPERS = ("Functional", "Sequential", "Model")
OPERATIONS = ("TFOpLambda", "TensorFlowOpLayer", "SlicingOpLambda")
"""The layers that Keras 2 makes of operators and of functions of TensorFlow."""

_OWN = ("keras", "tensorflow", "builtins", "tf_keras", "keras_core", "keras_nlp", "keras_cv")


@dataclass(frozen=True)
class Seen:
    """What a file holds, as far as it says.

    `holds` names the format inside, `keras` and `tensorflow` the releases that wrote it, `model`
    is the class of the model, `layers` counts the layers by class, `customs` are classes that are
    not of Keras as far as the file says, `registered` those of them that
    are registered under a name of their package, `inputs` is how many inputs the model has,
    `nested` whether a model stands in it, `operations` whether it computes with operators or
    functions of TensorFlow between layers. `loss`, `optimizer` and `metrics` are what it was
    compiled with, `weights` is whether it has weights, and `digest` changes with all but the
    numbers. Where the file says nothing, a text is empty.

    `code` names the layers that hold code of the one who saved the file, and `python` is the line
    of Python that it was compiled for. `bare` is whether a layer stands in another one without its
    module, as Keras wrote it before 2.13. `functions` are those that the layers name, such as
    activations, and `settings` all that is set of each class, such as `LSTM.time_major`.
    `masked_state` is whether a recurrent layer gets its first state from elsewhere, in a model with
    masks.

    Of weights alone, `kinds` are the kinds of model that their arrays show, and `lines` the lines
    of Keras that lay them out so.
    """

    holds: str
    keras: str = ""
    tensorflow: str = ""
    model: str = ""
    layers: dict[str, int] = field(default_factory=dict)
    customs: tuple[str, ...] = ()
    registered: tuple[str, ...] = ()
    loss: str = ""
    optimizer: str = ""
    metrics: str = ""
    inputs: int = 0
    nested: bool = False
    operations: bool = False
    weights: bool = True
    notes: tuple[str, ...] = ()
    digest: str = ""
    code: tuple[str, ...] = ()
    python: str = ""
    bare: bool = False
    masked_state: bool = False
    functions: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()

    @property
    def shapeless(self) -> bool:
        """Whether it is a Sequential model whose first layer says which shape it takes."""
        return self.model == "Sequential" and "InputLayer" not in self.layers


def parse_json(text: str | bytes, what: str) -> dict[str, Any]:
    """A JSON object. Raises Problem if it is none, or too large."""
    if len(text) > LARGEST:
        raise Problem(f"{what}: more than {LARGEST // 2**20} MiB of JSON, which no model has")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Problem(f"{what}: is not JSON ({str(error)[:80]}): the file is damaged") from None
    if not isinstance(data, dict):
        raise Problem(f"{what}: is JSON, but not of a model")
    return data


def read_model(data: dict[str, Any]) -> dict[str, Any]:
    """What the configuration of a model says, as fields of Seen."""
    layers: Counter[str] = Counter()
    customs: dict[str, None] = {}
    registered: dict[str, None] = {}
    functions: dict[str, None] = {}
    code: dict[str, None] = {}
    settings: set[str] = set()
    nested = operations = bare = masks = states = False
    python = ""
    for depth, one in _walk(data, 0):
        name = str(one["class_name"])
        if depth == 0:
            if not _is_own(one):
                customs[name] = None
            continue
        layers[name.rpartition(">")[2]] += 1
        functions |= dict.fromkeys(_list_functions(one))
        settings.update(_list_settings(one, depth))
        if name == "Lambda" and _holds_code(one):
            code[name] = None
            python = python or lambda_code.find_line(one["config"].get("function"))
        masks = masks or name == "Masking" or _is_set(one, "mask_zero")
        states = states or _takes_a_state(one)
        bare |= any("module" not in inner for inner in _list_inner(one))
        nested = nested or name in _WRAPPERS
        module = str(one.get("module") or "")
        operations |= name in OPERATIONS or module.startswith("keras.src.ops")
        if not _is_own(one):
            customs[name] = None
        package, _, _ = name.rpartition(">")
        if package or (one.get("registered_name") or "").count(">"):
            registered[name] = None
    config = data.get("config")
    inputs = config.get("input_layers") if isinstance(config, dict) else None
    if isinstance(inputs, list) and inputs and isinstance(inputs[0], list):
        count = len(inputs)
    else:
        count = 1 if layers else 0
    return {
        "model": str(data.get("class_name", "")),
        "layers": dict(sorted(layers.items())),
        "customs": tuple(customs),
        "registered": tuple(registered),
        "inputs": count,
        "nested": nested,
        "operations": operations,
        "code": tuple(code),
        "python": python,
        "bare": bare,
        "masked_state": masks and states,
        "functions": tuple(functions),
        "settings": tuple(sorted(settings)),
    }


def _holds_code(one: dict[str, Any]) -> bool:
    """Whether a `Lambda` holds its function as bytes. A named one is looked for by its name."""
    config = one.get("config")
    return isinstance(config, dict) and not _name_function(config.get("function"), config)


def _is_set(one: dict[str, Any], key: str) -> bool:
    config = one.get("config")
    return isinstance(config, dict) and config.get(key) is True


def _takes_a_state(one: dict[str, Any]) -> bool:
    """Whether a recurrent layer is called with more than what it reads: with its first state."""
    nodes = one.get("inbound_nodes")
    return str(one["class_name"]).endswith(("LSTM", "GRU", "RNN", "Bidirectional")) and any(
        isinstance(node, list) and len(node) > 1
        for node in (nodes if isinstance(nodes, list) else [])
    )


def _list_inner(one: dict[str, Any]) -> list[dict[str, Any]]:
    """The layers that stand in a layer, such as that of a `TimeDistributed`."""
    config = one.get("config")
    held = [config.get(key) for key in _INNER] if isinstance(config, dict) else []
    return [inner for inner in held if isinstance(inner, dict) and "class_name" in inner]


def _list_functions(one: dict[str, Any]) -> Iterator[str]:
    """The functions that a layer names: its activations, and that of a `Lambda`."""
    config = one.get("config")
    if not isinstance(config, dict):
        return
    for key, value in config.items():
        if key.endswith("activation"):
            named = value if isinstance(value, str) else _name_function(value, {})
        else:
            named = _name_function(value, config) if key == "function" else ""
        if named:
            yield named.rpartition(">")[2]


def _name_function(value: object, config: dict[str, Any]) -> str:
    """The name of a function in a configuration; empty if it is code, or something else."""
    if isinstance(value, dict) and value.get("class_name") == "function":
        return str(value.get("config") or "")
    if isinstance(value, str) and config.get("function_type") == "function":
        return value
    return ""


def _list_settings(one: dict[str, Any], depth: int) -> Iterator[str]:
    """What is set of a layer, and of what stands in it, such as its initializers."""
    config = one.get("config")
    if depth > _DEEPEST or not isinstance(config, dict):
        return
    for key, value in config.items():
        yield f"{one['class_name']}.{key}"
        if key not in ("layers", "layer") and isinstance(value, dict) and "class_name" in value:
            yield from _list_settings(value, depth + 1)


def _is_own(one: dict[str, Any]) -> bool:
    """Whether a class is of Keras, where the file says whose it is."""
    if "module" in one:
        module = one["module"]
        return module is not None and str(module).split(".")[0] in _OWN
    return ">" not in str(one["class_name"])


def _walk(data: object, depth: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """The model and the layers in it, each with how deep it stands."""
    if depth > _DEEPEST or not isinstance(data, dict) or "class_name" not in data:
        return
    yield depth, data
    config = data.get("config")
    # Keras up to 2.2.2 wrote the layers of a Sequential model as a bare list.
    layers = config.get("layers") if isinstance(config, dict) else config
    for one in [*(layers if isinstance(layers, list) else []), *_list_inner(data)]:
        yield from _walk(one, depth + 1)


def read_training(data: object) -> dict[str, str]:
    """What the training configuration of a model says, as fields of Seen."""
    if not isinstance(data, dict):
        return {}
    optimizer = data.get("optimizer_config", data.get("optimizer"))
    return {
        "loss": _name_all(data.get("loss")),
        "optimizer": _name_all(optimizer),
        "metrics": _name_all(data.get("metrics")),
    }


def _name_all(value: object) -> str:
    """The names in a part of a configuration: `mse`, `Adam`, `accuracy, mae`."""
    return ", ".join(dict.fromkeys(_names(value, 0)))


def _names(value: object, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _names(one, depth + 1)
    elif isinstance(value, dict) and "class_name" in value:
        name = str(value["class_name"])
        config = value.get("config")
        if name in ("MeanMetricWrapper", "LossFunctionWrapper") and isinstance(config, dict):
            name = str(config.get("fn") or config.get("name") or name)
        elif name == "function" and isinstance(config, str):
            name = config
        yield name
    elif isinstance(value, dict):
        for one in value.values():
            yield from _names(one, depth + 1)

"""The way from a file to a pairing as a program: a shell script that makes environments and loads.

Each step also predicts from made-up numbers, and a later step compares: so the script says itself
whether the model came through unchanged.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from envs import ROOT
from envs.model import lock
from envs.models import hdf5_file
from envs.models.grid import Side

CODE = "load_weights"
"""The way that needs the code that built the model."""

TARGETS = {
    "keras": "converted.keras",
    "h5": "converted.h5",
    "export": "converted",
    "savedmodel": "converted",
    "weights.h5": "converted.weights.h5",
}
"""Format -> the file that a step saves, best first. The last needs the model's code again."""

_LOADS = {
    "TFSMLayer": 'keras.layers.TFSMLayer(path, call_endpoint="serving_default")',
    "tf.saved_model.load": "tensorflow.saved_model.load(path)",
}
"""Way -> the expression that loads `path`; `_load_with` gives those with options."""

_OPTIONS = {
    "custom_objects": "custom_objects=CUSTOM_OBJECTS",
    "safe_mode=False": "safe_mode=False",
    "compile=False": "compile=False",
}
"""Option, as a way names it -> the argument."""


def _load_with(way: str, is_json: bool) -> str:
    """The expression that loads `path` with the options of a way, such as `compile=False`."""
    options = [_OPTIONS[option] for option in way.split(", ") if option in _OPTIONS]
    function = "model_from_json" if is_json else "load_model"
    given = "open(path).read()" if is_json else "path"
    return f"keras.models.{function}({', '.join([given, *options])})"


_SAVES = {
    "keras": "model.save(out)",
    "h5": "model.save(out)",
    "export": "model.export(out)",
    "savedmodel": 'model.save(out, save_format="tf")',
    "weights.h5": "model.save_weights(out)",
}

_MAKE = """\
ENVS=${ENVS:-./environments}
make() {  # a pairing, its Python, its lock
    [ -x "$ENVS/$1/bin/python" ] && return
    if command -v uv >/dev/null; then
        uv venv -q --python "$2" "$ENVS/$1"
        uv pip install -q -p "$ENVS/$1/bin/python" --require-hashes -r "$3"
    else
        "python$2" -m venv "$ENVS/$1"
        "$ENVS/$1/bin/python" -m pip install -q --require-hashes -r "$3"
    fi
}"""

_FIRST = '''

def first(value):
    """The first array in what a graph gives."""
    while isinstance(value, (dict, list, tuple)):
        value = list(value.values())[0] if isinstance(value, dict) else value[0]
    return numpy.asarray(value)


def read_inputs(file):
    """The arrays input0, input1 and so on of a file; none if it is not there."""
    if not os.path.exists(file):
        return []
    saved = numpy.load(file)
    return [saved[name] for name in sorted(saved.files) if name.startswith("input")]


'''

_MAKE_UP = '''\
def make_up(signature):
    """Made-up numbers for a signature."""
    specs = signature.structured_input_signature[1]
    random = numpy.random.RandomState(0)
    shapes = [
        [size or (64 if place else 2) for place, size in enumerate(specs[name].shape)]
        for name in sorted(specs)
    ]
    types = [specs[name].dtype.as_numpy_dtype for name in sorted(specs)]
    return [random.randint(0, 2, shape).astype(one) for shape, one in zip(shapes, types)]


'''

_LOAD_GRAPH = '''\
def load_graph(path):
    """The signature of a SavedModel as a function, and the names of what it takes."""
    v1 = tensorflow.compat.v1
    session = v1.Session(graph=v1.Graph())
    with session.graph.as_default():
        loaded = v1.saved_model.loader.load(session, ["serve"], path)
    signature = loaded.signature_def["serving_default"]

    def call(**given):
        feed = {signature.inputs[name].name: one for name, one in given.items()}
        return session.run(signature.outputs[sorted(signature.outputs)[0]].name, feed)

    return call, sorted(signature.inputs)


'''
"""What TensorFlow 1 needs to load a SavedModel."""

_JSON = """\
if os.path.isdir(path):
    path = os.path.join(path, "model.json")
"""

_JSON_WEIGHTS = """\
folder, stem = os.path.dirname(path), os.path.splitext(os.path.basename(path))[0]
names = [stem + ".weights.h5", stem + ".h5", stem + "_weights.h5", "model.weights.h5"]
weights = [os.path.join(folder, name) for name in names]
weights = [name for name in weights if os.path.exists(name)]
if weights:
    model.load_weights(weights[0])
print("weights:", weights[0] if weights else "none beside it: those of a new model")
"""


def needs_code(way: str) -> bool:
    """Whether a way needs the code that built the model."""
    return way in (CODE, "by_name=True")


@dataclass(frozen=True)
class LoadStep:
    """A side loads a file of a format in a way, and saves it in another format, if one is named."""

    side: Side
    form: str
    way: str
    saves: str = ""

    @property
    def needs_code(self) -> bool:
        """Whether the model must be built from its own code first."""
        return needs_code(self.way)


def render_script(steps: list[LoadStep], path: str, comments: list[str], customs: list[str]) -> str:
    """The shell script of some steps, with comments at its top.

    `path` is the file that the first step loads, `customs` the classes that the reader must bring.
    """
    lines = [
        "#!/bin/sh",
        *(f"# {line}".rstrip() for line in comments),
        "set -e",
        *_MAKE.split("\n"),
    ]
    given = path
    for number, step in enumerate(steps):
        target = step.side.target
        name = target.pairing.name
        file = shlex.quote(str(lock.lock_path(target).relative_to(ROOT).as_posix()))
        lines += ["", f"# Step {number + 1} of {len(steps)}: in {step.side.name}"]
        lines.append(f"make {name} {target.python} {shlex.quote(str(ROOT))}/{file}")
        env = "".join(f"{key}={value} " for key, value in target.pairing.env.items())
        out = TARGETS[step.saves] if step.saves else ""
        words = " ".join(shlex.quote(word) for word in (given, out) if word)
        lines.append(f"TF_CPP_MIN_LOG_LEVEL=3 {env}\"$ENVS/{name}/bin/python\" - {words} <<'END'")
        renames = step.form == "h5" and not given.endswith(hdf5_file.SUFFIXES)
        program = render_program(step, customs, first=number == 0, renames=renames)
        lines += [*program.rstrip().split("\n"), "END"]
        given = out
    return "\n".join(lines)


def render_program(step: LoadStep, customs: list[str], first: bool, renames: bool = False) -> str:
    """The Python program of one step. It takes the file to load, and where to save it.

    `renames` is whether it gives the file a name under which every Keras takes it for HDF5.
    """
    old_weights = step.form == "weights.h5" and first
    copies = ["import shutil"] if old_weights or renames else []
    lines = ["import os", *copies, "import sys", ""]
    lines += [*(["import h5py"] if old_weights else []), "import numpy", "import tensorflow"]
    lines += ["import keras" if step.side.api == "keras" else "from tensorflow import keras", ""]
    if step.needs_code:
        lines += [
            "# Write customs.py beside this: build_model() as it was when the model was saved."
        ]
        lines += ["from customs import build_model", ""]
    elif "custom_objects" in step.way:
        named = ", ".join(f'"{name}": {name}' for name in customs)
        lines += [
            f"# Write customs.py beside this: your classes, and CUSTOM_OBJECTS = {{{named}}}."
        ]
        lines += ["from customs import CUSTOM_OBJECTS", ""]
    how = _how(step)
    text = "\n".join(lines) + _FIRST + _HELPERS.get(how, "") + "path = sys.argv[1]\n"
    text += _RENAME if renames else ""
    is_json = step.form == "json"
    text += _JSON if is_json else ""
    if step.needs_code:
        inside = ' + "/variables/variables"' if step.form == "savedmodel" else ""
        option = ", by_name=True" if step.way == "by_name=True" else ""
        loads = "" if is_json else f"model.load_weights(path{inside}{option})\n"
        text += _OLD_WEIGHTS if old_weights else ""
        text += f"model = build_model()\n{loads or _JSON_WEIGHTS}"
    else:
        loads = _LOADS.get(step.way) or _load_with(step.way, is_json)
        if how == "graph of TensorFlow 1":
            loads = "load_graph(path)"
        text += f"model = {loads}\n"
        text += _JSON_WEIGHTS if is_json else ""
    text += _READ_FIRST if first else _READ_NEXT
    # Before anything is predicted: TensorFlow 2.12 cannot save the function that predicted.
    if step.saves:
        text += _CALL + (_CALL_BY_PREDICT if _sets_shape_by_predict(step) else _CALL_PLAINLY)
        text += f'out = sys.argv[2]\n{_SAVES[step.saves]}\nprint("saved", out)\n'
    text += _PREDICTS[how]
    text += _CHECK_FIRST if first else _CHECK_NEXT
    return text


def _sets_shape_by_predict(step: LoadStep) -> bool:
    """Whether a SavedModel cannot be saved before the model predicted: a call is not enough."""
    return step.saves == "savedmodel" and step.side.target.pairing.minor in ("2.0", "2.1")


def _how(step: LoadStep) -> str:
    """How what a step loads predicts, as a key of `_PREDICTS`."""
    if step.way == "tf.saved_model.load" and step.side.target.pairing.tensorflow.startswith("1."):
        return "graph of TensorFlow 1"
    return step.way if step.way in _PREDICTS else "model"


_INPUTS = '''\
def list_inputs(model):
    """The inputs of a model; none if it does not know them before it is called."""
    try:
        return model.inputs or []
    except (AttributeError, ValueError):
        return []


'''

_HELPERS = {
    "model": _INPUTS,
    "TFSMLayer": _MAKE_UP,
    "tf.saved_model.load": _MAKE_UP,
    "graph of TensorFlow 1": _LOAD_GRAPH,
}

_RENAME = """\
# Under another name, Keras 3 does not take it for HDF5.
path = shutil.copy(path, "renamed.h5")
"""

_OLD_WEIGHTS = """\
with h5py.File(path, "r") as file:
    old = "layer_names" in file.attrs
if old and path.endswith(".weights.h5"):
    # From 2.12 on, Keras takes a file that is called so for one of another layout.
    path = shutil.copy(path, "old_weights.h5")
"""

_PREDICTS = {
    "model": """\
if not inputs:
    # A size that is left open may be any: 64 is enough for most layers that make it smaller.
    shapes = [
        [getattr(size, "value", size) or 64 for size in tensor.shape[1:]]
        for tensor in list_inputs(model)
    ]
    random = numpy.random.RandomState(0)
    inputs = [random.randint(0, 2, [4] + shape).astype("float32") for shape in shapes]
given = inputs if len(inputs) > 1 else inputs[0] if inputs else None
predictions = first(model.predict_on_batch(given)) if inputs else None
""",
    "TFSMLayer": """\
signature = tensorflow.saved_model.load(path).signatures["serving_default"]
inputs = inputs or make_up(signature)
if len(inputs) > 1:
    # A signature takes no list; the endpoint that `export` writes beside it does.
    model = keras.layers.TFSMLayer(path, call_endpoint="serve")
predictions = first(model(inputs if len(inputs) > 1 else inputs[0]))
""",
    "tf.saved_model.load": """\
# Keep model as long as the signature: up to 2.7, its variables are gone without it.
signature = model.signatures["serving_default"]
inputs = inputs or make_up(signature)
names = sorted(signature.structured_input_signature[1])
given = {name: tensorflow.constant(one) for name, one in zip(names, inputs)}
predictions = first(signature(**given))
""",
    "graph of TensorFlow 1": """\
call, names = model
predictions = first(call(**dict(zip(names, inputs)))) if inputs else None
""",
}
"""How a way predicts from `model`: from `inputs`, or from made-up numbers if there are none."""

_CALL = """\
if inputs and not list_inputs(model):
    # A subclassed model has no shape before it is called.
"""

_CALL_PLAINLY = """\
    model(inputs if len(inputs) > 1 else inputs[0])
"""

_CALL_BY_PREDICT = """\
    model.predict_on_batch(inputs if len(inputs) > 1 else inputs[0])
"""

_READ_FIRST = """\
# Your own numbers, if you like: numpy.savez("inputs.npz", input0=...)
inputs = read_inputs("inputs.npz")
"""

_READ_NEXT = """\
inputs = read_inputs("check.npz")
"""

_CHECK_FIRST = """\
if predictions is not None:
    held = {"input%d" % number: one for number, one in enumerate(inputs)}
    numpy.savez("check.npz", predictions=predictions, **held)
    print("loaded; it predicts:", predictions.ravel()[:4])
else:
    print("loaded:", model)
"""

_CHECK_NEXT = """\
if predictions is None:
    sys.exit("loaded; nothing to compare: write inputs.npz, and run it again")
before = numpy.load("check.npz")["predictions"]
difference = float(numpy.max(numpy.abs(before - predictions)))
print("loaded; largest difference of predictions:", difference)
if not numpy.allclose(before, predictions, rtol=1e-4, atol=1e-5):
    sys.exit("it predicts something else than before: do not use it")
"""

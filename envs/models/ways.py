"""How a model is saved in each format, and the ways in which a file is loaded, in their order.

A part of save_files.py and load_files.py, so it runs on Python 3.7 and on every TensorFlow here.
"""

import json
import os


def import_keras(api):
    if api == "keras":
        import keras
    else:
        from tensorflow import keras
    return keras


def save(keras, model, form, place):
    """Save a model in a format, at a place in a folder of its own."""
    if form in ("h5", "keras"):
        model.save(place)
    elif form == "savedmodel":
        if kept_apart(keras):
            model.save(place)
        else:
            model.save(place, save_format="tf")
    elif form == "export":
        model.export(place)
    elif form == "tf.saved_model.save":
        import tensorflow

        tensorflow.saved_model.save(model, place)
    elif form in ("weights.h5", "checkpoint"):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        model.save_weights(place)
    else:
        text = model.to_json()
        os.makedirs(place)
        with open(os.path.join(place, "model.json"), "w") as file:
            file.write(text)
        model.save_weights(os.path.join(place, "model.weights.h5"))


def kept_apart(keras):
    """Whether a Keras has no `save_format`: Keras 3, and Keras 2.2 and 2.3 of its own."""
    return getattr(keras, "__version__", "2").startswith("3")


def list_ways(keras, form, kind, customs, build):
    """The ways to load a file, as (name, function of a path). The function gives a model.

    `customs` are the custom classes that the model needs, and `build` makes a model of its kind
    from code.
    """
    load = keras.models.load_model
    needed = {name: one for name, one in customs.items() if name in NEEDS.get(kind, ())}
    whole = [
        ("load_model", lambda path: load(path)),
        ("compile=False", lambda path: load(path, compile=False)),
    ]
    if needed:
        options = {"custom_objects": needed}
        whole += [
            ("custom_objects", lambda path: load(path, **options)),
            ("custom_objects, compile=False", lambda path: load(path, compile=False, **options)),
        ]
    if kind == "lambda":
        whole += [
            ("safe_mode=False", lambda path: load(path, safe_mode=False)),
            ("safe_mode=False, compile=False", lambda path: unsafe(load, path)),
        ]
    weights = [("load_weights", lambda path: load_weights(build(), path))]
    graph = [
        ("TFSMLayer", lambda path: layer_of(keras, path)),
        ("tf.saved_model.load", graph_of),
    ]
    if form in ("h5", "keras"):
        return whole + weights
    if form == "savedmodel":
        inner = [("load_weights", lambda path: load_weights(build(), inside(path)))]
        return whole + inner + graph
    if form in ("export", "tf.saved_model.save"):
        return whole[:2] + graph
    if form == "json":
        read = [("model_from_json", lambda path: from_json(keras, path, {}))]
        if needed:
            read.append(("custom_objects", lambda path: from_json(keras, path, needed)))
        file = "model.weights.h5"
        alone = ("load_weights", lambda path: load_weights(build(), os.path.join(path, file)))
        return [*read, alone]
    by_name = ("by_name=True", lambda path: load_weights(build(), path, by_name=True))
    return [*weights, by_name] if form == "weights.h5" else weights


NEEDS = {
    "custom-layer": ("Scaled",),
    "registered-layer": ("Registered",),
    "subclassed": ("Stacked",),
}
"""Kind -> the custom classes that it needs. The registered one is known without being passed."""


def unsafe(load, path):
    return load(path, safe_mode=False, compile=False)


def inside(path):
    return os.path.join(path, "variables", "variables")


def load_weights(model, path, **options):
    status = model.load_weights(path, **options)
    if hasattr(status, "assert_existing_objects_matched"):
        # Without it, a checkpoint that fits nothing is loaded without a word.
        status.assert_existing_objects_matched()
    return model


def from_json(keras, path, customs):
    with open(os.path.join(path, "model.json")) as file:
        text = file.read()
    json.loads(text)
    model = keras.models.model_from_json(text, custom_objects=customs)
    return load_weights(model, os.path.join(path, "model.weights.h5"))


def layer_of(keras, path):
    names = ("serving_default", "serve")
    error = None
    for name in names:
        try:
            return Callable(keras.layers.TFSMLayer(path, call_endpoint=name))
        except ValueError as said:
            error = error or said
    raise error


class Callable:
    """What can predict and is no model of Keras."""

    def __init__(self, function):
        self.function = function

    def predict_on_batch(self, inputs):
        given = self.function(inputs)
        while isinstance(given, (dict, list, tuple)):
            given = list(given.values())[0] if isinstance(given, dict) else given[0]
        return given


def graph_of(path):
    """The signature of a SavedModel, as TensorFlow itself loads it."""
    import tensorflow

    if tensorflow.__version__.startswith("1."):
        return Callable(lambda inputs: run_graph(tensorflow, path, inputs))
    loaded = tensorflow.saved_model.load(path)
    signature = loaded.signatures["serving_default"]
    names = sorted(signature.structured_input_signature[1])

    def call(inputs):
        several = inputs if isinstance(inputs, list) else [inputs]
        return signature(**{n: tensorflow.constant(one) for n, one in zip(names, several)})

    # Without it, the functions that the signature needs are gone.
    call.loaded = loaded
    return Callable(call)


def run_graph(tensorflow, path, inputs):
    v1 = tensorflow.compat.v1
    with v1.Session(graph=v1.Graph()) as session:
        loaded = v1.saved_model.loader.load(session, ["serve"], path)
        signature = loaded.signature_def["serving_default"]
        names = [signature.inputs[name].name for name in sorted(signature.inputs)]
        several = inputs if isinstance(inputs, list) else [inputs]
        out = [signature.outputs[name].name for name in sorted(signature.outputs)][:1]
        return session.run(out, dict(zip(names, several)))

"""What a pairing runs to save the models of the grid: every kind in every format that it can.

It takes the folder to fill, the Keras to use (`tf.keras` or `keras`), the processor to run on, and
the file to report to: one line of JSON about this Keras, one for each kind, and one for each file.
"""

import importlib.util
import json
import os
import sys
import traceback

OUT, API, PROCESSOR, REPORT = sys.argv[1:5]


def _load(name):
    """A file beside this one, as a module: `-I` keeps this folder out of the path."""
    file = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    spec = importlib.util.spec_from_file_location("models_" + name, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# On two processors the last digits of a gradient come and go, and Adam makes much of them.
os.sched_setaffinity(0, {int(PROCESSOR)})
formats, kinds, ways = _load("formats"), _load("kinds"), _load("ways")
report = open(REPORT, "a")


def _emit(**fact):
    report.write(json.dumps(fact, sort_keys=True) + "\n")
    report.flush()


def try_step(step):
    """What a step gives, and its error, of which one is None."""
    try:
        return step(), None
    except BaseException as error:
        return None, "".join(traceback.format_exception_only(type(error), error))


def make(keras, kind):
    """A model of a kind, trained one step so that the optimizer has a state."""
    keras.backend.clear_session()
    built = kinds.build_model(keras, kind)
    kinds.compile_model(keras, built, kind)
    kinds.run_eagerly(built)
    if kinds.RECIPES[kind].compiling:
        kinds.train(built, kind)
    return built


def save_kind(keras, kind):
    """Save a model of a kind in each format, and say what they predict and how training goes."""
    told, error = try_step(lambda: describe_model(keras, kind))
    if error:
        _emit(kind=kind, error=error)
        return
    _emit(kind=kind, **told)
    for form in formats.FORMATS:
        if kind in formats.FORMATS[form]:
            predicted, error = try_step(lambda form=form: save_form(keras, kind, form))
            _emit(file=form + "/" + kind, error=error, predictions=predicted)


def describe_model(keras, kind):
    """The losses of the next two steps of a model of a kind."""
    built = make(keras, kind)
    trained = kinds.RECIPES[kind].compiling
    return {"losses": [kinds.train(built, kind), kinds.train(built, kind)] if trained else []}


def save_form(keras, kind, form):
    """Save a model of a kind in a format; what this very model predicts."""
    # A model of its own: in Keras 3, one that was saved as HDF5 forgets its optimizer.
    built = make(keras, kind)
    folder = os.path.join(OUT, form, kind)
    os.makedirs(folder)
    ways.save(keras, built, form, formats.saved_place(form, folder))
    return kinds.predict(built, kind)


import tensorflow  # noqa: E402

keras = ways.import_keras(API)
_emit(
    keras=getattr(keras, "__version__", "") or keras.models.Model.__module__.split(".")[0],
    tensorflow=tensorflow.__version__,
    apart=API == "keras" and keras.models.Model is not tensorflow.keras.models.Model,
)
kinds.list_customs(keras)
for each in kinds.RECIPES:
    save_kind(keras, each)
_emit(end=True)

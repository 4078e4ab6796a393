"""What one cell of the atlas runs: TensorFlow and Keras imported, and a training step through each.

It takes the module to import as Keras (`keras` or `tf_keras`) and the steps to do, prints one line
of JSON for each, and stops at the first that fails: after a failed import, others would tell
nothing of their own.
"""

import json
import sys
import traceback

KERAS = sys.argv[1]
loaded = {}


def release(package):
    return package + " " + str(getattr(sys.modules[package], "__version__", "without a version"))


def import_tensorflow():
    import tensorflow

    loaded["tensorflow"] = tensorflow
    return release("tensorflow")


def tf_keras():
    loaded["tf.keras"] = loaded["tensorflow"].keras
    return release(loaded["tf.keras"].Model.__module__.split(".")[0])


def import_keras():
    __import__(KERAS)
    loaded["keras"] = sys.modules[KERAS]
    return release(KERAS)


def train(keras):
    import numpy

    model = keras.models.Sequential()
    model.add(keras.layers.Dense(2, input_shape=(4,)))
    model.compile(optimizer="sgd", loss="mse")
    loss = model.train_on_batch(numpy.ones((8, 4)), numpy.zeros((8, 2)))
    assert numpy.all(numpy.isfinite(loss)), loss
    return "a step"


STEPS = {
    "import tensorflow": import_tensorflow,
    "tf.keras": tf_keras,
    "train tf.keras": lambda: train(loaded["tf.keras"]),
    "import keras": import_keras,
    "train keras": lambda: train(loaded["keras"]),
}

for step in sys.argv[2:]:
    try:
        said = {"step": step, "works": STEPS[step]()}
    except BaseException as error:
        said = {"step": step, "fails": "".join(traceback.format_exception_only(type(error), error))}
    print("\n" + json.dumps(said), flush=True)
    if "fails" in said:
        break

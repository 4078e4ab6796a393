"""An ordinary script: each step as a person would write it, and what comes of it.

It writes what it saw to the file that it is given, as JSON.
"""

import importlib.util
import json
import sys


def keras_package():
    import keras

    own = keras.__file__.startswith(sys.prefix)
    return keras.__version__ + ("" if own else " from elsewhere")


def tf_keras():
    package = tf.keras.Model.__module__.split(".")[0]
    return package + " " + str(getattr(sys.modules[package], "__version__", ""))


def settings(backend):
    return ", ".join([backend.backend(), backend.floatx(), backend.image_data_format()])


def tensorflow():
    global tf
    import tensorflow as tf

    return tf.__version__


def model(sequential, layers):
    built = sequential([layers.Dense(1, input_shape=(2,))])
    return "%d weights" % built.count_params()


def kept_dict():
    """A tf.function that returns a dict which is kept on a tf.Module."""

    class Keeper(tf.Module):
        def __init__(self):
            super().__init__()
            self.kept = {"weight": tf.Variable(1.0)}

        @tf.function
        def values(self):
            return self.kept

    keeper = Keeper()
    return ", ".join(keeper.values())


def tensorboard():
    from tensorboard import default

    return "%d plugins" % bool(default.get_plugins())


def of_transformers():
    from transformers import TFBertModel

    return TFBertModel.__name__


def hub_layer():
    import tensorflow_hub

    class Doubled(tf.Module):
        variables = trainable_variables = regularization_losses = ()

        @tf.function(input_signature=[tf.TensorSpec([None, 2])])
        def __call__(self, inputs):
            return inputs * 2.0

    built = tf.keras.Sequential([tensorflow_hub.KerasLayer(Doubled())])
    return "%d numbers" % tf.size(built(tf.ones([1, 2])))


def mixed():
    return model(sys.modules["keras"].models.Sequential, tf.keras.layers)


# Each step, and those without which it cannot be.
STEPS = {
    "import tensorflow": (tensorflow, []),
    "import keras": (keras_package, []),
    "tf.keras": (tf_keras, ["import tensorflow"]),
    "settings of keras": (lambda: settings(sys.modules["keras"].backend), ["import keras"]),
    "settings of tf.keras": (lambda: settings(tf.keras.backend), ["tf.keras"]),
    "model of tf.keras": (lambda: model(tf.keras.Sequential, tf.keras.layers), ["tf.keras"]),
    "model of keras, layer of tf.keras": (mixed, ["tf.keras", "import keras"]),
    "dict of a tf.Module": (kept_dict, ["import tensorflow"]),
    "tensorboard": (tensorboard, ["import tensorflow"]),
}
# What is looked at only where it is installed.
FURTHER = {"transformers": of_transformers, "tensorflow_hub": hub_layer}
for package, step in FURTHER.items():
    if importlib.util.find_spec(package):
        STEPS[package] = (step, ["tf.keras"])
said, failed = {}, set()
for step, (do, needed) in STEPS.items():
    if failed.intersection(needed):
        failed.add(step)
        continue
    try:
        said[step] = do()
    except BaseException as error:
        failed.add(step)
        lines = str(error).strip().splitlines() or [""]
        said[step] = type(error).__name__ + ": " + lines[0]
    with open(sys.argv[1], "w") as file:
        json.dump(said, file)

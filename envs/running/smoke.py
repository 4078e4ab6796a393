"""Whether an environment is whole: run by its own interpreter, it ends with 0.

Keras takes most of its dependencies on trust until they are used. This script
uses them: it feeds a model through `tf.data`, saves it and loads it back (HDF5
everywhere, the `.keras` archive from TensorFlow 2.12 on, where Keras learnt to
write it), has AutoGraph convert a function, returns a dict from a `tf.function`, and starts
`tensorboard`.
"""

import os
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import Dense
from tensorflow.keras.models import Sequential, load_model

RELEASE = tuple(int(part) for part in tf.__version__.split(".")[:2])
# Keras 2.12 writes the archive only when asked by name; later ones go by the suffix.
ARCHIVE = {"save_format": "keras_v3"} if RELEASE == (2, 12) else {}

model = Sequential([Dense(8, activation="relu", input_shape=(4,)), Dense(2)])
model.compile(optimizer="sgd", loss="mse")

inputs = np.random.RandomState(0).rand(32, 4).astype("float32")
targets = inputs[:, :2]
batches = tf.data.Dataset.from_tensor_slices((inputs, targets)).batch(8).repeat()
history = model.fit(batches, steps_per_epoch=4, epochs=2, verbose=0).history
assert len(history["loss"]) == 2, history
print("tf.data: fed")

expected = model.predict(inputs)
with tempfile.TemporaryDirectory() as folder:
    for suffix in [".h5"] + ([".keras"] if RELEASE >= (2, 12) else []):
        path = os.path.join(folder, "model" + suffix)
        model.save(path, **ARCHIVE if suffix == ".keras" else {})
        assert zipfile.is_zipfile(path) == (suffix == ".keras"), path
        loaded = load_model(path, compile=False)
        assert np.allclose(expected, loaded.predict(inputs), atol=1e-6)
        print(suffix + ": saved and loaded")


def positive_part(number):
    if number > 0:
        return number
    return tf.zeros_like(number)


# AutoGraph, and with it tf.function, reads the source of a function through gast.
tf.autograph.to_graph(positive_part)(tf.constant(2.0))
print("autograph: converted")

if RELEASE >= (2, 0):

    class Keeper(tf.Module):
        def __init__(self):
            super().__init__()
            self.kept = {"weight": tf.Variable(1.0)}

        @tf.function
        def kept_values(self):
            return self.kept

    keeper = Keeper()
    assert float(keeper.kept_values()["weight"]) == 1.0
    print("tf.Module: a dict returned from a tf.function")

# As a module: on Python 3.7, uv's `tensorboard.exe` for Windows cannot be started. The tensorboard
# of TensorFlow 1.13 does not know its version; its help imports as much.
tensorboard = [sys.executable, "-m", "tensorboard.main"]
subprocess.run([*tensorboard, "--version" if RELEASE > (1, 13) else "--help"], check=True)

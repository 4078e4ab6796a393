"""Whether an environment is whole: run by its own interpreter, it ends with 0.

Keras and TensorFlow take most of their dependencies on trust until they are used. This script uses
them, as real programs do, part by part: a line for each part says how it ended, and a part that
fails is named before its traceback. Where a release lacks something, its predecessor is used: the
`.keras` archive from TensorFlow 2.12 on, `fit_generator` before 2.1, sessions before 2.0.

What a release itself cannot do stands in `LIMITS`. It must fail there in just that way.
"""

import copy
import os
import pickle
import subprocess
import sys
import tempfile
import traceback
import zipfile

import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import Dense, Layer
from tensorflow.keras.models import Model, Sequential, clone_model, load_model

RELEASE = tuple(int(part) for part in tf.__version__.split(".")[:2])
KERAS_3 = RELEASE >= (2, 16) and Model.__module__.startswith("keras.")

# A part, the first and the last release that cannot do it, and words of the error.
LIMITS = [
    ("pickle", (1, 13), (1, 13), "only available when eager execution is enabled"),
    ("pickle", (1, 14), (2, 6), "pickle"),
    ("deep copy", (1, 13), (1, 13), "only available when eager execution is enabled"),
    ("deep copy", (1, 14), (2, 6), "pickle"),
]

inputs = np.random.RandomState(0).rand(32, 4).astype("float32")
targets = inputs[:, :2]


def build_model():
    model = Sequential([Dense(8, activation="relu", input_shape=(4,)), Dense(2)])
    model.compile(optimizer="sgd", loss="mse")
    return model


def ask(asked):
    """What a model predicts. Called, and not asked by `predict`, it need not be compiled for it."""
    if RELEASE < (2, 0):
        return asked.predict(inputs)
    return np.asarray(asked(tf.constant(inputs)))


def feed_dataset(folder):
    batches = tf.data.Dataset.from_tensor_slices((inputs, targets)).batch(8).repeat()
    history = model.fit(batches, steps_per_epoch=4, epochs=2, verbose=0).history
    assert len(history["loss"]) == 2, history


def feed_generator(folder):
    def draw_batches():
        while True:
            yield inputs[:8], targets[:8]

    fit = model.fit if RELEASE >= (2, 1) else model.fit_generator
    assert fit(draw_batches(), steps_per_epoch=2, verbose=0).history["loss"]


def save_and_load(suffix, **options):
    def save(folder):
        path = os.path.join(folder, "model" + suffix)
        model.save(path, **options)
        assert zipfile.is_zipfile(path) == (suffix == ".keras"), path
        loaded = load_model(path, compile=False)
        assert np.allclose(model.predict(inputs, verbose=0), ask(loaded), atol=1e-6)

    return save


def serve_saved_model(folder):
    path = os.path.join(folder, "served")
    expected = model.predict(inputs, verbose=0)
    if RELEASE < (2, 0):
        session = tf.keras.backend.get_session()
        tf.saved_model.simple_save(session, path, {"x": model.input}, {"y": model.output})
        with tf.Session(graph=tf.Graph()) as other:
            served = tf.saved_model.loader.load(other, ["serve"], path).signature_def
            fed, fetched = served["serving_default"].inputs["x"], served["serving_default"].outputs
            answer = other.run(fetched["y"].name, {fed.name: inputs})
    # What is loaded is kept, because a signature holds its variables weakly.
    elif KERAS_3:
        model.export(path)
        loaded = tf.saved_model.load(path)
        answer = loaded.serve(inputs)
    else:
        tf.saved_model.save(model, path)
        loaded = tf.saved_model.load(path)
        (answer,) = loaded.signatures["serving_default"](tf.constant(inputs)).values()
    assert np.allclose(expected, answer, atol=1e-6)


def convert_to_lite(folder):
    expected = model.predict(inputs[:1], verbose=0)
    # Up to 2.2 it calls a command of TensorFlow's, which stands beside the interpreter.
    os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    path = os.path.join(folder, "lite")
    if RELEASE < (2, 0):
        model.save(path)
        converter = tf.lite.TFLiteConverter.from_keras_model_file(path)
    elif KERAS_3 and RELEASE == (2, 16):
        # From the model itself, this release ends the process with "LLVM ERROR: Failed to infer
        # result type(s)".
        model.export(path)
        converter = tf.lite.TFLiteConverter.from_saved_model(path)
    else:
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
    interpreter = tf.lite.Interpreter(model_content=converter.convert())
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], inputs[:1])
    interpreter.invoke()
    answer = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    assert np.allclose(expected, answer, atol=1e-5)


def clone(folder):
    cloned = clone_model(model)
    cloned.set_weights(model.get_weights())
    expected = model.predict(inputs, verbose=0)
    assert np.allclose(expected, ask(cloned), atol=1e-6)


def copy_deeply(folder):
    expected = model.predict(inputs, verbose=0)
    copied = copy.deepcopy(model)
    assert np.allclose(expected, ask(copied), atol=1e-6)


def pickle_model(folder):
    expected = model.predict(inputs, verbose=0)
    unpickled = pickle.loads(pickle.dumps(model))
    assert np.allclose(expected, ask(unpickled), atol=1e-6)


def call_back(folder):
    callbacks = tf.keras.callbacks
    saved = os.path.join(folder, "best.keras" if KERAS_3 else "best.h5")
    profile = {} if RELEASE < (1, 14) else {"profile_batch": 2}
    epochs = model.fit(
        inputs,
        targets,
        batch_size=16,
        epochs=4,
        verbose=0,
        validation_split=0.25,
        callbacks=[
            callbacks.EarlyStopping(patience=1, min_delta=1e9),
            callbacks.ModelCheckpoint(saved, save_best_only=True),
            callbacks.TensorBoard(os.path.join(folder, "log"), **profile),
        ],
    ).epoch
    assert len(epochs) == 2, epochs
    assert os.path.exists(saved)
    written = [name for _, _, names in os.walk(os.path.join(folder, "log")) for name in names]
    assert any("tfevents" in name for name in written), written
    if RELEASE >= (2, 0):
        assert any(name.endswith((".trace.json.gz", ".xplane.pb", ".trace")) for name in written)


def write_summary(folder):
    path = os.path.join(folder, "summary")
    if RELEASE < (2, 0):
        value = [tf.Summary.Value(tag="loss", simple_value=1.0)]
        with tf.summary.FileWriter(path) as writer:
            writer.add_summary(tf.Summary(value=value), 0)
    else:
        with tf.summary.create_file_writer(path).as_default():
            tf.summary.scalar("loss", 1.0, step=0)
            tf.summary.image("picture", np.zeros((1, 4, 4, 3), "float32"), step=0)
    assert os.listdir(path)


class Scale(Layer):
    def build(self, shape):
        self.scale = self.add_weight(name="scale", shape=(int(shape[-1]),), initializer="ones")

    def call(self, values):
        return values * self.scale

    def get_config(self):
        return super().get_config()


class Trained(Model):
    def __init__(self):
        super().__init__()
        self.first, self.last = Scale(), Dense(2)

    def call(self, values):
        return self.last(self.first(values))

    def train_step(self, batch):
        values, wanted = batch
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(wanted - self(values, training=True)))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"squares": loss}


def train_custom(folder):
    own = Trained()
    own.compile(optimizer="adam", **{} if RELEASE >= (2, 2) else {"loss": "mse"})
    history = own.fit(inputs, targets, epochs=2, verbose=0).history
    losses = history["squares" if RELEASE >= (2, 2) else "loss"]
    assert losses[1] < losses[0], losses
    path = os.path.join(folder, "custom.h5")
    scaled = Sequential([Scale(input_shape=(4,)), Dense(2)])
    scaled.save(path)
    loaded = load_model(path, custom_objects={"Scale": Scale}, compile=False)
    assert np.allclose(ask(scaled), ask(loaded), atol=1e-6)


def mix_precision(folder):
    if RELEASE >= (2, 4):
        set_policy = tf.keras.mixed_precision.set_global_policy
    else:
        set_policy = tf.keras.mixed_precision.experimental.set_policy
    set_policy("mixed_float16")
    try:
        mixed = build_model()
        history = mixed.fit(inputs, targets, verbose=0).history
        assert np.isfinite(history["loss"]).all(), history
        assert mixed.predict(inputs, verbose=0).dtype == np.float16
    finally:
        set_policy("float32")


def prepare_text_and_images(folder):
    lines = ["one two", "two three"]
    pictures = np.random.RandomState(1).rand(2, 8, 8, 3).astype("float32")
    if RELEASE < (2, 3):
        words = tf.keras.preprocessing.text.Tokenizer()
        words.fit_on_texts(lines)
        assert words.word_index["two"] == 1, words.word_index
        # Its `flow` needs SciPy, which nothing requires where there is no keras package.
        images = tf.keras.preprocessing.image.ImageDataGenerator(rescale=0.5)
        assert np.allclose(images.standardize(pictures.copy()), pictures / 2)
        return
    layers = tf.keras.layers
    if RELEASE < (2, 6):
        layers = tf.keras.layers.experimental.preprocessing
    words = layers.TextVectorization(max_tokens=10, output_sequence_length=2)
    words.adapt(np.array(lines))
    assert words(np.array(lines)).shape == (2, 2)
    images = Sequential([layers.Rescaling(0.5), layers.Resizing(4, 4), layers.CenterCrop(2, 2)])
    assert images(pictures).shape == (2, 2, 2, 3)


def distribute(folder):
    strategy = tf.distribute.MirroredStrategy(["/cpu:0"])
    with strategy.scope():
        mirrored = build_model()
    assert np.isfinite(mirrored.fit(inputs, targets, verbose=0).history["loss"]).all()


def compile_with_xla(folder):
    option = "jit_compile" if RELEASE >= (2, 5) else "experimental_compile"

    @tf.function(**{option: True})
    def add_squares(values):
        return tf.reduce_sum(values * values)

    assert np.allclose(add_squares(tf.constant(inputs)), (inputs**2).sum())


def positive_part(number):
    if number > 0:
        return number
    return tf.zeros_like(number)


def convert_function(folder):
    # AutoGraph, and with it tf.function, reads the source of a function through gast.
    tf.autograph.to_graph(positive_part)(tf.constant(2.0))


def return_dict(folder):
    class Keeper(tf.Module):
        def __init__(self):
            super().__init__()
            self.kept = {"weight": tf.Variable(1.0)}

        @tf.function
        def kept_values(self):
            return self.kept

    # A tf.function holds its object weakly.
    keeper = Keeper()
    assert float(keeper.kept_values()["weight"]) == 1.0


def start_tensorboard(folder):
    # As a module: on Python 3.7, uv's `tensorboard.exe` for Windows cannot be started. The
    # tensorboard of TensorFlow 1.13 does not know its version; its help imports as much.
    tensorboard = [sys.executable, "-m", "tensorboard.main"]
    subprocess.run([*tensorboard, "--version" if RELEASE > (1, 13) else "--help"], check=True)


# Keras 2.12 writes the archive only when asked by name; later ones go by the suffix.
ARCHIVE = {"save_format": "keras_v3"} if RELEASE == (2, 12) else {}

# What a part is called, the first release that has what it uses, and what it does.
PARTS = [
    ("tf.data", (1, 13), feed_dataset),
    ("generator", (1, 13), feed_generator),
    (".h5", (1, 13), save_and_load(".h5")),
    (".keras", (2, 12), save_and_load(".keras", **ARCHIVE)),
    ("SavedModel", (1, 13), serve_saved_model),
    ("clone", (1, 13), clone),
    ("callbacks", (1, 13), call_back),
    ("tf.summary", (1, 13), write_summary),
    ("custom layer and training step", (1, 13), train_custom),
    ("text and images", (1, 13), prepare_text_and_images),
    ("mixed precision", (2, 1), mix_precision),
    ("MirroredStrategy", (2, 0), distribute),
    ("XLA", (2, 1), compile_with_xla),
    ("AutoGraph", (1, 13), convert_function),
    ("tf.Module", (2, 0), return_dict),
    ("pickle", (1, 13), pickle_model),
    ("deep copy", (1, 13), copy_deeply),
    # In 1.x, the converter clears the session, and no model is left.
    ("TFLite", (1, 13), convert_to_lite),
    ("tensorboard", (1, 13), start_tensorboard),
]


def check_part(name, use, folder):
    """The error of a part, or None if it ends as it must."""
    limits = [
        words for part, first, last, words in LIMITS if part == name and first <= RELEASE <= last
    ]
    try:
        use(folder)
    except Exception as error:
        said = "{}: {}".format(type(error).__name__, error)
        if any(text in said for text in limits):
            print("cannot in this release: " + said.splitlines()[0])
            return None
        print("fails: " + said.splitlines()[0])
        traceback.print_exc()
        return error
    if limits:
        print("works")
        return AssertionError(name + " works, but it was to fail: " + limits[0])
    print("works")
    return None


model = build_model()
failed = {}
with tempfile.TemporaryDirectory() as work:
    for part_name, first_release, part in PARTS:
        if first_release <= RELEASE:
            print(part_name, end=": ")
            sys.stdout.flush()
            problem = check_part(part_name, part, work)
            if problem is not None:
                failed[part_name] = problem
if failed:
    print("not whole: " + ", ".join(failed))
    raise next(iter(failed.values()))

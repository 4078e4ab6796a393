"""The models of the grid: built, compiled and trained alike in every Keras.

A part of save_files.py and load_files.py, so it runs on Python 3.7 and on every TensorFlow here.
Weights come from numpy's RandomState, whose numbers are the same in every release.
"""

import numpy

BATCH = 8


def is_keras3(keras):
    return getattr(keras, "__version__", "2").startswith("3")


class Recipe:
    """How a kind of model is built: by `build`, from inputs that `shapes` describes.

    `shapes` are those of one example for each input, and `whole` is the number of words to choose
    from if inputs are whole numbers. `compiling` is None for a model that is never compiled.
    """

    def __init__(self, build, shapes=((4,),), outputs=3, compiling=("sgd", "mse"), whole=0):
        self.build, self.shapes, self.outputs = build, shapes, outputs
        self.compiling, self.whole = compiling, whole


def first(keras, layer, shape, **options):
    """The first layers of a Sequential model, as they are written in that Keras."""
    if is_keras3(keras):
        return [keras.Input(shape=shape), layer(**options)]
    return [layer(input_shape=shape, **options)]


def dense(keras, units, name, activation=None):
    return keras.layers.Dense(units, activation=activation, name=name)


def sequential(keras):
    layers = first(keras, keras.layers.Dense, (4,), units=5, activation="relu", name="first")
    return keras.models.Sequential([*layers, dense(keras, 3, "last")], name="sequential_model")


def functional(keras):
    given = keras.layers.Input(shape=(4,), name="given")
    hidden = dense(keras, 5, "first", "relu")(given)
    return model(keras, given, dense(keras, 3, "last", "softmax")(hidden))


def model(keras, inputs, outputs):
    return keras.models.Model(inputs=inputs, outputs=outputs, name="whole")


def recurrent(keras):
    lstm = keras.layers.LSTM
    layers = first(keras, lstm, (5, 3), units=4, return_sequences=True, name="lstm")
    layers += [keras.layers.GRU(3, name="gru"), dense(keras, 2, "last")]
    return keras.models.Sequential(layers, name="recurrent_model")


def convolutional(keras):
    given = keras.layers.Input(shape=(6, 6, 2), name="given")
    out = keras.layers.Conv2D(3, 3, padding="same", name="conv")(given)
    out = keras.layers.BatchNormalization(name="norm")(out)
    out = keras.layers.Activation("relu", name="relu")(out)
    out = keras.layers.DepthwiseConv2D(3, name="depthwise")(out)
    out = keras.layers.MaxPooling2D(2, name="pool")(out)
    out = keras.layers.Flatten(name="flat")(out)
    return model(keras, given, dense(keras, 3, "last", "softmax")(out))


def embedding(keras):
    options = {} if is_keras3(keras) else {"input_length": 5}
    layers = [keras.Input(shape=(5,))] if is_keras3(keras) else []
    layers.append(keras.layers.Embedding(9, 4, name="words", **options))
    layers.append(keras.layers.GlobalAveragePooling1D(name="mean"))
    layers.append(dense(keras, 1, "last", "sigmoid"))
    return keras.models.Sequential(layers, name="embedding_model")


def nested(keras):
    given = keras.layers.Input(shape=(4,), name="given")
    layers = first(keras, keras.layers.Dense, (4,), units=5, activation="tanh", name="inner_first")
    inner = keras.models.Sequential([*layers, dense(keras, 4, "inner_last")], name="inner")
    return model(keras, given, dense(keras, 3, "last")(inner(given)))


def two_inputs(keras):
    left = keras.layers.Input(shape=(4,), name="left")
    right = keras.layers.Input(shape=(3,), name="right")
    both = keras.layers.Concatenate(name="both")([left, right])
    return model(keras, [left, right], dense(keras, 3, "last")(both))


def operations(keras):
    given = keras.layers.Input(shape=(4,), name="given")
    hidden = dense(keras, 5, "first", "relu")(given)
    return model(keras, given, dense(keras, 3, "last")(hidden * 2.0 + 1.0))


def with_lambda(keras):
    given = keras.layers.Input(shape=(4,), name="given")
    hidden = keras.layers.Lambda(lambda x: x * 2.0, output_shape=(4,), name="twice")(given)
    return model(keras, given, dense(keras, 3, "last")(hidden))


def preprocessing(keras):
    layers = keras.layers
    if not hasattr(layers, "Rescaling"):
        layers = layers.experimental.preprocessing
    given = keras.layers.Input(shape=(4,), name="given")
    hidden = layers.Rescaling(0.5, name="rescaled")(given)
    norm = layers.Normalization(name="normalised")
    whole = model(keras, given, dense(keras, 3, "last")(norm(hidden)))
    norm.adapt(numpy.arange(40, dtype="float32").reshape(10, 4) % 7)
    return whole


def with_layer(name):
    def build(keras):
        if name not in list_customs(keras):
            raise NotImplementedError("this Keras registers no classes")
        given = keras.layers.Input(shape=(4,), name="given")
        hidden = list_customs(keras)[name](name="scaled")(given)
        return model(keras, given, dense(keras, 3, "last")(hidden))

    return build


def subclassed(keras):
    whole = list_customs(keras)["Stacked"](name="whole")
    # The weights of a subclassed model exist once it was called.
    whole(keras.layers.Input(shape=(4,)) if in_graphs() else make_inputs("subclassed"))
    return whole


STRINGS = ("adam", "categorical_crossentropy", "accuracy")
RECIPES = {
    "sequential": Recipe(sequential, compiling=("sgd", "mse", "mae")),
    "functional": Recipe(functional, compiling=STRINGS),
    "objects": Recipe(functional, compiling="objects"),
    "uncompiled": Recipe(functional, compiling=None),
    "recurrent": Recipe(recurrent, ((5, 3),), 2, ("rmsprop", "mse")),
    "convolutional": Recipe(convolutional, ((6, 6, 2),), compiling=STRINGS),
    "embedding": Recipe(embedding, ((5,),), 1, ("adam", "binary_crossentropy"), whole=9),
    "nested": Recipe(nested),
    "two-inputs": Recipe(two_inputs, ((4,), (3,))),
    "operations": Recipe(operations),
    "preprocessing": Recipe(preprocessing),
    "registered-layer": Recipe(with_layer("Registered")),
    "custom-layer": Recipe(with_layer("Scaled")),
    "lambda": Recipe(with_lambda),
    "subclassed": Recipe(subclassed),
}
"""Kind -> its recipe."""

_customs = {}


def list_customs(keras):
    """The custom classes of that Keras, by name. The one that is registered may not exist."""
    if keras.__name__ in _customs:
        return _customs[keras.__name__]

    class Scaled(keras.layers.Layer):
        def __init__(self, factor=2.0, **options):
            super(Scaled, self).__init__(**options)
            self.factor = factor

        def build(self, shape):
            size = (int(shape[-1]),)
            self.scale = self.add_weight(name="scale", shape=size, initializer="ones")
            super(Scaled, self).build(shape)

        def call(self, inputs):
            return inputs * self.scale * self.factor

        def compute_output_shape(self, shape):
            return shape

        def get_config(self):
            config = super(Scaled, self).get_config()
            config["factor"] = self.factor
            return config

    class Stacked(keras.models.Model):
        def __init__(self, **options):
            super(Stacked, self).__init__(**options)
            self.first = dense(keras, 5, "first", "relu")
            self.last = dense(keras, 3, "last")

        def call(self, inputs):
            return self.last(self.first(inputs))

        def get_config(self):
            return {"name": self.name}

        @classmethod
        def from_config(cls, config, custom_objects=None):
            return cls(name=config.get("name"))

    found = _customs[keras.__name__] = {"Scaled": Scaled, "Stacked": Stacked}
    register = getattr(keras.utils, "register_keras_serializable", None)
    if not register and hasattr(keras, "saving"):
        register = getattr(keras.saving, "register_keras_serializable", None)
    if register:
        found["Registered"] = register(package="grid")(type("Registered", (Scaled,), {}))
    return found


def in_graphs():
    """Whether this TensorFlow builds graphs: before 2.0, nothing is computed at once."""
    import tensorflow

    return tensorflow.__version__.startswith("1.")


def random_of(kind):
    return numpy.random.RandomState(list(RECIPES).index(kind) + 1)


def make_inputs(kind):
    """What a model of that kind predicts from: an array, or a list of them."""
    recipe, random = RECIPES[kind], random_of(kind)
    arrays = []
    for shape in recipe.shapes:
        if recipe.whole:
            arrays.append(random.randint(0, recipe.whole, (BATCH, *shape)).astype("float32"))
        else:
            arrays.append(random.uniform(-1, 1, (BATCH, *shape)).astype("float32"))
    return arrays if len(arrays) > 1 else arrays[0]


def make_targets(kind):
    """What a model of that kind is trained towards."""
    count, random = RECIPES[kind].outputs, random_of(kind)
    if count == 1:
        return random.randint(0, 2, (BATCH, 1)).astype("float32")
    return numpy.eye(count, dtype="float32")[random.randint(0, count, BATCH)]


def build_model(keras, kind):
    """A model of that kind with its own weights, not compiled."""
    recipe = RECIPES[kind]
    built = recipe.build(keras)
    random = random_of(kind)
    fixed = 3 if kind == "preprocessing" else 0
    weights = built.get_weights()
    for number, one in enumerate(weights):
        if number >= fixed:
            weights[number] = random.uniform(0.1, 0.9, one.shape).astype(one.dtype)
    built.set_weights(weights)
    return built


def compile_model(keras, built, kind):
    """Compile a model as its kind is."""
    compiling = RECIPES[kind].compiling
    if compiling == "objects":
        built.compile(
            optimizer=keras.optimizers.Adam(0.01),
            loss=keras.losses.CategoricalCrossentropy(),
            metrics=[keras.metrics.CategoricalAccuracy()],
        )
    elif compiling:
        built.compile(optimizer=compiling[0], loss=compiling[1], metrics=list(compiling[2:]))


def run_eagerly(built):
    """Have a model compute without a graph, which is faster for one step; not before 2.0."""
    if not in_graphs() and hasattr(type(built), "run_eagerly"):
        built.run_eagerly = True


def predict(built, kind):
    """What a model predicts, as a flat list of numbers."""
    return numpy.asarray(built.predict_on_batch(make_inputs(kind))).ravel().tolist()


def train(built, kind):
    """The loss of one step, before the step changed the weights."""
    if hasattr(built, "reset_metrics"):
        # Keras 3 gives the mean since the last reset.
        built.reset_metrics()
    loss = built.train_on_batch(make_inputs(kind), make_targets(kind))
    return float(numpy.ravel(numpy.asarray(loss, dtype="float64"))[0])

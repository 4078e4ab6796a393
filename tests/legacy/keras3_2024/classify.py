import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable()
class Norm(layers.Layer):
    def call(self, x):
        return x / (ops.norm(x, axis=-1, keepdims=True) + keras.config.epsilon())


keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((6,)), Norm(), layers.Dense(3, activation="softmax")])
model.compile(keras.optimizers.AdamW(1e-3), keras.losses.SparseCategoricalCrossentropy())
model.fit(np.random.rand(8, 6), np.random.randint(0, 3, 8), verbose=2)
noise = keras.random.normal((2, 6))
match ops.shape(model(noise)):
    case (2, 3):
        print("fine")

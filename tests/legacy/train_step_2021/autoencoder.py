import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers


class Autoencoder(keras.Model):
    def __init__(self, size: int, **kwargs):
        super().__init__(**kwargs)
        self.encoder = keras.Sequential([layers.Dense(size, activation="relu")])
        self.decoder = keras.Sequential([layers.Dense(6)])

    def call(self, x):
        return self.decoder(self.encoder(x))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compiled_loss(y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.compiled_metrics.update_state(y, self(x))
        return {metric.name: metric.result() for metric in self.metrics}


model = Autoencoder(3)
rate = keras.optimizers.schedules.ExponentialDecay(0.01, 100, 0.9)
model.compile(optimizer=keras.optimizers.Adam(rate), loss="mse", metrics=["mae"])
x = np.random.rand(8, 6).astype("float32")
history = model.fit(x, x, epochs=1, verbose=2)
if (n := len(history.history)) < 2:
    raise SystemExit(f"{n} metrics")

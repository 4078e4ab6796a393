from __future__ import division, print_function

import numpy as np
from keras.layers import BatchNormalization, Dense, Flatten, Input, Reshape
from keras.layers.advanced_activations import LeakyReLU
from keras.layers.core import Dropout
from keras.models import Model, Sequential
from keras.optimizers import Adam
from keras.utils import np_utils


class GAN():
    def __init__(self):
        self.shape = (8, 8, 1)
        optimizer = Adam(lr=0.0002, beta_1=0.5)
        self.discriminator = self.build_discriminator()
        self.discriminator.compile(
            loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"]
        )
        self.generator = self.build_generator()
        z = Input(shape=(10,))
        self.discriminator.trainable = False
        self.combined = Model(z, self.discriminator(self.generator(z)))
        self.combined.compile(loss="binary_crossentropy", optimizer=Adam(0.0002, 0.5))

    def build_generator(self):
        model = Sequential()
        model.add(Dense(16, input_dim=10))
        model.add(LeakyReLU(alpha=0.2))
        model.add(BatchNormalization(momentum=0.8))
        model.add(Dense(64, activation="tanh"))
        model.add(Reshape(self.shape))
        return model

    def build_discriminator(self):
        model = Sequential()
        model.add(Flatten(input_shape=self.shape))
        model.add(Dense(16))
        model.add(LeakyReLU(alpha=0.2))
        model.add(Dropout(0.25))
        model.add(Dense(1, activation="sigmoid"))
        return model

    def train(self, batch_size=4):
        real = np.random.rand(batch_size, 8, 8, 1)
        noise = np.random.normal(0, 1, (batch_size, 10))
        fake = self.generator.predict(noise)
        self.discriminator.train_on_batch(real, np.ones((batch_size, 1)))
        self.discriminator.train_on_batch(fake, np.zeros((batch_size, 1)))
        print("loss", self.combined.train_on_batch(noise, np.ones((batch_size, 1))))


if __name__ == "__main__":
    print(np_utils.to_categorical([0, 1, 2]).shape)
    GAN().train()

from keras import backend as K
from keras.engine.topology import Layer
from keras.layers import Conv2D, Input, MaxPooling2D, UpSampling2D
from keras.layers.merge import concatenate
from keras.layers.normalization import BatchNormalization
from keras.models import Model


class Scale(Layer):
    def build(self, input_shape):
        self.gain = self.add_weight(
            name="gain", shape=(int(input_shape[-1]),), initializer="ones", trainable=True
        )
        super(Scale, self).build(input_shape)

    def call(self, x):
        return x * self.gain

    def compute_output_shape(self, input_shape):
        return input_shape


def dice_loss(truth, guess):
    truth, guess = K.flatten(truth), K.flatten(guess)
    both = K.sum(truth * guess)
    return 1 - (2 * both + 1) / (K.sum(truth) + K.sum(guess) + K.epsilon())


def build():
    image = Input((16, 16, 1))
    down = BatchNormalization()(Conv2D(4, 3, padding="same", activation="relu")(image))
    deep = Conv2D(8, 3, padding="same", activation="relu")(MaxPooling2D()(down))
    up = concatenate([UpSampling2D()(Scale()(deep)), down], axis=3)
    model = Model(inputs=[image], outputs=[Conv2D(1, 1, activation="sigmoid")(up)])
    model.compile(optimizer="adam", loss=dice_loss)
    return model

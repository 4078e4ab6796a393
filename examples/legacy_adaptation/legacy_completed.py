"""The document's example 2, its legacy half, with the missing import added.

`Sequential` and `Dense` both come from the stand-alone `keras` package. It
trains wherever that package is installed and works with this TensorFlow.
"""

import numpy as np
from keras.layers import Dense
from keras.models import Sequential

model = Sequential()
model.add(Dense(128, activation="relu", input_shape=(784,)))
model.add(Dense(10, activation="softmax"))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])

random = np.random.RandomState(0)
classes = random.randint(10, size=512)
centres = random.rand(10, 784)
images = (centres[classes] + 0.1 * random.rand(512, 784)).astype("float32")
labels = np.eye(10, dtype="float32")[classes]

losses = model.fit(images, labels, batch_size=32, epochs=3, verbose=0).history["loss"]

assert losses[-1] < losses[0], losses
print("loss: %.3f -> %.3f" % (losses[0], losses[-1]))

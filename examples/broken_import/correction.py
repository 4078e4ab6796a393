"""The document's example 1, its correct half, finished into a model that runs.

`from tensorflow.keras.models import Sequential` is the import that works in
every pairing. The document stops at `model.add(...)`; here two layers are
added and a batch goes through them.
"""

import numpy as np
from tensorflow.keras.layers import Dense
from tensorflow.keras.models import Sequential

model = Sequential()
model.add(Dense(8, activation="relu", input_shape=(4,)))
model.add(Dense(3, activation="softmax"))

batch = np.random.RandomState(0).rand(5, 4).astype("float32")
probabilities = model.predict(batch)

assert probabilities.shape == (5, 3), probabilities.shape
assert np.allclose(probabilities.sum(axis=1), 1.0, atol=1e-5), probabilities
print("forward pass:", batch.shape, "->", probabilities.shape)

import numpy as np
import tensorflow as tf
from tensorflow.keras import Sequential
from tensorflow.keras.layers import Conv2D, Dense, GlobalAveragePooling2D
from tensorflow.keras.layers.experimental import preprocessing
from tensorflow.keras.preprocessing import image_dataset_from_directory

augment = Sequential([
    preprocessing.RandomFlip("horizontal", input_shape=(16, 16, 3)),
    preprocessing.RandomRotation(0.1),
])
model = Sequential([
    augment,
    preprocessing.Rescaling(1.0 / 255),
    Conv2D(4, 3, activation="relu"),
    GlobalAveragePooling2D(),
    Dense(2, activation="softmax"),
])
model.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
images = tf.data.Dataset.from_tensor_slices(
    (np.random.rand(8, 16, 16, 3) * 255, np.random.randint(0, 2, 8))
).batch(4).prefetch(tf.data.experimental.AUTOTUNE)
model.fit(images, epochs=1, verbose=2)

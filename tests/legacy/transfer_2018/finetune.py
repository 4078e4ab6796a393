import numpy as np
from keras.applications.vgg16 import VGG16, preprocess_input
from keras.callbacks import ReduceLROnPlateau, TensorBoard
from keras.layers import Dense, GlobalAveragePooling2D
from keras.models import Model
from keras.optimizers import SGD
from keras.preprocessing.image import ImageDataGenerator, img_to_array

base = VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
for layer in base.layers[:15]:
    layer.trainable = False
top = Dense(2, activation="softmax")(GlobalAveragePooling2D()(base.output))
model = Model(inputs=base.input, outputs=top)
model.compile(SGD(lr=1e-4, momentum=0.9, decay=1e-6, nesterov=True), "categorical_crossentropy")
images = ImageDataGenerator(rescale=1.0 / 255, preprocessing_function=preprocess_input).flow(
    np.random.rand(4, 32, 32, 3), np.eye(2)[[0, 1, 0, 1]], batch_size=2
)
model.fit_generator(images, steps_per_epoch=1, epochs=1, callbacks=[ReduceLROnPlateau("loss")])
print(model.evaluate_generator(images, 1), model.predict_generator(images, 1).shape)

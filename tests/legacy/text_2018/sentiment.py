import numpy as np
from keras import backend as K
from keras.layers import *
from keras.models import Sequential
from keras.preprocessing import sequence
from keras.preprocessing.text import Tokenizer, text_to_word_sequence

try:
    from keras.layers import CuDNNLSTM as Recurrent
    if not K.tensorflow_backend._get_available_gpus():
        raise ImportError("no GPU")
except (ImportError, AttributeError):
    Recurrent = LSTM

texts = ["a good film", "a bad film", "good", "bad bad"]
tokenizer = Tokenizer(num_words=50)
tokenizer.fit_on_texts(texts)
x = sequence.pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=4)
model = Sequential()
model.add(Embedding(50, 8, input_length=4))
model.add(SpatialDropout1D(0.2))
model.add(Recurrent(8))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["acc"])
model.fit(x, np.array([1, 0, 1, 0]), epochs=1, batch_size=2, verbose=2)
print(model.predict_classes(x).shape, text_to_word_sequence("a b"))
K.clear_session()

"""The document's example 2, its legacy half, verbatim: it cannot run.

It uses `Dense` and never imports it, so it ends in a `NameError` wherever
`keras.models` can be imported at all. `legacy_completed.py` adds the import
that is missing.
"""

# Legacy code using older style import and model definition
from keras.models import Sequential

model = Sequential()
model.add(Dense(128, activation='relu', input_shape=(784,)))
model.add(Dense(10, activation='softmax'))
model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])

"""The document's example 1, its incorrect half, verbatim: the import fails.

`keras.api._v2.keras.utils` is a private module that Keras shipped from 2.5
to 2.15. It never held `Sequential`, which is a model, not a utility.
"""

from keras.api._v2.keras.utils import Sequential  # This path is outdated

model = Sequential()

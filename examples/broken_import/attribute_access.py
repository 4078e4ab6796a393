"""The error of the document's title: `Sequential` looked up in `keras.utils`.

The message names the module that `tf.keras.utils` really is, so it reads
differently from one TensorFlow release to the next. In TensorFlow 2.6 to 2.15
it is the title's `module 'keras.api._v2.keras.utils' has no attribute
'Sequential'`.
"""

import tensorflow as tf

model = tf.keras.utils.Sequential()

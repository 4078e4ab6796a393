"""The atlas: every TensorFlow minor run with every Keras minor."""

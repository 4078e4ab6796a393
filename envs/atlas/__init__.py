"""The atlas: every TensorFlow minor against every Keras minor, as it was run."""

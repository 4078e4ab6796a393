"""Companions: what people install beside TensorFlow, what that breaks, and what mends it."""

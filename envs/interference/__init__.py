"""Interference: what breaks an environment, made for real, and what mends it."""

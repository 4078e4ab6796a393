"""Locking: compile locks from pairing files, derive those of other platforms, check them all."""

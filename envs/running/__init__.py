"""Running: create an environment from a lock, and run scripts in it."""

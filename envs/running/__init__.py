"""Running: an environment made from a lock, and scripts run in it."""

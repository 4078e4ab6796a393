"""Locking: locks compiled from pairing files, derived for other platforms, and checked."""

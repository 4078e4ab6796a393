"""The names: everything that can be imported in each pairing, and what it is."""

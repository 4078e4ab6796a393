"""Adding: a new TensorFlow, from its number to its pairing file, locks, records and row."""

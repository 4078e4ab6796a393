"""The model: pairings, locks, records and the index. No module here starts a process."""

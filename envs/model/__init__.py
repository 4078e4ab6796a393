"""The model: what is declared and written down. No module here starts a process."""

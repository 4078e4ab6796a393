"""A project's code read, and answered: in which pairings every name that it uses exists."""

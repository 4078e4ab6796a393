"""The finder of the start page: what Python decides, as data, and the scripts that read it."""

"""The static site: the repository's own pages, one for each pairing, and data for programs."""

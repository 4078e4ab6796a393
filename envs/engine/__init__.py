"""The engine: all that is recorded planned as shards, run on many machines, and merged."""

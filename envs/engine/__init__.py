"""The engine: all locks and the atlas planned as shards, run on many machines, and merged."""

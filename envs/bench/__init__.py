"""The benchmark: how long a run takes, compared with other ways to do the same."""

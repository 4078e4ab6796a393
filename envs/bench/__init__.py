"""The benchmark: what a run costs, beside the ways without this repository."""

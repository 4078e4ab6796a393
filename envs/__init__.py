"""The tooling of keras-pairings: from a pairing file to a checked outcome.

Each package may import those above it in this list, and none below (import-linter checks it):

`model`         what is declared and written down: pairings, locks, records, the index
`running`       an environment made from a lock, and scripts run in it
`locking`       locks compiled, derived and checked
`atlas`         every TensorFlow against every Keras
`interference`  what breaks an environment, and what mends it
`names`         everything that can be imported in each pairing, and what it is
`companions`    what people install beside TensorFlow, what breaks, and what mends it
`bench`         what a run costs
`models`        which pairing loads the model that another saved, and how
`engine`        all of it run as shards on many machines, and merged
`emulation`     locks of other machines, run on this one by an emulator
`which`         which pairings have all that some code uses, and what to write instead
`errors`        the errors that people meet: recognised, explained, made and mended for real
`publish`       pages, tables and pictures; a lock copied into a project
`site`          all of it as a static site, and as data for programs
`adding`        a new TensorFlow: its pairing file, its locks, its records

The folders beside them hold data: `pairings` and `explained` are written by hand, `measured` by
runs.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

EXPLAINED = ROOT / "envs" / "explained"
"""What a person wrote about failures: why they happen, and what to do instead."""

MEASURED = ROOT / "envs" / "measured"
"""What runs wrote: outcomes, the atlas, interferences, figures, and the pictures of them."""


class Problem(Exception):
    """Bad input or a bad surrounding: the message says what, where and what to do."""

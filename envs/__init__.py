"""The tooling of keras-pairings: from a pairing file to a checked outcome.

One module a step, each importing only those before it:

`platforms`    where a lock is for, and what carries TensorFlow's code there
`pairing`      what is asked for: `envs/pairings/*.toml`
`lock`         what was resolved: `requirements/`
`integrity`    whether the files of an environment are those that were installed
`environment`  a lock installed for a Python
`outcome`      what an example does there: `examples/outcomes/*.toml`
`interference` what breaks an environment: `examples/interference.toml`
`index`        what there is of every combination: `requirements/index.json`
`atlas`        every TensorFlow against every Keras: `examples/atlas/`
`picture`      the atlas as a table and as `envs/atlas.svg`
`resolve`      locks renewed, and checked by a resolver
`grid`         cells of the atlas run
`project`      a lock copied into a project, with templates
`plain`        what an install without a lock brings today: `examples/plain_install.json`
`speed`        what was measured, and what is to be reached: `envs/bench.toml`
`bench`        ways to run a pairing, timed: `envs/bench.json`
`reference`    the tables that are read: `README.md` here and in three folders
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envs import bench, grid, outcome, plain, project, reference, resolve

    __all__ = ["bench", "grid", "outcome", "plain", "project", "reference", "resolve"]

ROOT = Path(__file__).resolve().parent.parent


class Problem(Exception):
    """Bad input or a bad surrounding: the message says what, where and what to do."""


def __getattr__(name: str) -> ModuleType:
    """A module, imported when it is first used: a listing of sessions needs few of them."""
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'") from None

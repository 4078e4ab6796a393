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
`resolve`      locks renewed, and checked by a resolver
`project`      a lock copied into a project, with templates
`plain`        what an install without a lock brings today: `examples/plain_install.json`
`reference`    the tables that are read: `README.md` here and in two folders
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Problem(Exception):
    """Bad input or a bad surrounding: the message says what, where and what to do."""

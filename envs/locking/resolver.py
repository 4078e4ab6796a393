"""pip-tools and uv as resolvers: run, and their refusals read."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from envs import Problem
from envs.model import lock
from envs.model.pairing import Target
from envs.running import installers


class NoSolution(Problem):
    """The resolver proved that no set of releases fits; the message is its proof."""


WAITING = 8
"""Resolutions by uv at a time: they wait for the index, and hardly use a core."""


def run_resolver(command: list[str], folder: Path, what: Target | str) -> None:
    name = what if isinstance(what, str) else lock.lock_label(what)
    done = subprocess.run(
        command,
        cwd=folder,
        env=installers.tool_environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if not done.returncode:
        return
    if "No solution found when resolving" in done.stdout:
        raise NoSolution(read_proof(done.stdout))
    said = "\n".join("    " + line for line in done.stdout.strip().splitlines()[-20:])
    raise Problem(f"{name}: could not be compiled, the old lock stands:\n{said}")


def read_proof(said: str) -> str:
    """The resolver's own reason, in one line, without the patch level of the Python here."""
    because = said[said.find("Because") :].split("hint:")[0]
    because = re.sub(r"(?<=Python version \()(3\.\d+)[.\w]*", r"\1", because)
    return " ".join(re.sub(r"[^\x20-\x7e]", " ", because).split())

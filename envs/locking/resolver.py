"""Resolvers, which are pip-tools and uv: run one, and read why it found no solution."""

from __future__ import annotations

import re
from pathlib import Path

from envs import Problem
from envs.model import lock
from envs.model.pairing import Target
from envs.running import installers


class NoSolution(Problem):
    """No set of releases fits. The message is the resolver's own proof."""


WAITING = 8
"""How many times uv runs at once. It mostly waits for the index and hardly uses the processor."""


def run_resolver(command: list[str], folder: Path, what: Target | str) -> None:
    """Run a resolver in a folder; `what` names the lock that it makes, for messages.

    Raises NoSolution if no set of releases fits, Problem for any other failure.
    """
    name = what if isinstance(what, str) else lock.lock_label(what)
    done = installers.run_installer(command, folder)
    if not done.returncode:
        return
    if "No solution found when resolving" in done.stdout:
        raise NoSolution(read_proof(done.stdout))
    output = installers.indent_output(done.stdout)
    raise Problem(f"{name}: could not be compiled, the old lock is unchanged:\n{output}")


def read_proof(output: str) -> str:
    """Why a resolver found no solution, in its own words, in one line.

    The patch level of the interpreter is left out, so that it is the same on every machine.
    """
    proof = output[output.find("Because") :].split("hint:")[0]
    proof = re.sub(r"(?<=Python version \()(3\.\d+)[.\w]*", r"\1", proof)
    return " ".join(re.sub(r"[^\x20-\x7e]", " ", proof).split())

"""The companions: packages that people install beside TensorFlow, and what each must do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from envs import Problem
from envs.model import disk, pairing
from envs.model.pairing import Target

FILE = Path(__file__).with_name("packages.toml")

PAIRINGS = (
    *("tf115", "tf24", "tf26", "tf28", "tf210", "tf212"),
    *("tf213", "tf215", "tf216", "tf216-legacy", "tf218", "tf221"),
)
"""The pairings in whose environments they are installed, each on its recommended Python."""


@dataclass(frozen=True)
class Companion:
    """A package: `does` is one small thing, as Python; `also` is installed with it.

    `upgrade` says that it is installed with `-U`, because TensorFlow itself brings it.
    """

    name: str
    does: str
    also: tuple[str, ...] = ()
    upgrade: bool = False

    @property
    def arguments(self) -> list[str]:
        """What a person types after `pip install`."""
        return [*(["-U"] if self.upgrade else []), self.name, *self.also]


def load_companions(path: Path = FILE) -> dict[str, Companion]:
    """Name -> companion. Raises Problem if the file cannot be read or has a wrong key."""
    companions = {}
    for name, table in disk.read_toml(path).items():
        table = {**table, "also": tuple(table.get("also", ()))}
        try:
            companions[name] = Companion(name, **table)
            compile(companions[name].does, name, "exec")
        except (TypeError, SyntaxError) as error:
            raise Problem(f"envs/companions/{path.name}: {name}: {error}") from None
    return companions


def list_environments() -> dict[str, Target]:
    """Pairing -> the target in which companions are installed."""
    known = pairing.load_pairings()
    return {name: Target(known[name], known[name].pythons[0]) for name in PAIRINGS}

"""A trial: a companion installed, all of it checked, the remedy carried out, all checked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

WORKS = "works"
IMPOSSIBLE = "they cannot both be satisfied in one environment"
"""How verify.py ends what it says of two that cannot be in one environment."""

Changes = Mapping[str, tuple[str | None, str | None]]
"""Package -> its release before and after; None where it was not, or is no longer, there."""


@dataclass(frozen=True)
class State:
    """What was seen at one time: how each part ended, and what verify.py said."""

    environment: str
    keras: str
    companion: str
    problems: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether all parts work and verify.py names no problem."""
        parts = (self.environment, self.keras, self.companion)
        return not self.problems and all(part in (WORKS, "") for part in parts)


@dataclass(frozen=True)
class Trial:
    """A companion in a pairing's environment.

    `cannot` is why it could not be installed, or empty. `fixes` are those that verify.py printed,
    and `mended` is the state after the first of them were carried out; None if there were none.
    """

    date: str
    lock: str
    scripts: str
    as_of: str
    cannot: str = ""
    changed: Changes = field(default_factory=dict)
    installed: State | None = None
    fixes: tuple[str, ...] = ()
    moved: Changes = field(default_factory=dict)
    mended: State | None = None

    def is_same(self, other: Trial) -> bool:
        """Whether the same happened when it was tried again.

        What an installation changes and breaks must be the same always. What verify.py then says
        and moves may be other things with another verify.py, as long as it ends as well.
        """
        if self.scripts == other.scripts:
            return replace(self, date="", lock="", as_of="") == replace(
                other, date="", lock="", as_of=""
            )
        return self._seen() == other._seen() and judge_trial(self) == judge_trial(other)

    def _seen(self) -> tuple[Any, ...]:
        """What was seen before verify.py was asked."""
        state = self.installed
        parts = (state.environment, state.keras, state.companion) if state else ()
        return self.cannot, dict(self.changed), parts


def judge_trial(trial: Trial) -> str:
    """In one word how a trial ended, from the keys of MEANING."""
    if trial.cannot or trial.installed is None:
        return "cannot"
    if trial.installed.whole:
        return "works"
    if not trial.installed.problems:
        return "unnoticed"
    if trial.mended and trial.mended.whole:
        return "mended"
    # The one that cannot be there was taken out, and all else works; or beside it, other things
    # were told and carried out, and what is left is just that.
    left = trial.mended or trial.installed
    said = any(IMPOSSIBLE in problem for problem in trial.installed.problems)
    if said and replace(left, companion="").whole:
        return "said to be impossible"
    if _are_impossible(left.problems) and set(left.problems) <= set(trial.installed.problems):
        return "said to be impossible"
    return "not mended"


def _are_impossible(problems: tuple[str, ...]) -> bool:
    """Whether verify.py says of each problem that two cannot be in one environment."""
    return bool(problems) and all(IMPOSSIBLE in problem for problem in problems)


MEANING = {
    "works": "installed, and everything still works",
    "mended": "something broke, and after what verify.py printed everything works",
    "said to be impossible": "verify.py says that both cannot be in one environment",
    "cannot": "the installer finds no way to install it there",
    "unnoticed": "something fails, and verify.py names no problem",
    "not mended": "something fails after what verify.py printed",
}
"""How a trial can end, and what that means."""


def to_data(trial: Trial) -> dict[str, Any]:
    """A trial as JSON has it."""
    return asdict(trial)


def from_data(data: Mapping[str, Any]) -> Trial:
    """A trial as it was before `to_data`. Raises TypeError, KeyError or ValueError."""

    def state(found: Mapping[str, Any] | None) -> State | None:
        return State(**{**found, "problems": tuple(found["problems"])}) if found else None

    changes = {
        key: {name: tuple(change) for name, change in data[key].items()}
        for key in ("changed", "moved")
    }
    states = {key: state(data[key]) for key in ("installed", "mended")}
    return Trial(**{**data, **changes, **states, "fixes": tuple(data["fixes"])})

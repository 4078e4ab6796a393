"""Explained failures, and the invariants: what each example must do in every pairing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from envs import EXPLAINED, Problem
from envs.model import disk, outcomes
from envs.model.outcomes import Kind, Outcome

FAILURES = EXPLAINED / "failures.toml"
INVARIANTS = EXPLAINED / "invariants.toml"


@dataclass(frozen=True)
class Failure:
    """An explained failure: its cause, its remedy, and the script that shows the remedy."""

    name: str
    exception: str
    message: str
    cause: str
    remedy: str
    script: str

    @property
    def outcome(self) -> Outcome:
        """The outcome of a script that ends with this failure."""
        return Outcome(Kind.FAILS, self.exception, self.message)


@dataclass(frozen=True)
class Rules:
    """The explained failures, and the scripts that must work or must fail in every pairing."""

    failures: Mapping[str, Failure]
    works: frozenset[str]
    fails: frozenset[str]

    @cached_property
    def by_outcome(self) -> dict[Outcome, Failure]:
        """Outcome -> the failure that explains it."""
        return {failure.outcome: failure for failure in self.failures.values()}

    def broken(self, script: str, outcome: Outcome) -> str | None:
        """Which invariant an outcome breaks, in words; None if it breaks none."""
        if script in self.works and outcome.kind is not Kind.WORKS:
            return f"{script} must work in every pairing (envs/explained/invariants.toml)"
        if script in self.fails and outcome.kind is not Kind.FAILS:
            return f"{script} must fail in every pairing (envs/explained/invariants.toml)"
        return None

    def explain(self, outcome: Outcome) -> str:
        """Why a script has this outcome, in words; empty if it works."""
        if outcome.kind is Kind.WORKS:
            return ""
        if outcome.kind is not Kind.FAILS:
            return "can never be expected"
        failure = self.by_outcome.get(outcome)
        if failure is None:
            return "not explained in envs/explained/failures.toml"
        return f"{failure.cause} {failure.remedy} See {failure.script}.py."


def load_rules(failures: Path = FAILURES, invariants: Path = INVARIANTS) -> Rules:
    """The failures and the invariants. Raises Problem, which names the file and the key."""
    explained = _load_failures(failures)
    works, fails = _load_invariants(invariants)
    return Rules(explained, works, fails)


def _load_failures(path: Path) -> dict[str, Failure]:
    scripts = outcomes.list_scripts()
    loaded: dict[str, Failure] = {}
    for name, table in disk.read_toml(path).items():
        where = f"envs/explained/{path.name}: {name}"
        fields = ("exception", "message", "cause", "remedy", "script")
        if not isinstance(table, dict) or set(table) != set(fields):
            raise Problem(f"{where}: must have exactly the keys {', '.join(fields)}")
        if not all(isinstance(value, str) and value.strip() for value in table.values()):
            raise Problem(f"{where}: every value must be a non-empty text")
        if table["script"] not in scripts:
            raise Problem(f"{where}: script: no example is called '{table['script']}'")
        failure = Failure(name, **table)
        normalised = outcomes.normalise_message(failure.message)
        if failure.message != normalised:
            raise Problem(f"{where}: message: is not normalised, write: {normalised}")
        twin = next((f.name for f in loaded.values() if f.outcome == failure.outcome), None)
        if twin:
            raise Problem(f"{where}: has the exception and message of {twin}: keep one of them")
        if name == Kind.WORKS:
            raise Problem(f"{where}: a record uses this word for an outcome: choose another name")
        loaded[name] = failure
    return loaded


def _load_invariants(path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The scripts that must work, and those that must fail, in every pairing."""
    where = f"envs/explained/{path.name}"
    data = disk.read_toml(path)
    if set(data) != {"works", "fails"}:
        raise Problem(f"{where}: must have exactly the keys works, fails")
    scripts = outcomes.list_scripts()
    for script in [*data["works"], *data["fails"]]:
        if script not in scripts:
            raise Problem(f"{where}: no example is called '{script}'")
    return frozenset(data["works"]), frozenset(data["fails"])

"""Failures that are understood: why they happen, what to do instead, and what always holds."""

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
    """A failure that is understood: why it happens and which script shows what to do instead."""

    name: str
    exception: str
    message: str
    cause: str
    remedy: str
    script: str

    @property
    def outcome(self) -> Outcome:
        """The outcome of a script that fails so."""
        return Outcome(Kind.FAILS, self.exception, self.message)


@dataclass(frozen=True)
class Rules:
    """What is known of all scripts: the failures, and what holds in every pairing."""

    failures: Mapping[str, Failure]
    works: frozenset[str]
    fails: frozenset[str]

    @cached_property
    def by_outcome(self) -> dict[Outcome, Failure]:
        """Failure by the outcome it explains."""
        return {failure.outcome: failure for failure in self.failures.values()}

    def broken(self, script: str, outcome: Outcome) -> str | None:
        """What an outcome breaks that must hold in every pairing, if anything."""
        if script in self.works and outcome.kind is not Kind.WORKS:
            return f"{script} must work in every pairing (envs/explained/invariants.toml)"
        if script in self.fails and outcome.kind is not Kind.FAILS:
            return f"{script} must fail in every pairing (envs/explained/invariants.toml)"
        return None

    def explain(self, outcome: Outcome) -> str:
        """Why a script ends so, in words; empty if it works."""
        if outcome.kind is Kind.WORKS:
            return ""
        if outcome.kind is not Kind.FAILS:
            return "can never be expected"
        failure = self.by_outcome.get(outcome)
        if failure is None:
            return "not explained in envs/explained/failures.toml"
        return f"{failure.cause} {failure.remedy} See {failure.script}.py."


def load_rules(failures: Path = FAILURES, invariants: Path = INVARIANTS) -> Rules:
    """The failures and the invariants. Raises Problem, naming file and key."""
    known = outcomes.list_scripts()
    found: dict[str, Failure] = {}
    for name, table in disk.read_toml(failures).items():
        where = f"envs/explained/{failures.name}: {name}"
        fields = ("exception", "message", "cause", "remedy", "script")
        if not isinstance(table, dict) or set(table) != set(fields):
            raise Problem(f"{where}: must have exactly the keys {', '.join(fields)}")
        if not all(isinstance(value, str) and value.strip() for value in table.values()):
            raise Problem(f"{where}: every value must be a text that is not empty")
        if table["script"] not in known:
            raise Problem(f"{where}: script: no example is called '{table['script']}'")
        failure = Failure(name, **table)
        if failure.message != outcomes.normalise_message(failure.message):
            normalised = outcomes.normalise_message(failure.message)
            raise Problem(f"{where}: message: is not normalised: {normalised}")
        twin = next((f.name for f in found.values() if f.outcome == failure.outcome), None)
        if twin or name == Kind.WORKS:
            raise Problem(f"{where}: says the same as {twin or 'an outcome'}")
        found[name] = failure
    always = disk.read_toml(invariants)
    where = f"envs/explained/{invariants.name}"
    if set(always) != {"works", "fails"}:
        raise Problem(f"{where}: must have exactly the keys works, fails")
    for script in [*always["works"], *always["fails"]]:
        if script not in known:
            raise Problem(f"{where}: no example is called '{script}'")
    return Rules(found, frozenset(always["works"]), frozenset(always["fails"]))

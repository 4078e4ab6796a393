"""The report of a session: its final table, its blessed record, and its measurements."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from rich.table import Table

from envs import ROOT, Problem
from envs.model import failures, outcome_records, results
from envs.model.outcomes import Kind, Outcome, Run
from envs.model.pairing import Target

NO_ENVIRONMENT = (Kind.NO_INTERPRETER, Kind.COULD_NOT_INSTALL)
"""The outcomes without an environment. Their message is printed once, above the table."""


def render_table(target: Target, ended: Mapping[str, Run]) -> Table:
    """The final table of a session: each script with its expected and its actual outcome."""
    rules = failures.load_rules()
    record: dict[str, Outcome] = {}
    with suppress(Problem):
        record = outcome_records.load_record(target, rules)
    table = Table(title=f"{target.label}: {target.pairing.summary}", title_justify="left")
    for title in ("script", "expected", "happened", "why"):
        table.add_column(title, overflow="fold")
    for script, run in ended.items():
        expected = Outcome(Kind.WORKS) if script == "smoke" else record.get(script)
        happened = run.outcome.kind if run.outcome.kind in NO_ENVIRONMENT else run.outcome
        table.add_row(
            script,
            str(expected.kind) if expected else "not recorded",
            f"{happened} ({run.seconds:.0f} s)" if run.seconds else str(happened),
            rules.explain(run.outcome),
            style=None if run.outcome == expected else "bold red",
            end_section=True,
        )
    return table


def bless_session(target: Target, ended: Mapping[str, Run]) -> str:
    """Record the outcomes as expected, and return what changed in words. Raises Problem."""
    happened = {script: run.outcome for script, run in ended.items() if script != "smoke"}
    rules, emulator = failures.load_rules(), results.find_emulator()
    whole = "smoke" in ended and ended["smoke"].outcome.kind is Kind.WORKS
    smoke = results.digest_smoke() if whole else ""
    changed = outcome_records.bless_record(target, happened, rules, emulator=emulator, smoke=smoke)
    return f"{outcome_records.record_path(target.pairing).relative_to(ROOT).as_posix()}: {changed}"


def write_measurements(
    folder: Path, target: Target, ended: Mapping[str, Run], cpu: float, elapsed: float
) -> None:
    """Write what a session saw to its result in a folder: see `results.SessionResult`.

    `cpu` is the CPU time of its scripts and `elapsed` the time of the whole session, in seconds.
    Raises Problem if the file cannot be written.
    """
    seconds = {script: run.seconds for script, run in ended.items()} | {results.SESSION: elapsed}
    results.write_result(
        folder,
        results.make_result(
            target,
            cpu=round(cpu, 3),
            seconds={name: round(took, 3) for name, took in seconds.items()},
            outcomes={script: run.outcome for script, run in ended.items()},
        ),
    )

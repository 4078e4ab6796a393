"""Records: the expected outcome of each example in a pairing, and when it was last executed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from envs import MEASURED, ROOT, Problem
from envs.model import disk, lock, outcomes, platforms
from envs.model.failures import Rules
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Pairing, Target

RECORDS = MEASURED / "outcomes"

_EXECUTION = ("executed", "pins", "smoke", "emulator")
"""The keys of a table that say when and how it was run; the others are scripts."""


@dataclass(frozen=True)
class Executed:
    """When a lock was last executed and blessed (an ISO date), and the digest of its pins then.

    `emulator` is the name and version of what stood in for the platform; empty on the real one.
    `smoke` is the digest of the check of a whole environment that it passed (see
    `results.digest_smoke`); empty if that was not noted.
    """

    date: str
    pins: str
    emulator: str = ""
    smoke: str = ""


def record_path(pairing_: Pairing) -> Path:
    """The path of a pairing's record, which covers all its Pythons."""
    return RECORDS / f"{pairing_.name}.toml"


def load_records(pairing_: Pairing, rules: Rules) -> dict[str, dict[str, Outcome]]:
    """Python and variant, after the platform if it is not Linux x86_64 -> script -> outcome.

    Such as `3.11`, `3.11 cpu` and `windows-x86_64 3.11`. Raises Problem for an expectation that is
    missing, surplus or unknown.
    """
    return {name: record for name, (record, _) in _load(pairing_, rules).items()}


Records = dict[str, tuple[dict[str, Outcome], Executed]]
"""Name in the record (see `load_records`) -> script -> expected outcome, and the execution."""


def _load(pairing_: Pairing, rules: Rules) -> Records:
    """The record of a pairing. Raises Problem for a missing, surplus or unknown expectation.

    The top of the file is for the recommended Python on Linux x86_64. Each other Python, variant
    or platform that was executed has a table, with the outcomes that differ there.
    """
    path = record_path(pairing_)
    where = f"envs/measured/outcomes/{path.name}"
    bless = f"run nox -s {pairing_.name} -- --bless"
    if not path.exists():
        raise Problem(f"{where}: no expectations for {pairing_.name}: {bless}")
    common = disk.read_toml(path)
    tables: dict[str, dict[str, Any]] = {pairing_.pythons[0]: {}}
    for name in [name for name, value in common.items() if isinstance(value, dict)]:
        if name not in _recordable(pairing_)[1:]:
            raise Problem(
                f"{where}: {name}: the pairing has no such further Python, variant or platform"
            )
        tables[name] = common.pop(name)
    records: Records = {}
    for name, table in tables.items():
        here = {**common} if name == pairing_.pythons[0] else table
        date, pins, smoke, emulator = (here.pop(key, None) for key in _EXECUTION)
        common = {key: value for key, value in common.items() if key not in _EXECUTION}
        if type(date) is not datetime.date or not re.fullmatch("[0-9a-f]{12}", str(pins)):
            raise Problem(f"{where}: {name}: executed, pins: must be a date and a digest: {bless}")
        record = _parse_record(common | table, rules, where, bless)
        run_ = Executed(date.isoformat(), str(pins), str(emulator or ""), str(smoke or ""))
        records[name] = record, run_
    return records


def _parse_record(
    table: Mapping[str, Any], rules: Rules, where: str, bless: str
) -> dict[str, Outcome]:
    """Script -> expected outcome, from script -> `works` or the name of a failure."""
    record = {}
    for script, name in table.items():
        if script not in outcomes.list_scripts():
            raise Problem(f"{where}: no example is called '{script}': {bless}")
        if name == Kind.WORKS:
            record[script] = Outcome(Kind.WORKS)
        elif name in rules.failures:
            record[script] = rules.failures[name].outcome
        else:
            raise Problem(
                f"{where}: {script}: '{name}' is neither 'works' nor a failure that "
                "envs/explained/failures.toml explains"
            )
    if missing := sorted(set(outcomes.list_scripts()) - set(record)):
        raise Problem(f"{where}: no expectation for {', '.join(missing)}: {bless}")
    return record


def _recordable(pairing_: Pairing) -> list[str]:
    """What a record may have outcomes for, the recommended Python on Linux x86_64 first."""
    return [
        _recorded_as(Target(pairing_, python, platform, variant))
        for platform in platforms.PLATFORMS
        for variant, offered in platforms.VARIANTS.items()
        if platform in offered
        for python in pairing_.pythons
    ]


def _recorded_as(target: Target) -> str:
    """The name of a target in the record of its pairing: `3.11`, `windows-x86_64 3.11 cpu`."""
    platform = "" if target.platform == platforms.LINUX else f"{target.platform} "
    variant = "" if target.variant == platforms.DEFAULT else f" {target.variant}"
    return platform + target.python + variant


def last_executed(target: Target, rules: Rules) -> Executed | None:
    """When a target was last executed and blessed; None if it never was. Raises Problem."""
    if not record_path(target.pairing).exists():
        return None
    record = _load(target.pairing, rules).get(_recorded_as(target))
    return record and record[1]


def load_record(target: Target, rules: Rules) -> dict[str, Outcome]:
    """Script -> expected outcome. Raises Problem as `load_records` does.

    A target that was never run on its platform, or in its variant, is expected to do what its
    Python does on Linux x86_64. Also raises Problem if that has no record yet.
    """
    records = load_records(target.pairing, rules)
    on_linux = replace(target, platform=platforms.LINUX)
    for nearest in (target, on_linux, target.base):
        if (name := _recorded_as(nearest)) in records:
            return records[name]
    where = f"envs/measured/outcomes/{record_path(target.pairing).name}"
    raise Problem(
        f"{where}: no expectations for {target.session}: run nox -s {target.session} -- --bless"
    )


def list_objections(record: Mapping[str, Outcome], rules: Rules) -> list[str]:
    """Why a record cannot be blessed: broken invariants, and failures without a working remedy."""
    objections = []
    for script, outcome in record.items():
        if outcome.kind not in (Kind.WORKS, Kind.FAILS):
            objections.append(f"{script}: '{outcome}' can never be expected")
        elif broken := rules.broken(script, outcome):
            objections.append(f"{broken}, but: {outcome}")
        elif outcome.kind is Kind.FAILS:
            failure = rules.by_outcome.get(outcome)
            if failure is None:
                objections.append(
                    f"{script}: this failure is not explained. "
                    "Add to envs/explained/failures.toml:\n\n"
                    f"[a-name-for-it]\nexception = {_toml(outcome.exception)}\n"
                    f'message = {_toml(outcome.message)}\ncause = "..."\nremedy = "..."\n'
                    'script = "a script that works in this pairing"\n'
                )
            elif record.get(failure.script) != Outcome(Kind.WORKS):
                objections.append(
                    f"{script}: the remedy of '{failure.name}' is {failure.script}, which does "
                    "not work in this pairing"
                )
    return objections


def bless_record(
    target: Target,
    happened: Mapping[str, Outcome],
    rules: Rules,
    *,
    date: str = "",
    emulator: str = "",
    smoke: str = "",
) -> str:
    """Record the outcomes that happened as expected; scripts that did not run keep their record.

    `date` is the ISO date of the run, today by default; `emulator` is the name and version of what
    stood in for the platform, if something did; `smoke` is the digest of the check of a whole
    environment, if it passed that. Returns what changed. Raises Problem, and writes
    nothing, if there are objections.
    """
    run = Executed(
        date or datetime.datetime.now(datetime.UTC).date().isoformat(),
        lock.read_lock(target).digest,
        emulator,
        smoke,
    )
    # Sessions that run side by side may bless the same file.
    with disk.alone(ROOT / ".nox" / f"{target.pairing.name}.record"):
        return _bless(target, happened, rules, run)


def _bless(target: Target, happened: Mapping[str, Outcome], rules: Rules, run: Executed) -> str:
    path = record_path(target.pairing)
    name, recommended = _recorded_as(target), target.pairing.pythons[0]
    try:
        records = _load(target.pairing, rules)
    except Problem:
        records = {}
    if name != recommended and recommended not in records:
        raise Problem(
            f"{target.session} cannot be blessed: first run nox -s {target.pairing.name} -- --bless"
        )
    before, last = records.get(name, ({}, None))
    ran_all = set(happened) == set(outcomes.list_scripts())
    record = before | {**happened}
    if missing := sorted(set(outcomes.list_scripts()) - set(record)):
        raise Problem(f"{target.session} cannot be blessed: {', '.join(missing)} did not run")
    if last and last.pins != run.pins and not ran_all:
        raise Problem(f"{target.session} cannot be blessed: its lock is new: run all scripts")
    if objections := list_objections(record, rules):
        raise Problem(f"{target.session} cannot be blessed:\n" + "\n".join(objections))
    if last and last.pins == run.pins and run.emulator and not last.emulator and before != record:
        raise Problem(
            f"{target.session} cannot be blessed: with {run.emulator} it ends otherwise than on "
            f"{platforms.PLATFORMS[target.platform].label} itself, where it ran on {last.date}"
        )
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    kept = last if last and not _is_news(before, last, record, run, ran_all) else run
    new = _render_records(target.pairing, records | {name: (record, kept)}, rules)
    disk.write_file(path, new)
    return disk.describe_change(old, new)


def _is_news(
    before: Mapping[str, Outcome],
    last: Executed,
    record: Mapping[str, Outcome],
    run: Executed,
    ran_all: bool,
) -> bool:
    """Whether a run is recorded with its own date: pins, outcomes, check or machine are new."""
    real_at_last = bool(last.emulator) and not run.emulator
    as_real = bool(last.emulator) or not run.emulator
    checked_anew = as_real and run.smoke not in ("", last.smoke)
    return ran_all and ((last.pins, before) != (run.pins, record) or real_at_last or checked_anew)


def _render_records(pairing_: Pairing, records: Records, rules: Rules) -> str:
    recommended, *others = _recordable(pairing_)
    names = {
        name: {
            script: "works" if outcome.kind is Kind.WORKS else rules.by_outcome[outcome].name
            for script, outcome in sorted(record.items())
        }
        for name, (record, _) in records.items()
    }
    common = names[recommended]
    lines = [
        f"# What each example does in {pairing_.name}: works, or a failure that is explained in",
        "# envs/explained/failures.toml; when it was run, with which pins, and which smoke check",
        "# it passed (their digests). For another Python, variant or platform, only what differs;",
        "# `emulator` ran it, if any.",
        "# Written by a run:",
        f"#     nox -s {pairing_.name} -- --bless",
        *_render_executed(records[recommended][1]),
        *(f'"{script}" = "{name}"' for script, name in common.items()),
    ]
    for other in others:
        if other in names:
            lines += ["", f'["{other}"]', *_render_executed(records[other][1])]
            for script, name in names[other].items():
                if name != common[script]:
                    lines.append(f'"{script}" = "{name}"')
    return "\n".join(lines) + "\n"


def _render_executed(run_: Executed) -> list[str]:
    digests = {"pins": run_.pins, "smoke": run_.smoke, "emulator": run_.emulator}
    return [f"executed = {run_.date}", *(f'{key} = "{one}"' for key, one in digests.items() if one)]


def _toml(text: str) -> str:
    return "'" + text + "'" if "'" not in text else '"' + text.replace('"', '\\"') + '"'

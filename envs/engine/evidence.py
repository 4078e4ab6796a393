"""Evidence: the results in some folders, and why one is refused as evidence of this checkout."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from envs import Problem
from envs.engine import record_evidence
from envs.engine.record_evidence import RecordResult
from envs.model import index, lock, pairing, platforms, results, working_copy
from envs.model.outcomes import Kind
from envs.model.pairing import Target
from envs.model.results import SessionResult


@dataclass
class Evidence:
    """What some folders hold.

    `seen` is file -> target and result, `records` is file -> part of a record, `refused` is file ->
    reason, and `arrived` has kind, platform and session of all that could be read.
    """

    seen: dict[Path, tuple[Target, SessionResult]] = field(default_factory=dict)
    records: dict[Path, RecordResult] = field(default_factory=dict)
    refused: dict[Path, str] = field(default_factory=dict)
    arrived: set[tuple[str, str, str]] = field(default_factory=set)


@dataclass(frozen=True)
class Checkout:
    """What a result must have been made with.

    `commit` is this checkout's; empty means that any will do. `scripts` is the digest of the
    scripts, `targets` holds every target by its key, and `today` is the last date that can be.
    """

    commit: str
    scripts: str
    targets: Mapping[tuple[str, str, str, str], Target]
    today: str


def describe_checkout(any_commit: bool) -> Checkout:
    """What results must have been made with, as this checkout is. Raises Problem without git."""
    commit = working_copy.find_commit()
    if not (commit or any_commit):
        raise Problem(
            "this checkout has no commit to compare results with: clone it with git, or add "
            "--any-commit, so that only pins and scripts count"
        )
    return Checkout(
        commit="" if any_commit else commit,
        scripts=results.digest_scripts(),
        targets={
            index.target_key(target): target
            for target in pairing.list_combinations(pairing.load_pairings())
        },
        today=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )


def list_result_files(folders: Iterable[Path]) -> list[Path]:
    """Every JSON file below some folders, each once. Raises Problem for what is no folder."""
    files: dict[Path, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise Problem(f"{folder}: is not a folder: name the folders that hold results")
        files |= {file.resolve(): file for file in folder.rglob("*.json")}
    return sorted(files.values(), key=lambda file: (file.name, str(file)))


def read_evidence(files: Iterable[Path], checkout: Checkout) -> Evidence:
    """Read the results of sessions in files, and refuse what proves nothing of this checkout."""
    evidence = Evidence()
    for file in files:
        try:
            if record_evidence.is_record_result(file):
                told, objection = record_evidence.read_record_result(file, checkout.commit)
                evidence.arrived.add((told.kind, platforms.LINUX, told.name))
                if objection:
                    raise Problem(objection)
                evidence.records[file] = told
                continue
            result = results.read_result(file)
            if target := checkout.targets.get(_key(result)):
                evidence.arrived.add(("locks", target.platform, target.session))
            if objection := object_to_result(result, checkout):
                raise Problem(objection)
        except Problem as problem:
            evidence.refused[file] = str(problem).removeprefix(f"{file}: ")
        else:
            evidence.seen[file] = checkout.targets[_key(result)], result
    return evidence


def _key(result: SessionResult) -> tuple[str, str, str, str]:
    return result.pairing, result.python, result.platform, result.variant


def object_to_result(result: SessionResult, checkout: Checkout) -> str | None:
    """Why a result is no evidence of this checkout; None if it is. Raises Problem for a bad lock.

    The commit counts, and not only pins and scripts, because the code that starts the scripts and
    decides how they ended is part of what was seen.
    """
    target = checkout.targets.get(_key(result))
    if target is None or not lock.lock_path(target).exists():
        return f"there is no lock for {' '.join(_key(result))}"
    if result.pins != (digest := lock.read_lock(target).digest):
        return f"it ran other pins, {result.pins}: {lock.lock_label(target)} has {digest}"
    if result.scripts != checkout.scripts:
        return f"it ran other scripts, {result.scripts}: those of this checkout are " + (
            checkout.scripts
        )
    if checkout.commit and result.commit != checkout.commit:
        return (
            f"it was made at commit {result.commit[:12] or 'unknown'}, and this checkout is at "
            f"{checkout.commit[:12]}: check out that commit, or add --any-commit, so that only "
            "pins and scripts count"
        )
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", result.date) or result.date > checkout.today:
        return f"its date, {result.date}, is no past day"
    if not re.fullmatch(r"[\w .+()/-]*", result.emulator):
        return f"its emulator, {result.emulator!r}, is no name and version"
    return _object_to_outcomes(result)


def _object_to_outcomes(result: SessionResult) -> str | None:
    smoke = result.outcomes.get("smoke")
    if smoke is None:
        return "smoke did not run, so nothing shows that the environment was whole"
    if smoke.kind is not Kind.WORKS:
        return f"the environment was not whole: smoke: {smoke}"
    for script, outcome in sorted(result.outcomes.items()):
        if outcome.kind not in (Kind.WORKS, Kind.FAILS):
            return f"{script}: '{outcome}' can never be expected"
    return None


def choose_result(seen: Iterable[tuple[Path, SessionResult]]) -> tuple[Path, SessionResult]:
    """The one of several results of a target that counts, whatever their order.

    One from a real machine before an emulated one, then the newest; of one day, that whose text is
    the last.
    """

    def rank(one: tuple[Path, SessionResult]) -> tuple[bool, str, str, str]:
        file, result = one
        ended = {script: str(outcome) for script, outcome in result.outcomes.items()}
        text = json.dumps([result.emulator, ended], sort_keys=True)
        return not result.emulator, result.date, text, str(file)

    return max(seen, key=rank)

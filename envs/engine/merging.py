"""Merge results into the records: the same in any order and when repeated, and nothing is lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from envs import Problem
from envs.engine import changes, durations, evidence, planning, record_evidence
from envs.engine.changes import Changes
from envs.engine.durations import Durations
from envs.engine.evidence import Evidence
from envs.engine.merge_request import MergeRequest
from envs.engine.planning import Shard
from envs.model import disk, failures, outcome_records, platforms, results
from envs.model.failures import Rules
from envs.model.outcomes import Outcome
from envs.model.pairing import Target
from envs.model.results import SessionResult

Say = Callable[[str], None]


def merge_results(request: MergeRequest, say: Say) -> Changes:
    """Merge what folders hold into the records, and say what changed. The pages must follow.

    Raises Problem if there is nothing to read. What was refused or is missing does not stop it:
    see `check_whole`.
    """
    checkout = evidence.describe_checkout(request.any_commit)
    files = evidence.list_result_files(request.folders)
    if not files and request.plan is None:
        raise Problem(f"there is no result in {', '.join(map(str, request.folders))}")
    expected = planning.read_plan(request.plan) if request.plan else []
    found = evidence.read_evidence(files, checkout)
    changed = Changes()
    measured: Durations = {}
    _bless_all(found, list(checkout.targets.values()), request, changed, measured)
    _merge_records(found, request, changed, measured)
    durations.record_durations(measured)
    changed.missing = list_missing(expected, found)
    for file, why in found.refused.items():
        changed.refused[changes.shorten_file(file, request.folders)] = why
    text = changes.render_merge(changed)
    say("\n" + text)
    if request.summary:
        disk.write_file(request.summary, text)
    return changed


def check_whole(changed: Changes) -> None:
    """Raise Problem if a result was refused, or if a shard is missing, in a merge."""
    if not changed.whole:
        raise Problem(
            f"{len(changed.refused)} results were refused, and {len(changed.missing)} shards are "
            "not whole: see above; everything else is merged"
        )


def _bless_all(
    found: Evidence,
    targets: list[Target],
    request: MergeRequest,
    changed: Changes,
    measured: Durations,
) -> None:
    """Bless the result of each target that counts; the recommended Python of a pairing first."""
    rules = failures.load_rules()
    by_target: dict[Target, list[tuple[Path, SessionResult]]] = defaultdict(list)
    for file, (target, result) in found.seen.items():
        by_target[target].append((file, result))
    for target in targets:
        if target not in by_target:
            continue
        file, result = evidence.choose_result(by_target[target])
        for other, _ in by_target[target]:
            if other != file:
                names = [changes.shorten_file(one, request.folders) for one in (other, file)]
                changed.aside.append(f"`{names[0]}`: `{names[1]}` counts")
        try:
            _bless(target, result, rules, changed)
        except Problem as problem:
            found.refused[file] = str(problem)
            continue
        # Windows does not tell the CPU time of processes that have ended.
        seconds = result.cpu or result.seconds.get(results.SESSION, 0.0)
        if seconds and not result.emulator:
            _note_duration(measured, "locks", target.platform, target.session, seconds)


def _merge_records(
    found: Evidence, request: MergeRequest, changed: Changes, measured: Durations
) -> None:
    """Merge the newest result of each row of the atlas, of each pairing's names, of the models."""
    newest: dict[tuple[str, str], Path] = {}
    for file, one in sorted(found.records.items(), key=lambda item: (item[1].date, item[0].name)):
        key = one.kind, one.name
        if key in newest:
            changed.aside.append(f"`{changes.shorten_file(newest[key], request.folders)}`")
        newest[key] = file
    for (kind, name), file in sorted(newest.items()):
        result = found.records[file]
        record_kind = record_evidence.RECORD_KINDS[kind]
        changed.otherwise[record_kind.heading] += record_kind.merge(name, result.told)
        changed.merged += 1
        _note_duration(measured, kind, platforms.LINUX, name, result.seconds)


def _note_duration(
    measured: Durations, kind: str, platform: str, session: str, seconds: float
) -> None:
    measured.setdefault(kind, {}).setdefault(platform, {})[session] = round(seconds)


def list_missing(expected: Iterable[Shard], found: Evidence) -> list[str]:
    """A line for each shard of a plan that is not whole among the results, with what it lacks.

    What was refused counts as here: it is named with its reason.
    """
    lines = []
    for shard in expected:
        lacking = [
            session
            for session in shard.sessions
            if (shard.kind, shard.platform, session) not in found.arrived
        ]
        if lacking:
            where = platforms.PLATFORMS[shard.platform].label
            what = ", ".join(f"`{session}`" for session in lacking)
            whole = "all of it" if len(lacking) == len(shard.sessions) else "a part"
            lines.append(f"shard {shard.shard}, {shard.kind} on {where}, {whole}: {what}")
    return lines


def _bless(target: Target, result: SessionResult, rules: Rules, changed: Changes) -> None:
    """Record one result. Raises Problem if it cannot be recorded."""
    happened = {name: one for name, one in result.outcomes.items() if name != "smoke"}
    last, expected = None, dict[str, Outcome]()
    if outcome_records.record_path(target.pairing).exists():
        last = outcome_records.last_executed(target, rules)
        # Nothing is expected of a Python that was never run.
        with suppress(Problem):
            expected = outcome_records.load_record(target, rules)
    if (
        last
        and last.pins == result.pins
        and last.date > result.date
        and not (last.emulator and not result.emulator)
        and happened != {name: expected[name] for name in happened if name in expected}
    ):
        raise Problem(f"it is of {result.date}, and on {last.date} the target ended otherwise")
    # Its scripts are those of this checkout, and it was whole: see `evidence`.
    outcome_records.bless_record(
        target,
        happened,
        rules,
        date=result.date,
        emulator=result.emulator,
        smoke=results.digest_smoke(),
    )
    changes.note_result(changed, target, result, last, expected)

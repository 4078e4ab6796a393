"""Merge results into the records: the same in any order and when repeated, and nothing is lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from envs import Problem
from envs.engine import changes, evidence
from envs.engine.changes import Changes
from envs.engine.evidence import Evidence
from envs.engine.merge_request import MergeRequest
from envs.model import disk, failures, outcome_records
from envs.model.failures import Rules
from envs.model.outcomes import Outcome
from envs.model.pairing import Target
from envs.model.results import SessionResult
from envs.publish import pages

Say = Callable[[str], None]


def merge_results(request: MergeRequest, say: Say) -> Changes:
    """Merge what folders hold into the records, write the pages anew, and say what changed.

    Raises Problem at the end, when everything else is merged, if a file was refused or a shard is
    missing; it names each.
    """
    checkout = evidence.describe_checkout(request.any_commit)
    files = evidence.list_result_files(request.folders)
    if not files and request.plan is None:
        raise Problem(f"there is no result in {', '.join(map(str, request.folders))}")
    found = evidence.read_evidence(files, checkout)
    changed = Changes()
    _bless_all(found, list(checkout.targets.values()), request, changed)
    for file, why in found.refused.items():
        changed.refused[changes.shorten_file(file, request.folders)] = why
    pages.write_pages()
    text = changes.render_changes(changed)
    say("\n" + text)
    if request.summary:
        disk.write_file(request.summary, text)
    if not changed.whole:
        raise Problem(
            f"{len(changed.refused)} results were refused and {len(changed.missing)} shards are "
            "not whole: see above; the rest is merged"
        )
    return changed


def _bless_all(
    found: Evidence, targets: list[Target], request: MergeRequest, changed: Changes
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


def _bless(target: Target, result: SessionResult, rules: Rules, changed: Changes) -> None:
    """Record one result. Raises Problem if it cannot be recorded."""
    happened = {name: one for name, one in result.outcomes.items() if name != "smoke"}
    last, expected = None, dict[str, Outcome]()
    if outcome_records.record_path(target.pairing).exists():
        last = outcome_records.last_executed(target, rules)
        expected = outcome_records.load_record(target, rules)
    if (
        last
        and last.pins == result.pins
        and last.date > result.date
        and not (last.emulator and not result.emulator)
        and happened != {name: expected[name] for name in happened if name in expected}
    ):
        raise Problem(f"it is of {result.date}, and on {last.date} the target ended otherwise")
    outcome_records.bless_record(
        target, happened, rules, date=result.date, emulator=result.emulator
    )
    changes.note_result(changed, target, result, last, expected)

"""Merging: the same records in any order and when repeated, and nothing is lost silently."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from samples import RULES, WORKS, needs_git

from envs import Problem
from envs.engine import changes, durations, merging, planning
from envs.engine.changes import Changes
from envs.engine.merge_request import MergeRequest, parse_merge_request
from envs.engine.plan_request import PlanRequest
from envs.engine.planning import Shard
from envs.model import lock, outcome_records, pairing, results
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Target
from envs.model.results import SessionResult

PAIRINGS = pairing.load_pairings()
TF212 = PAIRINGS["tf212"]
pytestmark = needs_git
DENSE = RULES.failures["dense-not-imported"].outcome
MIXED = "legacy_adaptation/mixed"

TARGETS = [
    Target(TF212, "3.11"),
    Target(TF212, "3.9"),
    Target(TF212, "3.10", variant="cpu"),
    Target(TF212, "3.11", "windows-x86_64"),
    Target(TF212, "3.9", "linux-aarch64"),
    Target(PAIRINGS["tf215"], "3.11", "macos-arm64"),
]


@pytest.fixture(autouse=True)
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the records, in which only the recommended Pythons on Linux x86_64 were run."""
    folder = tmp_path / "records"
    shutil.copytree(outcome_records.RECORDS, folder)
    for file in folder.iterdir():
        file.write_text(file.read_text().split('\n["')[0])
    monkeypatch.setattr(outcome_records, "RECORDS", folder)
    monkeypatch.setattr(durations, "FILE", tmp_path / "seconds.json")
    return folder


def result_of(target: Target, **given: Any) -> SessionResult:
    """What a session of a target sees that ends as the recommended Python on Linux does."""
    record = outcome_records.load_record(Target(target.pairing, target.pairing.pythons[0]), RULES)
    happened = {"smoke": WORKS, **record}
    made = results.make_result(target, cpu=20.0, seconds={"smoke": 8.0}, outcomes=happened)
    return replace(made, **given)


def write(folder: Path, *written: SessionResult) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for result in written:
        results.write_result(folder, result)
    return folder


def merge(*folders: Path, **given: Any) -> Changes:
    return merging.merge_results(MergeRequest(folders, **given), lambda line: None)


def texts(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in sorted(folder.iterdir())}


MADE: list[Callable[[], SessionResult]] = [
    lambda: result_of(TARGETS[0]),
    lambda: result_of(TARGETS[1]),
    lambda: result_of(TARGETS[2]),
    lambda: replace(
        result_of(TARGETS[3]),
        emulator="wine 10.0",
        outcomes={**result_of(TARGETS[3]).outcomes, MIXED: DENSE},
    ),
    lambda: result_of(TARGETS[4], emulator="qemu 10.0.6"),
    lambda: result_of(TARGETS[5], date="2026-11-24"),
]


def test_four_shards_merged_in_any_order_are_the_records_of_one_run(
    tmp_path: Path, records: Path
) -> None:
    made = [make() for make in MADE]
    before = tmp_path / "before"
    shutil.copytree(records, before)
    for target, one in zip(TARGETS, made, strict=True):
        happened = {name: ended for name, ended in one.outcomes.items() if name != "smoke"}
        seen = {"date": one.date, "emulator": one.emulator, "smoke": results.digest_smoke()}
        outcome_records.bless_record(target, happened, RULES, **seen)
    of_one_run = texts(records)
    assert of_one_run != texts(before)
    shards = [write(tmp_path / "shards" / str(number), *made[number::4]) for number in range(4)]
    for order in itertools.permutations(shards):
        shutil.rmtree(records)
        shutil.copytree(before, records)
        assert merge(*order).whole
        assert texts(records) == of_one_run
    again = merge(*shards)
    assert texts(records) == of_one_run
    assert "Everything ended as it is recorded." in changes.render_merge(again)
    shutil.rmtree(records)
    shutil.copytree(before, records)
    for shard in reversed(shards):
        merge(shard)
    assert texts(records) == of_one_run
    shutil.rmtree(records)
    shutil.copytree(before, records)
    merge(tmp_path / "shards")
    assert texts(records) == of_one_run


def test_what_changed_is_told_in_words(tmp_path: Path) -> None:
    folder = write(tmp_path / "results", *(make() for make in MADE[1:]))
    changed = merge(folder, summary=tmp_path / "changes.md")
    text = (tmp_path / "changes.md").read_text()
    assert changed.whole
    assert text.startswith("5 results were merged.\n\n## Newly executed\n")
    assert "- Linux x86_64, run: `tf212-py310-cpu`, `tf212-py39`\n" in text
    assert "- Windows x86_64, emulated with wine 10.0: `tf212`\n" in text
    assert "- macOS arm64, run: `tf215`" in text
    assert (
        "- `tf212` on Windows x86_64: `legacy_adaptation/mixed` ended otherwise: `fails: "
        "NameError: name 'Dense' is not defined`, where `works` was expected\n"
    ) in text


def test_what_was_only_emulated_is_told_when_a_machine_runs_it(tmp_path: Path) -> None:
    merge(write(tmp_path / "emulated", result_of(TARGETS[3], emulator="wine 10.0")))
    changed = merge(write(tmp_path / "real", result_of(TARGETS[3])))
    assert "Windows x86_64, run, and only emulated before: `tf212`" in changes.render_merge(changed)
    run_ = outcome_records.last_executed(TARGETS[3], RULES)
    assert run_
    assert run_.emulator == ""


SMOKE_FAILS = Outcome(Kind.FAILS, "ImportError", "no")

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "other pins": ({"pins": "0" * 12}, "it ran other pins, 000000000000: requirements/tf212-py39"),
    "other scripts": ({"scripts": "0" * 12}, "it ran other scripts, 000000000000"),
    "another commit": ({"commit": "0" * 40}, "it was made at commit 000000000000, and this"),
    "no commit": ({"commit": ""}, "it was made at commit unknown"),
    "no such Python": ({"python": "3.6"}, "there is no lock for tf212 3.6 linux-x86_64 default"),
    "no such platform": ({"platform": "../x"}, "there is no lock for tf212 3.9 ../x default"),
    "no lock": ({"variant": "cuda"}, "there is no lock for tf212 3.9 linux-x86_64 cuda"),
    "no such pairing": ({"pairing": "tf99"}, "there is no lock for tf99"),
    "a day to come": ({"date": "2999-01-01"}, "its date, 2999-01-01, is no past day"),
    "no date": ({"date": "yesterday"}, "its date, yesterday, is no past day"),
    "a strange emulator": ({"emulator": 'x"\npins = "'}, "is no name and version"),
}


def refuse(folder: Path, file: Path, **given: Any) -> str:
    """Merge a folder in which one file is refused, and return why."""
    changed = merge(folder, **given)
    assert not changed.whole
    with pytest.raises(Problem, match=r"1 results were refused, .* everything else is merged"):
        merging.check_whole(changed)
    assert list(changed.refused) == [f"{folder.name}/{file.name}"]
    return changed.refused[f"{folder.name}/{file.name}"]


@pytest.mark.parametrize("what", REFUSED)
def test_what_proves_nothing_of_this_checkout_is_refused_and_the_rest_is_merged(
    tmp_path: Path, records: Path, what: str
) -> None:
    given, why = REFUSED[what]
    folder = write(tmp_path / "results", result_of(TARGETS[2]))
    file = folder / "refused.json"
    file.write_text(json.dumps(asdict(result_of(TARGETS[1], **given))))
    assert why in refuse(folder, file)
    text = (records / "tf212.toml").read_text()
    assert '["3.10 cpu"]' in text
    assert '["3.9"]' not in text


def test_with_any_commit_only_pins_and_scripts_count(tmp_path: Path) -> None:
    folder = write(tmp_path / "results", result_of(TARGETS[1], commit="0" * 40))
    assert merge(folder, any_commit=True).whole
    folder = write(tmp_path / "others", result_of(TARGETS[1], commit="", scripts="0" * 12))
    assert not merge(folder, any_commit=True).whole


ENDINGS: dict[str, tuple[dict[str, Outcome | None], str]] = {
    "smoke fails": ({"smoke": SMOKE_FAILS}, "the environment was not whole: smoke: fails: Imp"),
    "no smoke": ({"smoke": None}, "smoke did not run"),
    "no installation": (
        {"smoke": Outcome(Kind.COULD_NOT_INSTALL, message="no wheel")},
        "smoke: could not install: no wheel",
    ),
    "a crash": ({MIXED: Outcome(Kind.CRASHES)}, f"{MIXED}: 'crashes' can never be expected"),
    "a timeout": ({MIXED: Outcome(Kind.TIMES_OUT)}, "'times out' can never be expected"),
    "news": ({MIXED: Outcome(Kind.FAILS, "TypeError", "x")}, "this failure is not explained"),
    "an incomplete run": ({MIXED: None}, f"{MIXED} did not run"),
}


@pytest.mark.parametrize("what", ENDINGS)
def test_what_can_never_be_expected_is_refused(tmp_path: Path, records: Path, what: str) -> None:
    given, why = ENDINGS[what]
    result = result_of(TARGETS[1])
    ended = {**result.outcomes, **given}
    happened = {name: one for name, one in ended.items() if one is not None}
    folder = write(tmp_path / "results", replace(result, outcomes=happened))
    before = texts(records)
    assert why in refuse(folder, folder / "tf212-py39.json")
    assert texts(records) == before


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"include": []}', "not json"])
def test_a_file_that_is_no_result_is_refused(tmp_path: Path, text: str) -> None:
    folder = write(tmp_path / "results")
    for name in ("a.json", "atlas.tf212.json"):
        (folder / name).write_text(text)
        assert "is not the result of a" in refuse(folder, folder / name)
        (folder / name).unlink()


def test_a_folder_without_results_or_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="there is no result in"):
        merge(write(tmp_path / "empty"))
    with pytest.raises(Problem, match="is not a folder"):
        merge(tmp_path / "none")


@pytest.mark.parametrize(("older", "newer"), [(DENSE, WORKS), (WORKS, DENSE)])
def test_the_newest_result_of_a_target_counts_and_the_other_is_named(
    tmp_path: Path, older: Outcome, newer: Outcome
) -> None:
    target = TARGETS[1]

    def made(folder: str, date: str, mixed: Outcome) -> Path:
        ended = {**result_of(target).outcomes, MIXED: mixed}
        return write(tmp_path / folder, result_of(target, date=date, outcomes=ended))

    old, new = made("old", "2026-11-20", older), made("new", "2026-11-22", newer)
    for order in ((old, new), (new, old)):
        changed = merge(*order)
        assert outcome_records.load_record(target, RULES)[MIXED] == newer
        assert changed.aside == ["`old/tf212-py39.json`: `new/tf212-py39.json` counts"]
    changed = merge(old)
    assert list(changed.refused.values()) == [
        "it is of 2026-11-20, and on 2026-11-22 the target ended otherwise"
    ]
    assert outcome_records.load_record(target, RULES)[MIXED] == newer


def test_a_real_machine_counts_before_an_emulated_one_and_a_tie_is_always_ended_alike(
    tmp_path: Path, records: Path
) -> None:
    target = TARGETS[3]
    emulated = write(tmp_path / "b", result_of(target, emulator="wine 10.0"))
    ended = {**result_of(target).outcomes, MIXED: DENSE}
    real = write(tmp_path / "a", result_of(target, date="2026-11-20", outcomes=ended))
    merge(emulated, real)
    run_ = outcome_records.last_executed(target, RULES)
    assert run_
    assert (run_.date, run_.emulator) == ("2026-11-20", "")
    tie = write(tmp_path / "c", result_of(TARGETS[1]))
    ended = {**result_of(TARGETS[1]).outcomes, MIXED: DENSE}
    other = write(tmp_path / "d", result_of(TARGETS[1], outcomes=ended))
    merge(tie, other)
    first = texts(records)
    merge(other, tie)
    assert texts(records) == first


def plan_file(tmp_path: Path) -> tuple[Path, list[Shard]]:
    request = PlanRequest(4, ("linux-x86_64",), ("locks",), ("tf212",))
    shards = planning.plan_shards(planning.list_work(request), 4)
    file = tmp_path / "plan.json"
    file.write_text(planning.render_matrix(shards))
    return file, shards


def test_a_shard_that_is_missing_is_named_with_its_sessions(tmp_path: Path, records: Path) -> None:
    file, shards = plan_file(tmp_path)
    sessions = lock.list_sessions(PAIRINGS)
    for number, shard in enumerate(shards[:3]):
        of_shard = [result_of(sessions[session]) for session in shard.sessions]
        write(tmp_path / "results" / str(number), *of_shard)
    lost = shards[0].sessions[0]
    name = next((tmp_path / "results" / "0").iterdir()).name
    (tmp_path / "results" / "0" / name).unlink()
    changed = merge(tmp_path / "results", plan=file)
    assert [line.split(":")[0] for line in changed.missing] == [
        "shard 1/4, locks on Linux x86_64, a part",
        "shard 4/4, locks on Linux x86_64, all of it",
    ]
    assert all(f"`{session}`" in changed.missing[1] for session in shards[3].sessions)
    with pytest.raises(Problem, match="2 shards are not whole"):
        merging.check_whole(changed)
    assert changed.merged == sum(len(shard.sessions) for shard in shards[:3]) - 1
    assert lost


def test_a_result_that_is_refused_is_not_called_missing(tmp_path: Path) -> None:
    file, shards = plan_file(tmp_path)
    sessions = lock.list_sessions(PAIRINGS)
    for shard in shards:
        for session in shard.sessions:
            write(tmp_path / "results", result_of(sessions[session], pins="0" * 12))
    changed = merge(tmp_path / "results", plan=file)
    assert not changed.missing
    assert len(changed.refused) == sum(len(shard.sessions) for shard in shards)


def test_a_merge_keeps_the_cpu_time_of_real_machines(tmp_path: Path) -> None:
    merge(
        write(
            tmp_path / "results",
            result_of(TARGETS[1], cpu=41.4),
            result_of(TARGETS[3], cpu=0.0, seconds={results.SESSION: 63.0}),
            result_of(TARGETS[4], cpu=500.0, emulator="qemu 10.0.6"),
        )
    )
    assert durations.load_durations() == {
        "locks": {"linux-x86_64": {"tf212-py39": 41}, "windows-x86_64": {"tf212": 63}}
    }


def test_the_paths_of_a_merge_start_where_it_was_typed(tmp_path: Path) -> None:
    request = parse_merge_request(["a", "/b", "--plan", "p", "--summary", "s"], tmp_path)
    assert request.folders == (tmp_path / "a", Path("/b"))
    assert (request.plan, request.summary) == (tmp_path / "p", tmp_path / "s")

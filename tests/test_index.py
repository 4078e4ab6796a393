"""The index: every combination has a lock or a reason, and the index agrees with the locks and the
pairing files."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from samples import RULES

from envs import Problem
from envs.model import index, lock, outcome_records, pairing, platforms, results
from envs.model.lock import Lock
from envs.model.outcome_records import Executed
from envs.model.pairing import Target

PAIRINGS = pairing.load_pairings()
WINDOWS = Target(PAIRINGS["tf212"], "3.11", "windows-x86_64")
ENTRIES = {index.entry_key(entry): entry for entry in index.load_index()}


def test_the_index_is_as_its_schema_says() -> None:
    schema = json.loads(index.SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    data = json.loads(pairing.INDEX.read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(data)
    data["locks"][0]["status"] = "works for me"
    assert not Draft202012Validator(schema).is_valid(data)


def test_pairing_files_index_and_locks_agree() -> None:
    problems = index.check_requirements(PAIRINGS)
    assert not problems, "\n".join(problems)


def test_every_combination_has_its_entry_once() -> None:
    keys = Counter(index.target_key(target) for target in pairing.list_combinations(PAIRINGS))
    assert keys == Counter(index.entry_key(entry) for entry in index.load_index())


def test_what_is_executed_here_was_executed_with_the_pins_of_its_lock() -> None:
    """A lock whose pins changed must be run again: nox -s NAME -- --bless."""
    stale = [
        session
        for session, target in lock.list_executable(PAIRINGS).items()
        if ENTRIES[index.target_key(target)]["status"] != "executed"
        and target.variant == platforms.DEFAULT
    ]
    assert stale == []


def test_what_an_emulator_ran_is_never_called_executed() -> None:
    emulated = Executed("2026-11-25", lock.read_lock(WINDOWS).digest, "wine 10.0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outcome_records, "last_executed", lambda target, rules: emulated)
        entry = index._entry(WINDOWS, {}, RULES)
    assert (entry["status"], entry["date"], entry["with"]) == (
        "emulated",
        "2026-11-25",
        "wine 10.0",
    )


def test_what_is_only_resolved_says_why_if_nobody_can_run_it() -> None:
    entry = index._entry(Target(PAIRINGS["tf212"], "3.11", "macos-arm64"), {}, RULES)
    assert entry["status"] == "resolved"
    assert "nothing was found that runs macOS" in entry["reason"]
    assert "reason" not in ENTRIES[index.target_key(WINDOWS)]


def test_a_lock_whose_pins_change_is_no_longer_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target(PAIRINGS["tf212"], "3.11")
    before = index._entry(target, {}, RULES)
    assert before["status"] == "executed"
    monkeypatch.setattr(Lock, "digest", "0" * 12)
    resolved = {key: value for key, value in before.items() if key != "smoke"}
    resolved |= {"status": "resolved", "date": lock.read_lock(target).date}
    assert index._entry(target, {}, RULES) == resolved


def test_it_says_whether_the_check_that_was_passed_is_the_one_of_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = Target(PAIRINGS["tf212"], "3.11")
    run = Executed("2026-11-29", lock.read_lock(target).digest, smoke=results.digest_smoke())
    monkeypatch.setattr(outcome_records, "last_executed", lambda target, rules: run)
    assert index._entry(target, {}, RULES)["smoke"] == "current"
    monkeypatch.setattr(results, "digest_smoke", lambda: "0" * 12)
    assert index._entry(target, {}, RULES)["smoke"] == "earlier"


def test_neither_a_lock_nor_a_reason_is_refused() -> None:
    reasons = index.load_reasons()
    reasons.pop(("tf26", "3.9", "macos-arm64", "default"))
    with pytest.raises(Problem, match=r"macos-arm64/tf26-py39\.txt: neither a lock nor a reason"):
        index.render_index(PAIRINGS, lock.known_wheels(), reasons)


def test_every_platform_and_variant_has_locks_and_each_carries_the_code() -> None:
    for variant, names in platforms.VARIANTS.items():
        for name in names:
            targets = [
                target
                for target in pairing.list_combinations(PAIRINGS)
                if (target.platform, target.variant) == (name, variant)
                and lock.lock_path(target).exists()
            ]
            assert len(targets) >= 20, (name, variant)
            for target in targets:
                entry = ENTRIES[index.target_key(target)]
                assert lock.find_carriers(target, lock.read_lock(target)) == [entry["payload"]]


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """A copy of the whole folder of locks, which a test may break."""
    return Path(shutil.copytree(lock.FOLDER, tmp_path / "requirements"))


def check(folder: Path) -> list[str]:
    """The problems with the locks of tf212."""
    problems = index.check_requirements({"tf212": PAIRINGS["tf212"]}, folder)
    return [problem for problem in problems if "/tf212" in problem]


def test_a_missing_lock_is_found(requirements: Path) -> None:
    (requirements / "windows-x86_64/tf212-py39.txt").unlink()
    assert check(requirements) == [
        "requirements/windows-x86_64/tf212-py39.txt: no such lock: run nox -s lock -- tf212"
    ]


def test_a_stray_file_is_found(requirements: Path) -> None:
    for name in ("tf212-py36.txt", "macos-arm64/tf212-py36.txt", "solaris-sparc/tf212-py39.txt"):
        (requirements / name).parent.mkdir(exist_ok=True)
        (requirements / name).touch()
    assert check(requirements) == [
        "requirements/macos-arm64/tf212-py36.txt: belongs to no pairing: run nox -s lock",
        "requirements/solaris-sparc/tf212-py39.txt: belongs to no pairing: run nox -s lock",
        "requirements/tf212-py36.txt: belongs to no pairing: run nox -s lock",
    ]


def test_an_entry_too_few_or_too_many_is_found(requirements: Path) -> None:
    file = requirements / "index.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    lost = next(
        entry for entry in data["locks"] if entry.get("file") == "windows-x86_64/tf212-py39.txt"
    )
    lost["python"] = "3.6"
    file.write_text(json.dumps(data), encoding="utf-8")
    problems = index.check_requirements(PAIRINGS, requirements)
    assert problems == [
        "requirements/windows-x86_64/tf212-py39.txt: is not in the index: run nox -s lock",
        "requirements/index.json: tf212 3.6 windows-x86_64 default: no pairing file asks for it: "
        "run nox -s lock",
        "requirements/windows-x86_64/tf212-py39.txt: belongs to no pairing: run nox -s lock",
    ]


def test_an_in_file_or_a_tool_lock_that_is_not_what_was_asked_for_is_found(
    requirements: Path,
) -> None:
    (requirements / "tf212.in").write_text("tensorflow\n")
    (requirements / "tools/pip-tools-3.7.txt").write_text("pip-tools==1\n")
    assert index.check_requirements(PAIRINGS, requirements) == [
        "requirements/tf212.in: is not what envs/pairings/tf212.toml says: "
        "run nox -s lock -- tf212",
        "requirements/tools/pip-tools-3.7.txt: is not what envs/locking/pip-tools.toml says: "
        "run nox -s lock -- --tools",
    ]

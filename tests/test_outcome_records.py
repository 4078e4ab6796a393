"""Records and failures: what can be blessed, what is refused, and what their files must hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from samples import RULES, TF212, WORKS

from envs import Problem
from envs.model import failures, lock, outcome_records
from envs.model.failures import Failure, Rules
from envs.model.lock import Lock
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Target

# --- records ---


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of tf212's record in a temporary folder."""
    text = outcome_records.record_path(TF212.pairing).read_text()
    monkeypatch.setattr(outcome_records, "RECORDS", tmp_path)
    outcome_records.record_path(TF212.pairing).write_text(text)
    return outcome_records.record_path(TF212.pairing)


def test_blessing_what_is_recorded_changes_nothing(records: Path) -> None:
    before = records.read_text()
    assert (
        outcome_records.bless_record(TF212, outcome_records.load_record(TF212, RULES), RULES)
        == "unchanged"
    )
    assert records.read_text() == before


def test_blessing_records_a_failure_that_is_explained(records: Path) -> None:
    dense = RULES.failures["dense-not-imported"].outcome
    outcome_records.bless_record(TF212, {"legacy_adaptation/mixed": dense}, RULES)
    assert '"legacy_adaptation/mixed" = "dense-not-imported"' in records.read_text()
    assert outcome_records.load_record(TF212, RULES)["legacy_adaptation/mixed"] == dense


REFUSED = {
    "a new failure": (
        {"legacy_adaptation/mixed": Outcome(Kind.FAILS, "TypeError", "new")},
        "Add to envs/explained/failures.toml:\n\n[a-name-for-it]\nexception = 'TypeError'",
    ),
    "the correction broken": (
        {"broken_import/correction": RULES.failures["dense-not-imported"].outcome},
        "broken_import/correction must work in every pairing",
    ),
    "the incorrect import working": (
        {"broken_import/incorrect_import": WORKS},
        "broken_import/incorrect_import must fail in every pairing",
    ),
    "a crash": ({"legacy_adaptation/mixed": Outcome(Kind.CRASHES)}, "can never be expected"),
    "a timeout": ({"legacy_adaptation/mixed": Outcome(Kind.TIMES_OUT)}, "can never be expected"),
    "no installation": (
        {"broken_import/incorrect_import": Outcome(Kind.COULD_NOT_INSTALL)},
        "can never be expected",
    ),
    "no interpreter": (
        {"broken_import/incorrect_import": Outcome(Kind.NO_INTERPRETER)},
        "can never be expected",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_blessing_refuses(records: Path, what: str) -> None:
    happened, message = REFUSED[what]
    before = records.read_text()
    with pytest.raises(Problem) as caught:
        outcome_records.bless_record(TF212, happened, RULES)
    assert message in str(caught.value)
    assert records.read_text() == before


def test_a_part_cannot_be_blessed_where_nothing_is_recorded_of_the_rest(records: Path) -> None:
    records.unlink()
    with pytest.raises(Problem, match=r"adapted, .* did not run"):
        outcome_records.bless_record(TF212, {"broken_import/correction": WORKS}, RULES)
    assert not records.exists()


def test_a_remedy_must_work_in_the_same_pairing() -> None:
    failure = Failure("x", "ValueError", "x", "cause", "remedy", "legacy_adaptation/mixed")
    rules = Rules({"x": failure}, frozenset(), frozenset())
    record = {"legacy_adaptation/legacy_completed": failure.outcome}
    assert (
        "which does not work in this pairing" in outcome_records.list_objections(record, rules)[0]
    )
    assert not outcome_records.list_objections({**record, "legacy_adaptation/mixed": WORKS}, rules)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"legacy_adaptation/mixed" = "works"\n', "", "no expectation for legacy_adaptation/mixed"),
        ("legacy_adaptation/mixed", "legacy/mixed", "no example is called 'legacy/mixed'"),
        ("dense-not-imported", "dense", "'dense' is neither 'works' nor a failure"),
    ],
)
def test_an_expectation_that_is_missing_or_unknown_is_refused(
    records: Path, old: str, new: str, message: str
) -> None:
    text = records.read_text()
    assert old in text
    records.write_text(text.replace(old, new))
    with pytest.raises(Problem) as caught:
        outcome_records.load_record(TF212, RULES)
    assert str(caught.value).startswith("envs/measured/outcomes/tf212.toml: ")
    assert message in str(caught.value)


def test_another_python_s_record_says_only_where_it_differs(records: Path) -> None:
    other = Target(TF212.pairing, TF212.pairing.pythons[1])
    before = outcome_records.load_record(other, RULES)
    assert before == outcome_records.load_record(TF212, RULES)
    dense = RULES.failures["dense-not-imported"].outcome
    outcome_records.bless_record(other, {"legacy_adaptation/mixed": dense}, RULES)
    head = rf'\["{other.python}"\]\nexecuted = .*\npins = ".*"\n(?:smoke = ".*"\n)?'
    expected = head + '"legacy_adaptation/mixed" = "d'
    assert re.search(expected, records.read_text())
    assert outcome_records.load_record(other, RULES) == before | {"legacy_adaptation/mixed": dense}
    assert outcome_records.load_record(TF212, RULES) == before


def test_a_variant_is_recorded_beside_the_pythons(records: Path) -> None:
    cpu = Target(TF212.pairing, TF212.python, variant="cpu")
    record = outcome_records.load_record(TF212, RULES)
    outcome_records.bless_record(cpu, record, RULES)
    assert outcome_records.load_record(cpu, RULES) == record
    run_ = outcome_records.last_executed(cpu, RULES)
    assert run_
    assert run_.pins == lock.read_lock(cpu).digest
    assert '["3.11 cpu"]' in records.read_text()


def test_a_record_tells_when_and_with_which_pins(
    records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = outcome_records.last_executed(TF212, RULES)
    assert before
    assert before.pins == lock.read_lock(TF212).digest
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", before.date)
    monkeypatch.setattr(Lock, "digest", "0" * 12)
    record = outcome_records.load_record(TF212, RULES)
    with pytest.raises(Problem, match="cannot be blessed: its lock is new: run all scripts"):
        outcome_records.bless_record(TF212, {"broken_import/correction": WORKS}, RULES)
    outcome_records.bless_record(TF212, record, RULES)
    after = outcome_records.last_executed(TF212, RULES)
    assert after
    assert after.pins == "0" * 12
    assert after.date >= before.date


def test_a_run_that_passes_a_new_check_is_recorded_with_its_day(records: Path) -> None:
    record = outcome_records.load_record(TF212, RULES)
    outcome_records.bless_record(TF212, record, RULES, date="2030-01-01", smoke="1" * 12)
    passed = outcome_records.last_executed(TF212, RULES)
    assert passed
    assert (passed.date, passed.smoke) == ("2030-01-01", "1" * 12)
    outcome_records.bless_record(TF212, record, RULES, date="2030-01-02", smoke="1" * 12)
    outcome_records.bless_record(TF212, record, RULES, date="2030-01-03")
    emulated = {"emulator": "wine 10.0", "smoke": "2" * 12}
    outcome_records.bless_record(TF212, record, RULES, date="2030-01-04", **emulated)
    assert outcome_records.last_executed(TF212, RULES) == passed


def test_a_python_that_was_never_run_has_no_expectation(records: Path) -> None:
    other = Target(TF212.pairing, TF212.pairing.pythons[1])
    table = rf'\["{other.python}"\]\n(?:[^\[\n]+\n)+'
    records.write_text(re.sub(table, "", records.read_text()))
    with pytest.raises(Problem, match="no expectations for tf212-py310: run nox -s tf212-py310"):
        outcome_records.load_record(other, RULES)


def test_no_record_at_all_says_how_to_make_one(records: Path) -> None:
    records.unlink()
    with pytest.raises(Problem, match="no expectations for tf212: run nox -s tf212 -- --bless"):
        outcome_records.load_record(TF212, RULES)


FAILURE = """
[x]
exception = "ValueError"
message = "wrong"
cause = "cause"
remedy = "remedy"
script = "broken_import/correction"
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('cause = "cause"\n', "", "x: must have exactly the keys"),
        ('"remedy"', '""', "x: every value must be a non-empty text"),
        ("broken_import/correction", "correction", "x: script: no example is called 'correction'"),
        ("wrong", "at 0x7f00", "x: message: is not normalised, write: at 0x..."),
        (FAILURE, FAILURE + FAILURE.replace("[x]", "[y]"), "y: has the exception and message of x"),
        ("[x]", "[works]", "works: a record uses this word for an outcome"),
    ],
)
def test_a_failure_that_is_half_explained_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "failures.toml"
    path.write_text(FAILURE)
    assert "x" in failures.load_rules(path).failures
    path.write_text(FAILURE.replace(old, new))
    with pytest.raises(Problem) as caught:
        failures.load_rules(path)
    assert f"envs/explained/failures.toml: {message}" in str(caught.value)

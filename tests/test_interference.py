"""Interferences: reproduced with real packages, detected and repaired: `nox -s interference`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from chosen_tests import list_chosen

from envs import Problem
from envs.interference import interferences, makers, reproduction
from envs.interference.interferences import Record
from envs.interference.reproduction import Result
from envs.model import pairing

KNOWN = interferences.load_interferences(complete=False)
TARGETS = pairing.list_targets(pairing.load_pairings())
CASES = [
    (session, interference.name)
    for session in (*interferences.PAIRINGS, "tf25")
    for interference in KNOWN.values()
    if session in interference.pairings
]

Results = dict[str, Future[dict[str, Result | str]]]


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> Iterator[Results]:
    """Start every selected interference, two pairings at a time. Session -> its results."""
    chosen: dict[str, list[str]] = {}
    for params in list_chosen(request, "test_it_is_detected_and_its_fix_mends_it"):
        chosen.setdefault(params["session"], []).append(params["name"])
    drop, bless = (request.config.getoption(option) for option in ("--drop", "--bless"))
    with ThreadPoolExecutor(2) as pool:
        yield {
            session: pool.submit(reproduction.reproduce_all, session, names, drop, bless)
            for session, names in chosen.items()
        }


@pytest.mark.interference
@pytest.mark.parametrize(("session", "name"), CASES, ids=["-".join(case) for case in CASES])
def test_it_is_detected_and_its_fix_mends_it(
    session: str, name: str, results: Results, request: pytest.FixtureRequest
) -> None:
    result = results[session].result()[name]
    assert isinstance(result, Result), result
    print(f"{session} {name}: {result.seconds:.0f} s")
    assert result.record.says, f"verify.py says nothing of {result.record.effect}"
    assert result.left == (), "the printed fixes do not mend it"
    assert result.restored, "the environment could not be brought back to its lock"
    if not request.config.getoption("--bless"):
        assert name in KNOWN
        assert session in KNOWN[name].happens, f"nothing is recorded: {interferences.BLESS}"
        assert result.record == KNOWN[name].happens[session]


# --- quick: the data itself ---


def test_everything_is_recorded_and_can_be_made() -> None:
    assert set(interferences.load_interferences()) == set(makers.MAKERS)
    for interference in KNOWN.values():
        assert set(interference.pairings) | set(interference.spared) >= set(interferences.PAIRINGS)
    assert interferences.render_interferences(KNOWN) == interferences.FILE.read_text(
        encoding="utf-8"
    )


def test_what_has_an_effect_on_keras_is_a_problem() -> None:
    """A note is enough only if nothing changes, or if the pairing asks for the change."""
    for name, interference in KNOWN.items():
        for session, record in interference.happens.items():
            noted = all(line.startswith("note: ") for line in record.says)
            assert not (noted and record.effect) or name == "legacy-in-both-worlds", session


def test_what_is_recorded_reads_the_same_on_every_machine() -> None:
    for interference in KNOWN.values():
        for record in interference.happens.values():
            for text in (*record.effect, *record.says, *record.fixes):
                assert not re.search(r"(?<![\w>.])/\w+/", text), text


def test_a_blessed_run_keeps_what_did_not_run(tmp_path: Path) -> None:
    file = tmp_path / "examples" / "interference.toml"
    file.parent.mkdir()
    file.write_text(interferences.FILE.read_text(encoding="utf-8"), encoding="utf-8")
    new = Record(('import keras: "0"',), ("problem: it's [<home>]",), ())
    interferences.bless_interferences({"numpy": {"tf212": new}}, file)
    known = interferences.load_interferences(file)
    assert known["numpy"].happens == {**KNOWN["numpy"].happens, "tf212": new}
    assert {**known, "numpy": KNOWN["numpy"]} == KNOWN


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[[pythonpath.happens]]", "[[pythonpath.happened]]", "unknown key 'happened'"),
        ('"tf221" = "it is made', '"tf299" = "it is made', "'tf299' is not a pairing of this"),
        (
            '"tf115" = "NumPy 2',
            '"tf115 tf212" = "NumPy 2',
            "'tf212' is not a pairing of this interference, or 'not'",
        ),
        ("[numpy.not]\n", '[numpy.not]\n"tf25" = "x"\n', "'tf25' is not a pairing of this"),
        ("effect = ", "affects = ", "must have exactly pairings, effect, says, fixes"),
        ('pairings = ["tf25"]', "pairings = []", "nothing is recorded for tf25: run nox -s"),
    ],
)
def test_data_that_is_not_whole_is_refused(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    text = interferences.FILE.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "interference.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Problem, match=re.escape(message)):
        interferences.load_interferences(file)

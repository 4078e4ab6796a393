"""Sessions: the order of the scripts, their shared bytecode, mismatches, the daily share."""

from __future__ import annotations

import datetime
import time
from pathlib import Path

import pytest
from samples import PYTHON, TF212, WORKS

from envs import Problem
from envs.model import host, lock, pairing
from envs.model.outcomes import Kind, Outcome, Run
from envs.running import daily_share, installation, interpreters, sandbox, sessions


def test_the_longest_script_starts_first_and_only_bytecode_of_today_s_pins_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started = []

    def run(script: Path, *_: object, **how: object) -> Run:
        started.append(script.stem)
        assert how["bytecode"] == sessions.bytecode_folder(TF212)
        return Run(WORKS)

    monkeypatch.setattr(sessions, "ROOT", tmp_path)
    monkeypatch.setattr(sandbox, "run_script", run)
    monkeypatch.setattr(installation, "ensure_environment", lambda *args: PYTHON)
    old = sessions.bytecode_folder(TF212).with_name("000000000000")
    old.mkdir(parents=True)
    sessions.bytecode_folder(TF212).mkdir()
    names = ["broken_import/correction", "smoke"]
    futures = sessions.start_scripts(TF212, names, None, 1, 9, print)
    assert [futures[name].result().outcome for name in names] == [WORKS, WORKS]
    assert started == ["smoke", "correction"]
    assert [path.name for path in old.parent.iterdir()] == [sessions.bytecode_folder(TF212).name]


def test_in_a_new_environment_keras_is_compiled_while_the_first_script_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sessions, "ROOT", tmp_path)
    monkeypatch.setattr(sandbox, "run_script", lambda *args, **how: Run(WORKS))
    monkeypatch.setattr(installation, "ensure_environment", lambda *args: PYTHON)
    keras = sessions.environment_folder(TF212) / "lib" / "python3.11" / "site-packages" / "keras"
    keras.mkdir(parents=True)
    (keras / "models.py").write_text("")
    (keras / "broken.py").write_text("this is no Python")

    def compiled(jobs: int, seconds: float) -> list[str]:
        futures = sessions.start_scripts(
            TF212, ["broken_import/correction", "smoke"], None, jobs, 9, print
        )
        assert {future.result().outcome for future in futures.values()} == {WORKS}
        deadline = time.monotonic() + seconds
        while not (files := [*tmp_path.rglob("keras/*.pyc")]) and time.monotonic() < deadline:
            time.sleep(0.05)
        return [path.name.split(".")[0] for path in files]

    assert compiled(jobs=1, seconds=1) == []
    assert compiled(jobs=2, seconds=20) == ["models"]


def test_a_mismatch_shows_both_sides_and_how_to_repeat_it() -> None:
    happened = Outcome(Kind.FAILS, "ImportError", "new")
    text = sessions.describe_mismatch(
        TF212, "broken_import/correction", WORKS, Run(happened, "out")
    )
    python = interpreters.interpreter_in(Path(".nox/tf212"))
    script = Path("examples/broken_import/correction.py")
    assert "expected     works" in text
    assert "happened     fails: ImportError: new" in text
    assert f"repeat       {python} -I {script}" in text
    assert "nox -s tf212 -- --bless" in text


def test_every_further_python_and_variant_gets_its_turn() -> None:
    known = lock.list_executable(pairing.load_pairings(), host.find_host())
    further = {
        name
        for name, target in known.items()
        if name != target.pairing.name and target.variant != "cuda"
    }
    assert {"tf212-py39", "tf212-cpu"} <= further
    seen: list[str] = []
    day = datetime.date(2026, 11, 23)
    for number in range(-(-len(further) // 10)):
        chosen, left = daily_share.choose_share("10", day + datetime.timedelta(number))
        assert len(chosen) == 10
        assert {*chosen, *left} == further
        seen += chosen
    assert set(seen) == further
    assert len(seen) - len(set(seen)) < 10


@pytest.mark.parametrize("count", ["0", "-1", "ten", ""])
def test_a_share_is_a_number(count: str) -> None:
    with pytest.raises(Problem, match="is not a number of sessions"):
        daily_share.choose_share(count)

"""Outcomes: every way a script can end is told apart, and blessing cannot hide a failure."""

from __future__ import annotations

import datetime
import re
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from envs import Problem, environment, lock, outcome, pairing
from envs.outcome import Failure, Kind, Outcome, Rules
from envs.pairing import Target

PYTHON = Path(sys.executable)
WORKS = Outcome(Kind.WORKS)
RULES = outcome.load_rules()
TF212 = Target(pairing.load(pairing.FOLDER / "tf212.toml"), "3.11")


def run(folder: Path, code: str, timeout: float = 20, **env: str) -> outcome.Run:
    script = folder / "script.py"
    script.write_text(code)
    return outcome.run(script, PYTHON, env, timeout)


CHAINED = """\
try:
    import no_such_module
except ImportError:
    raise AttributeError("module 'a' has no attribute 'b'\\nmore of it\\n    and more")
"""
ENDS = {
    "works": ("print('fine')", WORKS),
    "fails": ("Dense", Outcome(Kind.FAILS, "NameError", "name 'Dense' is not defined")),
    "no message": ("raise KeyError", Outcome(Kind.FAILS, "KeyError")),
    "chained": (CHAINED, Outcome(Kind.FAILS, "AttributeError", "module 'a' has no attribute 'b'")),
    "noise after": (
        "import atexit, sys\natexit.register(lambda: sys.stderr.write('noise: yes\\n'))\n1/0",
        Outcome(Kind.FAILS, "ZeroDivisionError", "division by zero"),
    ),
    "exit code": ("raise SystemExit(1)", Outcome(Kind.FAILS, "SystemExit", "1")),
    "crash": (
        "import os; os.kill(os.getpid(), 11)",
        Outcome(Kind.CRASHES, message="ended by SIGSEGV"),
    ),
    "other exit code": (
        "import os; os._exit(3)",
        Outcome(Kind.CRASHES, message="exit code 3 without a traceback"),
    ),
    "not UTF-8": (
        "import sys; sys.stderr.buffer.write(b'\\xff\\n'); raise ValueError('x')",
        Outcome(Kind.FAILS, "ValueError", "x"),
    ),
    "much output": (
        "import sys; sys.stderr.write('x' * 79 + '\\n' * 9**6); raise ValueError('x')",
        Outcome(Kind.FAILS, "ValueError", "x"),
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_each_end_of_a_script_is_told_apart(tmp_path: Path, end: str) -> None:
    code, expected = ENDS[end]
    assert run(tmp_path, code).outcome == expected


def test_a_script_that_hangs_is_ended_and_so_is_what_it_started(tmp_path: Path) -> None:
    left = tmp_path / "left"
    code = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time, pathlib; time.sleep(3); "
        f'pathlib.Path("{left}").touch()\'])\n'
        "time.sleep(60)"
    )
    ended = run(tmp_path, code, timeout=1)
    assert ended.outcome == Outcome(Kind.TIMES_OUT, message="after 1 seconds")
    assert ended.seconds < 3
    time.sleep(3)
    assert not left.exists()


def test_what_a_script_started_as_it_ended_is_seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Until its program is loaded, Linux shows nothing of a process that is started."""
    shown = outcome._proc
    seen: Counter[Path] = Counter()

    def proc(path: Path) -> tuple[bytes, bytes]:
        seen[path] += 1
        return shown(path) if seen[path] > 2 else (b"", b"")

    monkeypatch.setattr(outcome, "_proc", proc)
    monkeypatch.setattr(outcome, "_GRACE", 0.1)
    sleep = "[sys.executable, '-c', 'import time; time.sleep(30)']"
    code = f"import os, subprocess, sys\nsubprocess.Popen({sleep})\nos._exit(0)"
    assert run(tmp_path, code).outcome.kind is Kind.LEAVES_A_PROCESS


def test_bytecode_is_kept_apart_and_used_again_until_its_source_changes(tmp_path: Path) -> None:
    """By the script, which is isolated from variables, and by what it starts."""
    module, cache = tmp_path / "packages" / "module.py", tmp_path / "bytecode"
    module.parent.mkdir()
    module.write_text("print('first')")
    code = (
        "import os, subprocess, sys\n"
        f"sys.path.insert(0, {str(module.parent)!r})\n"
        "import module\n"
        "subprocess.run([sys.executable, '-c', 'import colorsys'], check=True)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)

    def output() -> str:
        return outcome.run(script, PYTHON, {}, bytecode=cache).output.strip()

    assert output() == "first"
    written = {path.name.partition(".")[0]: path for path in cache.rglob("*.pyc")}
    assert {"module", "colorsys"} <= set(written)
    assert not list(module.parent.rglob("*.pyc"))
    before = written["module"].stat().st_mtime_ns
    assert output() == "first"
    assert written["module"].stat().st_mtime_ns == before
    module.write_text("print('second, and longer')")
    assert output() == "second, and longer"


def test_the_longest_script_starts_first_and_only_bytecode_of_today_s_pins_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started = []

    def run(script: Path, *_: object, **how: object) -> outcome.Run:
        started.append(script.stem)
        assert how["bytecode"] == outcome.bytecode(TF212)
        return outcome.Run(WORKS)

    monkeypatch.setattr(outcome, "ROOT", tmp_path)
    monkeypatch.setattr(outcome, "run", run)
    monkeypatch.setattr(environment, "ensure", lambda *args: PYTHON)
    old = outcome.bytecode(TF212).with_name("000000000000")
    old.mkdir(parents=True)
    outcome.bytecode(TF212).mkdir()
    names = ["broken_import/correction", "smoke"]
    futures = outcome.start(TF212, names, None, 1, 9, print)
    assert [futures[name].result().outcome for name in names] == [WORKS, WORKS]
    assert started == ["smoke", "correction"]
    assert [path.name for path in old.parent.iterdir()] == [outcome.bytecode(TF212).name]


def test_in_a_new_environment_keras_is_compiled_while_the_first_script_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(outcome, "ROOT", tmp_path)
    monkeypatch.setattr(outcome, "run", lambda *args, **how: outcome.Run(WORKS))
    monkeypatch.setattr(environment, "ensure", lambda *args: PYTHON)
    keras = outcome.folder(TF212) / "lib" / "python3.11" / "site-packages" / "keras"
    keras.mkdir(parents=True)
    (keras / "models.py").write_text("")
    (keras / "broken.py").write_text("this is no Python")

    def compiled(jobs: int, seconds: float) -> list[str]:
        futures = outcome.start(TF212, ["broken_import/correction", "smoke"], None, jobs, 9, print)
        assert {future.result().outcome for future in futures.values()} == {WORKS}
        until = time.monotonic() + seconds
        while not (found := [*tmp_path.rglob("keras/*.pyc")]) and time.monotonic() < until:
            time.sleep(0.05)
        return [path.name.split(".")[0] for path in found]

    assert compiled(jobs=1, seconds=1) == []
    assert compiled(jobs=2, seconds=20) == ["models"]


def test_a_script_sees_its_pairing_s_variables_and_none_of_the_machine_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keras.py").write_text("")
    for name in ("PYTHONPATH", "KERAS_BACKEND", "KERAS_HOME", "TF_USE_LEGACY_KERAS"):
        monkeypatch.setenv(name, str(tmp_path))
    code = (
        "import os, sys\n"
        f"assert {str(tmp_path)!r} not in sys.path, sys.path\n"
        "assert os.environ['TF_USE_LEGACY_KERAS'] == '1'\n"
        "assert not {'PYTHONPATH', 'KERAS_BACKEND', 'KERAS_HOME'} & set(os.environ)\n"
        "assert os.listdir(os.path.expanduser('~')) == []\n"
    )
    assert run(tmp_path, code, TF_USE_LEGACY_KERAS="1").outcome == WORKS


@pytest.mark.parametrize(
    ("raw", "normalised"),
    [
        ("cannot import 'x' (/home/me/a b/x.py)", "cannot import 'x' (<path>)"),
        (r"cannot import 'x' (C:\Users\me\x.py)", "cannot import 'x' (<path>)"),
        ("No such file: '/usr/lib/x.so'", "No such file: '<path>'"),
        ("error in /usr/lib/x.so: it", "error in <path> it"),
        ("<Dense object at 0x7f89f55ed5d0>", "<Dense object at 0x...>"),
        ("see https://keras.io/api and/or ask", "see https://keras.io/api and/or ask"),
        ("two   spaces\tand a tab", "two spaces and a tab"),
    ],
)
def test_a_message_reads_the_same_on_every_machine(raw: str, normalised: str) -> None:
    assert outcome.normalise(raw) == normalised
    assert outcome.normalise(normalised) == normalised


# --- records ---


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """tf212's record alone, in a folder that may be written."""
    text = outcome.record_path(TF212.pairing).read_text()
    monkeypatch.setattr(outcome, "RECORDS", tmp_path)
    outcome.record_path(TF212.pairing).write_text(text)
    return outcome.record_path(TF212.pairing)


def test_blessing_what_is_recorded_changes_nothing(records: Path) -> None:
    before = records.read_text()
    assert outcome.bless(TF212, outcome.load_record(TF212, RULES), RULES) == "unchanged"
    assert records.read_text() == before


def test_blessing_records_a_failure_that_is_explained(records: Path) -> None:
    dense = RULES.failures["dense-not-imported"].outcome
    outcome.bless(TF212, {"legacy_adaptation/mixed": dense}, RULES)
    assert '"legacy_adaptation/mixed" = "dense-not-imported"' in records.read_text()
    assert outcome.load_record(TF212, RULES)["legacy_adaptation/mixed"] == dense


REFUSED = {
    "a new failure": (
        {"legacy_adaptation/mixed": Outcome(Kind.FAILS, "TypeError", "new")},
        "Add to examples/failures.toml:\n\n[a-name-for-it]\nexception = 'TypeError'",
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
        outcome.bless(TF212, happened, RULES)
    assert message in str(caught.value)
    assert records.read_text() == before


def test_a_part_cannot_be_blessed_where_nothing_is_recorded_of_the_rest(records: Path) -> None:
    records.unlink()
    with pytest.raises(Problem, match=r"adapted, .* did not run"):
        outcome.bless(TF212, {"broken_import/correction": WORKS}, RULES)
    assert not records.exists()


def test_a_remedy_must_work_in_the_same_pairing() -> None:
    failure = Failure("x", "ValueError", "x", "cause", "remedy", "legacy_adaptation/mixed")
    rules = Rules({"x": failure}, frozenset(), frozenset())
    record = {"legacy_adaptation/legacy_completed": failure.outcome}
    assert "which does not work in this pairing" in outcome.objections(record, rules)[0]
    assert not outcome.objections({**record, "legacy_adaptation/mixed": WORKS}, rules)


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
        outcome.load_record(TF212, RULES)
    assert str(caught.value).startswith("examples/outcomes/tf212.toml: ")
    assert message in str(caught.value)


def test_another_python_s_record_says_only_where_it_differs(records: Path) -> None:
    other = Target(TF212.pairing, TF212.pairing.pythons[1])
    before = outcome.load_record(other, RULES)
    assert before == outcome.load_record(TF212, RULES)
    dense = RULES.failures["dense-not-imported"].outcome
    outcome.bless(other, {"legacy_adaptation/mixed": dense}, RULES)
    expected = rf'\["{other.python}"\]\nexecuted = .*\npins = ".*"\n"legacy_adaptation/mixed" = "d'
    assert re.search(expected, records.read_text())
    assert outcome.load_record(other, RULES) == before | {"legacy_adaptation/mixed": dense}
    assert outcome.load_record(TF212, RULES) == before


def test_a_variant_is_recorded_beside_the_pythons(records: Path) -> None:
    cpu = Target(TF212.pairing, TF212.python, variant="cpu")
    record = outcome.load_record(TF212, RULES)
    outcome.bless(cpu, record, RULES)
    assert outcome.load_record(cpu, RULES) == record
    run_ = outcome.executed(cpu, RULES)
    assert run_
    assert run_.pins == lock.read(cpu).digest
    assert '["3.11 cpu"]' in records.read_text()


def test_a_record_tells_when_and_with_which_pins(
    records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = outcome.executed(TF212, RULES)
    assert before
    assert before.pins == lock.read(TF212).digest
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", before.date)
    monkeypatch.setattr(lock.Lock, "digest", "0" * 12)
    record = outcome.load_record(TF212, RULES)
    with pytest.raises(Problem, match="cannot be blessed: its lock is new: run all scripts"):
        outcome.bless(TF212, {"broken_import/correction": WORKS}, RULES)
    outcome.bless(TF212, record, RULES)
    after = outcome.executed(TF212, RULES)
    assert after
    assert after.pins == "0" * 12
    assert after.date >= before.date


def test_a_python_that_was_never_run_has_no_expectation(records: Path) -> None:
    other = Target(TF212.pairing, TF212.pairing.pythons[1])
    table = rf'\["{other.python}"\]\n(?:[^\[\n]+\n)+'
    records.write_text(re.sub(table, "", records.read_text()))
    with pytest.raises(Problem, match="no expectations for tf212-py310: run nox -s tf212-py310"):
        outcome.load_record(other, RULES)


def test_no_record_at_all_says_how_to_make_one(records: Path) -> None:
    records.unlink()
    with pytest.raises(Problem, match="no expectations for tf212: run nox -s tf212 -- --bless"):
        outcome.load_record(TF212, RULES)


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
        ('"remedy"', '""', "x: every value must be a text that is not empty"),
        ("broken_import/correction", "correction", "x: script: no example is called 'correction'"),
        ("wrong", "at 0x7f00", "x: message: is not normalised: at 0x..."),
        (FAILURE, FAILURE + FAILURE.replace("[x]", "[y]"), "y: says the same as x"),
    ],
)
def test_a_failure_that_is_half_explained_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "failures.toml"
    path.write_text(FAILURE)
    assert "x" in outcome.load_rules(path).failures
    path.write_text(FAILURE.replace(old, new))
    with pytest.raises(Problem) as caught:
        outcome.load_rules(path)
    assert f"examples/failures.toml: {message}" in str(caught.value)


def test_a_mismatch_shows_both_sides_and_how_to_repeat_it() -> None:
    happened = Outcome(Kind.FAILS, "ImportError", "new")
    text = outcome.mismatch(TF212, "broken_import/correction", WORKS, outcome.Run(happened, "out"))
    python = environment.interpreter(Path(".nox/tf212"))
    assert "expected     works" in text
    assert "happened     fails: ImportError: new" in text
    assert f"repeat       {python} -I examples/broken_import/correction.py" in text
    assert "nox -s tf212 -- --bless" in text


def test_every_further_python_and_variant_gets_its_turn() -> None:
    known = lock.executable(pairing.load_all())
    further = {name for name, target in known.items() if name != target.pairing.name}
    assert {"tf212-py39", "tf212-cpu"} <= further
    seen: list[str] = []
    day = datetime.date(2026, 11, 23)
    for number in range(-(-len(further) // 10)):
        chosen, left = outcome.share("10", day + datetime.timedelta(number))
        assert len(chosen) == 10
        assert {*chosen, *left} == further
        seen += chosen
    assert set(seen) == further
    assert len(seen) - len(set(seen)) < 10


@pytest.mark.parametrize("count", ["0", "-1", "ten", ""])
def test_a_share_is_a_number(count: str) -> None:
    with pytest.raises(Problem, match="is no number of sessions"):
        outcome.share(count)

"""Companions: what a trial records, how it is judged, and which trials a request runs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from envs import Problem
from envs.companions import companions_run, packages, trial_files, trials
from envs.companions.companions_run import CompanionsRequest
from envs.companions.packages import Companion
from envs.companions.trial_environment import TrialEnvironment
from envs.companions.trials import State, Trial
from envs.model import lock, pairing
from envs.publish import companion_tables
from envs.running import installation, installers

WHOLE = State("works", "works", "works", ())
BROKEN = State("works", "works", "fails: ImportError: x", ())
NAMED = replace(BROKEN, problems=("x is missing",))
EITHER = replace(BROKEN, problems=(f"x and y: {trials.IMPOSSIBLE}",))
BOTH = replace(BROKEN, problems=(*EITHER.problems, *NAMED.problems))
TARGETS = packages.list_environments()
DAY = "2026-11-18"


def made(name: str = "tf212", installed: State | None = WHOLE, **facts: object) -> Trial:
    target = TARGETS[name]
    digest = lock.read_lock(target).digest
    plain = Trial("2026-11-25", digest, trial_files.scripts_digest(), DAY, installed=installed)
    return replace(plain, **facts)  # type: ignore[arg-type]


def test_the_forty_companions_are_listed_and_twelve_pairings() -> None:
    assert len(packages.load_companions()) >= 40
    assert len(TARGETS) == 12
    assert set(TARGETS) <= set(pairing.load_pairings())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[a]\nalso = ["b"]\n', "missing 1 required positional argument: 'does'"),
        ('[a]\ndoes = "x"\nwhat = 1\n', "unexpected keyword argument 'what'"),
        ('[a]\ndoes = "import"\n', "a: invalid syntax"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "packages.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Problem) as caught:
        packages.load_companions(file)
    assert message in str(caught.value).replace("Expected one or more names", "invalid syntax")


@pytest.mark.parametrize(
    ("trial", "verdict"),
    [
        (made(), "works"),
        (made(installed=None, cannot="no wheel"), "cannot"),
        (made(installed=BROKEN), "unnoticed"),
        (made(installed=EITHER, fixes=("take two environments",)), "said to be impossible"),
        (made(installed=BOTH, fixes=("take two environments",)), "not mended"),
        (made(installed=BOTH, fixes=("do it",), mended=EITHER), "said to be impossible"),
        (made(installed=BOTH, fixes=("do it",), mended=NAMED), "not mended"),
        (made(installed=NAMED, fixes=("do it",), mended=EITHER), "not mended"),
        (made(installed=BOTH, fixes=("do",), mended=BROKEN), "said to be impossible"),
        (made(installed=BOTH, fixes=("do",), mended=replace(WHOLE, keras="fails")), "not mended"),
        (made(installed=NAMED, fixes=("do it",)), "not mended"),
        (made(installed=NAMED, fixes=("do it",), mended=BROKEN), "not mended"),
        (made(installed=NAMED, fixes=("do it",), mended=replace(WHOLE, keras="")), "mended"),
        (made(installed=replace(WHOLE, problems=("x",)), fixes=("do",), mended=WHOLE), "mended"),
        (
            made(installed=NAMED, fixes=("do",), mended=replace(WHOLE, problems=("y",))),
            "not mended",
        ),
    ],
)
def test_a_trial_is_judged_by_all_that_was_seen(trial: Trial, verdict: str) -> None:
    assert trials.judge_trial(trial) == verdict
    assert verdict in trials.MEANING
    assert trials.from_data(json.loads(json.dumps(trials.to_data(trial)))) == trial


def test_the_records_are_as_the_schema_says_and_no_remedy_breaks_anything() -> None:
    schema = json.loads(trial_files.SCHEMA.read_text(encoding="utf-8"))
    files = [path for path in trial_files.FOLDER.glob("*.json") if path != trial_files.SCHEMA]
    for file in files:
        jsonschema.validate(json.loads(file.read_text(encoding="utf-8")), schema)
        assert file.stem in TARGETS
        for title, trial in trial_files.load_trials(file.stem).items():
            assert title.removesuffix(" by pip") in packages.load_companions()
            assert trials.judge_trial(trial) != "not mended", (file.stem, title)


def test_a_record_that_cannot_be_read_names_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "tf212.json").write_text('{"trials": {"numpy": {}}}')
    with pytest.raises(
        Problem, match="restore it with git, or remove it and run nox -s companions"
    ):
        trial_files.load_trials("tf212", tmp_path)


def test_a_trial_is_stale_with_another_lock_or_day() -> None:
    target = TARGETS["tf212"]
    assert not trial_files.is_stale_trial(target, made(), DAY)
    assert trial_files.is_stale_trial(target, made(lock="0" * 12), DAY)
    assert not trial_files.is_stale_trial(target, made(scripts="0" * 12), DAY)
    assert trial_files.is_stale_trial(target, made(), "2026-11-19")


# --- a run ---

Run = Callable[..., list[str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs trials that end as told, in `happens`; returns the lines that were printed."""
    monkeypatch.setattr(trial_files, "FOLDER", tmp_path)
    for function in (trial_files.load_trials, trial_files.write_trials):
        defaults = (tmp_path,)
        monkeypatch.setattr(function, "__defaults__", defaults)
    monkeypatch.setattr(trial_files.recorded_day, "__defaults__", (tmp_path,))
    for name in ("make", "restore"):
        monkeypatch.setattr(TrialEnvironment, name, lambda self: None)
    happens: dict[str, Trial | Problem] = {}

    def try_companion(self: TrialEnvironment, companion: Companion) -> Trial:
        trial = happens.get(companion.name, made(self.target.pairing.name))
        if isinstance(trial, Problem):
            raise trial
        return replace(trial, as_of=self.as_of)

    monkeypatch.setattr(TrialEnvironment, "try_companion", try_companion)

    def start(request: CompanionsRequest, **told: Trial | Problem) -> list[str]:
        lines: list[str] = []
        happens.clear()
        happens.update(told)
        companions_run.run_companions(request, lines.append)
        return lines

    return start


def test_trials_are_recorded_and_those_that_are_current_do_not_run_again(
    run: Run, tmp_path: Path
) -> None:
    lines = run(CompanionsRequest(("tf212",)))
    recorded = trial_files.load_trials("tf212", tmp_path)
    assert set(packages.load_companions()) < set(recorded)
    by_pip = [title for title in recorded if title.endswith(" by pip")]
    assert len(by_pip) == -(-len(packages.load_companions()) // companions_run.BY_PIP)
    assert len(lines) == len(recorded)
    assert run(CompanionsRequest(("tf212",))) == [
        "no trial is missing or stale; --again runs recorded ones again"
    ]


def test_a_trial_that_differs_is_named_and_recorded_only_if_blessed(
    run: Run, tmp_path: Path
) -> None:
    request = CompanionsRequest(("tf212",), ("pandas",))
    run(request)
    cannot = made(installed=None, cannot="no wheel")
    with pytest.raises(Problem, match=r"tf212 \+ pandas: differs from its record; repeat: nox -s"):
        run(request, pandas=cannot)
    assert trial_files.load_trials("tf212", tmp_path)["pandas"].installed == WHOLE
    run(replace(request, bless=True), pandas=cannot)
    assert trial_files.load_trials("tf212", tmp_path)["pandas"].cannot == "no wheel"


def test_a_remedy_that_does_not_mend_turns_the_run_red(run: Run) -> None:
    request = CompanionsRequest(("tf212",), ("pandas", "scipy"))
    with pytest.raises(Problem, match=r"tf212 \+ pandas: not mended: something fails after what"):
        run(request, pandas=made(installed=NAMED, fixes=("do it",), mended=BROKEN))


def test_a_trial_that_could_not_be_made_leaves_the_others(run: Run, tmp_path: Path) -> None:
    request = CompanionsRequest(("tf212",), ("pandas", "scipy"))
    with pytest.raises(Problem, match=r"tf212 \+ pandas: no network"):
        run(request, pandas=Problem("no network"))
    assert set(trial_files.load_trials("tf212", tmp_path)) >= {"scipy"}


def test_a_check_runs_some_of_what_is_recorded(run: Run) -> None:
    run(CompanionsRequest(("tf212",)))
    lines = run(CompanionsRequest(check=3, seed=1))
    assert lines[0] == "trials at random: --check 3 --seed 1"
    assert len(lines) == 4
    assert all(line.endswith(", as recorded") for line in lines[1:])
    assert sorted(line.split("] ")[1] for line in lines[1:]) == sorted(
        line.split("] ")[1] for line in run(CompanionsRequest(check=3, seed=1))[1:]
    )


def test_a_check_compares_and_writes_nothing_even_where_verify_py_is_new(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(CompanionsRequest(("tf212",), ("pandas",)))
    before = (tmp_path / "tf212.json").read_bytes()
    monkeypatch.setattr(trial_files, "scripts_digest", lambda: "0" * 12)
    assert run(CompanionsRequest(check=1, seed=1))[-1].endswith(", as recorded")
    with pytest.raises(Problem, match=r"tf212 \+ pandas: differs from its record"):
        run(CompanionsRequest(check=1, seed=1), pandas=made(installed=None, cannot="no wheel"))
    assert (tmp_path / "tf212.json").read_bytes() == before


def test_other_words_are_a_difference_only_with_the_same_verify_py(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = made(installed=NAMED, fixes=("do it",), mended=WHOLE)
    now = replace(once, fixes=("do it so",), moved={"numpy": ("2.0", "1.26")}, scripts="0" * 12)
    run(CompanionsRequest(("tf212",), ("pandas",)), pandas=once)
    check = CompanionsRequest(check=1, seed=1)
    with pytest.raises(Problem, match=r"tf212 \+ pandas: differs from its record"):
        run(check, pandas=replace(now, scripts=once.scripts))
    assert run(check, pandas=now)[-1].endswith("mended (0 s), as recorded")
    for other in (replace(now, changed={"numpy": (None, "2.0")}), replace(now, mended=BROKEN)):
        with pytest.raises(Problem, match=r"tf212 \+ pandas: differs from its record"):
            run(check, pandas=other)
    run(CompanionsRequest(("tf212",), ("pandas",), again=True), pandas=now)
    assert trial_files.load_trials("tf212", tmp_path)["pandas"].fixes == ("do it so",)


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_each_printed_command_is_carried_out_and_one_that_is_refused_is_no_remedy(
    monkeypatch: pytest.MonkeyPatch, installer: str
) -> None:
    environment = TrialEnvironment(TARGETS["tf26"], DAY, installer)
    environment.python = Path("python")
    uv = installer == "uv"
    begin, where = ("uv pip", " -p python") if uv else ("python -m pip", "")
    fixes = [
        f"{begin} uninstall{where or ' -y'} ml-dtypes",
        f'{begin} install{where} "numpy~=1.19.2" onnx',
        "or, to keep onnx 1.19.1, take two environments",
    ]
    typed: list[list[str]] = []
    refused = "No solution found when resolving: x" if uv else "ERROR: ResolutionImpossible"

    def run_installer(command: list[str]) -> subprocess.CompletedProcess[str]:
        typed.append(command)
        fails = "numpy~=1.19.2" in command
        return subprocess.CompletedProcess(command, int(fails), refused if fails else "")

    monkeypatch.setattr(installers, "run_installer", run_installer)
    monkeypatch.setattr(installation, "list_installed", lambda folder: {})
    facts = {"problems": [{"fixes": fixes}]}
    monkeypatch.setattr(TrialEnvironment, "look", lambda self, companion: (NAMED, facts))
    trial = environment.try_companion(packages.load_companions()["onnx"])
    assert [command[-1] for command in typed] == ["onnx", "ml-dtypes", "onnx"]
    assert [("install" in command, "uninstall" in command) for command in typed] == [
        (True, False),
        (False, True),
        (True, False),
    ]
    assert trial.fixes == tuple(fixes)
    assert trial.mended
    assert "cannot be carried out" in trial.mended.problems[-1]
    assert trials.judge_trial(trial) == "not mended"


def test_an_unknown_name_is_refused(run: Run) -> None:
    with pytest.raises(Problem, match="unknown companion 'padnas'; known: numpy, pandas"):
        run(CompanionsRequest(packages=("padnas",)))
    with pytest.raises(Problem, match="unknown pairing 'tf299'"):
        run(CompanionsRequest(("tf299",)))


# --- the page ---


def test_a_cell_says_which_release_goes_and_what_the_installation_changed() -> None:
    changed = {"pandas": (None, "3.0.6"), "numpy": ("1.23.5", "2.4.6")}
    moved = {"pandas": ("3.0.6", "2.3.3"), "numpy": ("2.4.6", "1.23.5")}
    trial = made(installed=NAMED, changed=changed, moved=moved, fixes=("do",), mended=WHOLE)
    cell = companion_tables.describe_trial("pandas", trial)
    assert cell == "2.3.3, not 3.0.6; mended; changes numpy"
    assert companion_tables.describe_trial("pandas", made(changed=changed)) == "3.0.6"
    cannot = made(installed=None, cannot="no wheel")
    assert companion_tables.describe_trial("pandas", cannot) == "cannot be installed"


def test_a_check_of_no_number_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        companions_run.parse_companions_request(["--check", "0"])
    assert ended.value.code == 2
    assert "argument --check: '0' is not a number from 1 on" in capsys.readouterr().err

"""Unpinned installs: what was observed, when, and what changed since the last time."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from envs import Problem
from envs.model import pairing, platforms
from envs.model.pairing import Pairing
from envs.running import unpinned_install
from envs.running.unpinned_install import Observation

PAIRINGS = pairing.load_pairings()
WORKS = Observation(
    date="2026-11-01",
    python="3.11",
    pip="23.2.1",
    commands=("pip install tensorflow==2.12.0", "pip install keras==2.12.0"),
    failed="",
    installed={"tensorflow": "2.12.0", "keras": "2.12.0", "numpy": "1.23.5"},
    outcomes={"broken_import/correction": "works", "legacy_adaptation/legacy_completed": "works"},
)
FAILS = dataclasses.replace(
    WORKS,
    date="2026-11-23",
    installed=dict(WORKS.installed, numpy="2.0.2"),
    outcomes=dict(WORKS.outcomes, **{"broken_import/correction": "fails: ImportError: numpy"}),
)


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("tf212", ("pip install tensorflow==2.12.0", "pip install keras==2.12.0")),
        ("tf25", ("pip install tensorflow==2.5.3",)),
        ("tf24-bundled", ("pip install tensorflow==2.4.4",)),
    ],
)
def test_the_commands_are_the_document_s_own(name: str, commands: tuple[str, ...]) -> None:
    assert unpinned_install.document_commands(PAIRINGS[name]) == commands


def test_a_legacy_pairing_installs_both_kerases() -> None:
    names = [
        command.split("==")[0]
        for command in unpinned_install.document_commands(PAIRINGS["tf216-legacy"])
    ]
    assert names == ["pip install tensorflow", "pip install keras", "pip install tf-keras"]


def test_every_pairing_was_observed() -> None:
    observed = unpinned_install.load_observations()
    possible = {name for name, declared in PAIRINGS.items() if not declared.impossible}
    assert set(observed) == possible
    for name, observation in observed.items():
        assert observation.commands[0] == unpinned_install.document_commands(PAIRINGS[name])[0]
        assert bool(observation.failed) != bool(observation.outcomes), name


def test_what_changed_since_the_last_time_is_said() -> None:
    assert unpinned_install.describe_news(None, WORKS) == "works (first observation)"
    assert (
        unpinned_install.describe_news(WORKS, WORKS) == "since 2026-11-01: nothing changed: works"
    )
    assert unpinned_install.describe_news(WORKS, FAILS) == (
        "since 2026-11-01: was: works; is: fails: ImportError: numpy; numpy 1.23.5 -> 2.0.2"
    )


def test_an_install_that_fails_is_no_outcome_of_a_script() -> None:
    gone = dataclasses.replace(WORKS, failed="pip install keras==9: ERROR: none", outcomes={})
    assert gone.summary == "cannot be installed: pip install keras==9: ERROR: none"


def test_observations_are_kept_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "plain.json"

    def observe(declared: Pairing) -> Observation:
        if declared.name == "tf213":
            raise Problem("no Python 3.11 on this machine")
        return WORKS

    monkeypatch.setattr(unpinned_install, "observe_install", observe)
    monkeypatch.setattr(platforms, "this_platform", lambda: platforms.LINUX)
    messages: list[str] = []
    with pytest.raises(Problem, match="no Python"):
        unpinned_install.renew_observations(["tf212", "tf213"], messages.append, file)
    assert unpinned_install.load_observations(file) == {"tf212": WORKS}
    assert messages == ["tf212: works (first observation)"]
    with pytest.raises(Problem, match="unknown pairing 'tf299'"):
        unpinned_install.renew_observations(["tf299"], messages.append, file)
    file.write_text("{}")
    with pytest.raises(Problem, match="run nox -s unpinned-install"):
        unpinned_install.load_observations(file)

"""Pairing files: what is declared is loaded, and every mistake gets one precise message."""

from __future__ import annotations

from pathlib import Path

import pytest

from envs import Problem
from envs.model import pairing
from envs.model.pairing import Cap, Target

GOOD = """\
summary = "TensorFlow 2.12 with its Keras."
kind = "keras2"
pythons = ["3.11", "3.9"]
requires = ["tensorflow==2.12.0", "keras==2.12.0"]

[[caps]]
requirement = "numpy<2"
reason = "built against NumPy 1"
"""
PYTHONS = {"3.8": 500_000_000, "3.9": 500_000_000, "3.10": 500_000_000, "3.11": 500_000_000}
WHEELS = {"tensorflow": {"2.12.0": {"linux-x86_64": PYTHONS}}}


def declare(folder: Path, text: str, name: str = "tf212") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_becomes_a_pairing(tmp_path: Path) -> None:
    loaded = pairing.load_pairing(declare(tmp_path, GOOD), WHEELS)
    assert loaded.name == "tf212"
    assert loaded.tensorflow == "2.12.0"
    assert str(loaded.keras) == "keras==2.12.0"
    assert loaded.caps == (Cap("numpy<2", "built against NumPy 1"),)
    with pytest.raises(AttributeError):
        loaded.name = "other"  # type: ignore[misc]


def test_the_first_python_is_the_recommended_one(tmp_path: Path) -> None:
    loaded = pairing.load_pairing(declare(tmp_path, GOOD))
    targets = pairing.list_targets({loaded.name: loaded})
    assert list(targets) == ["tf212", "tf212-py39"]
    assert [target.stem for target in targets.values()] == ["tf212-py311", "tf212-py39"]


def test_an_impossible_pairing_keeps_its_file_and_has_no_session(tmp_path: Path) -> None:
    text = 'impossible = "no wheel installs: measured 2026-11-23"\n' + GOOD
    loaded = pairing.load_pairing(declare(tmp_path, text), {})
    assert loaded.impossible == "no wheel installs: measured 2026-11-23"
    assert pairing.list_targets({loaded.name: loaded}) == {}


MISTAKES = {
    "unknown key": ("kind =", "kid = 1\nkind =", "unknown key 'kid': did you mean 'kind'?"),
    "unknown cap key": ("reason =", "why =", "caps[0]: unknown key 'why'"),
    "no reason": (
        'reason = "built against NumPy 1"\n',
        "",
        "caps[0]: reason: must be a non-empty text",
    ),
    "empty reason": ("built against NumPy 1", "", "caps[0]: reason: must be a non-empty text"),
    "no summary": (
        'summary = "TensorFlow 2.12 with its Keras."\n',
        "",
        "summary: must be a non-empty text",
    ),
    "bad cap": ("numpy<2", "numpy<<2", "caps[0].requirement: 'numpy<<2' is not a requirement"),
    "unknown kind": ("keras2", "keras4", "kind: 'keras4' is not one of standalone, bundled"),
    "no wheel": ('"3.9"', '"3.12"', "pythons: tensorflow 2.12.0 has no Linux x86_64 wheel for "),
    "not a Python": ('"3.9"', '"3"', "pythons: '3' is not of the form '3.11'"),
    "Python twice": ('"3.9"', '"3.11"', "pythons: one is listed twice"),
    "not a list": ('["3.11", "3.9"]', '"3.11"', "pythons: must be a non-empty list of texts"),
    "required twice": ('"keras==2.12.0"', '"keras", "Keras<3"', "requires: keras is listed tw"),
    "capped twice": ("[[caps]]", '[[caps]]\nrequirement="NumPy"\nreason="x"\n[[caps]]', "twice"),
    "no TensorFlow": ("tensorflow==2.12.0", "tensorflow~=2.12", "requires: the first must be"),
    "no such wheels": ("tensorflow==2.12.0", "tensorflow==2.12.9", "run nox -s lock -- tf212"),
    "key twice": ("kind =", 'kind = "keras3"\nkind =', "cannot be read"),
    "half legacy": ("keras2", "legacy", "kind: 'legacy' and a requirement on tf-keras go together"),
    "no Keras": (', "keras==2.12.0"', "", "kind: 'bundled' means no keras"),
    "bad env": ("[[caps]]", "[env]\nX = 1\n[[caps]]", "env: must be a table of texts"),
    "cap no table": ("[[caps]]", "[caps]", "caps: write each as a table, [[caps]]"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_file_and_key(tmp_path: Path, mistake: str) -> None:
    old, new, message = MISTAKES[mistake]
    assert GOOD.count(old) == 1
    path = declare(tmp_path, GOOD.replace(old, new))
    with pytest.raises(Problem) as caught:
        pairing.load_pairing(path, WHEELS)
    assert str(caught.value).startswith("envs/pairings/tf212.toml: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_that_is_no_session_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="the name of the file is the session's"):
        pairing.load_pairing(declare(tmp_path, GOOD, "TF 2.12"))


def test_the_same_pairing_twice_is_refused(tmp_path: Path) -> None:
    declare(tmp_path, GOOD)
    declare(tmp_path, GOOD, "tf212-again")
    with pytest.raises(Problem, match=r"requires: the same as in tf212"):
        pairing.load_pairings(tmp_path)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(Problem, match=r"unknown pairing 'tf299'; the known ones are: tf115, tf212"):
        pairing.choose_names({"tf115": 1, "tf212": 2}, ["tf299"])


def test_every_pairing_of_the_repository_loads_and_has_its_wheels() -> None:
    pairings = pairing.load_pairings(wheels=pairing.load_wheels())
    minors = {one.minor for one in pairings.values() if not one.preview}
    assert minors == {"1.13", "1.14", "1.15", *(f"2.{minor}" for minor in range(22))}


def test_every_python_from_3_7_on_that_has_a_wheel_is_declared_the_newest_first() -> None:
    wheels = pairing.load_wheels()
    for one in pairing.load_pairings().values():
        listed = wheels["tensorflow"][one.tensorflow]["linux-x86_64"]
        # No CPython 3.14 could be had where TensorFlow 2.22 was added.
        runnable = [python for python in listed if python != "3.14"]
        assert one.impossible or list(one.pythons) == runnable[::-1], one.name


def test_an_sdist_may_be_one_python_s_only(tmp_path: Path) -> None:
    text = GOOD + '[[sdists]]\npackage = "jax"\nreason = "no wheel"\npython = "3.9"\n'
    loaded = pairing.load_pairing(declare(tmp_path, text))
    recommended, other = pairing.list_targets({"tf212": loaded}).values()
    assert recommended.sdists == ()
    assert [one.package for one in other.sdists] == ["jax"]


def test_the_combinations_of_a_python_stand_behind_its_base(tmp_path: Path) -> None:
    loaded = pairing.load_pairing(declare(tmp_path, GOOD))
    found = pairing.list_combinations({"tf212": loaded})
    assert len(found) == 2 * 8
    assert found[0] == found[0].base == Target(loaded, "3.11")
    assert [target.folder for target in found[:8]] == [
        "",
        "linux-aarch64",
        "macos-arm64",
        "macos-x86_64",
        "windows-x86_64",
        "linux-x86_64-cpu",
        "windows-x86_64-cpu",
        "linux-x86_64-cuda",
    ]
    assert {target.base for target in found[:8]} == {found[0]}
    assert Target(loaded, "3.9", variant="cpu").session == "tf212-py39-cpu"

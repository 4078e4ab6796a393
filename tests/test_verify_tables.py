"""The tables that verify.py carries: made from pairing files, and from what companions need."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from envs import Problem
from envs.model import causes, pairing
from envs.model.pairing import Cap
from envs.publish import verify_tables

PAIRINGS = pairing.load_pairings()


def test_verify_carries_every_cap_of_every_pairing(verify: ModuleType) -> None:
    for one in PAIRINGS.values():
        wanted = {
            (c.requirement, c.beside, c.reason)
            for c in one.caps
            if Requirement(c.requirement).specifier
        }
        carried = {
            tuple(facts)
            for span, *facts in verify.CAPS
            if SpecifierSet(span, prereleases=True).contains(one.tensorflow)
        }
        assert carried == wanted, one.name


def test_a_cap_is_listed_once_for_neighbouring_minors_and_again_after_a_gap() -> None:
    cap = Cap("numpy<2", "built against NumPy 1")
    capped = {
        name: replace(one, caps=(cap,) if name in ("tf210", "tf211", "tf213") else ())
        for name, one in PAIRINGS.items()
    }
    text = verify_tables.render_tables(capped)
    assert re.findall(r'\("(\S+)", "numpy<2"', text) == [">=2.10,<2.12", ">=2.13,<2.14"]


def test_the_tables_are_python_of_short_lines() -> None:
    text = verify_tables.render_tables(PAIRINGS)
    compile(text, "tables", "exec")
    tables, _, errors = text.partition("ERRORS = ")
    assert max(map(len, tables.splitlines())) <= 100
    # A pattern cannot be broken; sentences are.
    sentences = [
        one for one in errors.splitlines() if not one.startswith(("line ", "above ", "needs "))
    ]
    assert max(map(len, sentences)) <= 100


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('package = "a"\nrequires = "x"\nwhy = "y"\nnewer = "z"\n', "argument 'newer'"),
        ('requires = "x"\nwhy = "y"\n', "missing 1 required positional argument: 'package'"),
        ('package = "a"\nrequires = "x"\nwhy = "y"\nwho = "z"\n', "unexpected keyword argument"),
        ('package = "a"\nrequires = "x<<1"\nwhy = "y"\n', "x<<1"),
        ('package = "a"\nrequires = "x"\nreleases = "2"\nwhy = "y"\n', "Invalid specifier: '2'"),
        ('package = "a"\nwhy = "y"\noldest = {"x" = "2.0"}\n', "Invalid specifier: '>=x'"),
        ('package = "a"\nwhy = "y"\noldest = {"1" = "<2"}\n', "tensorflow>=<2"),
        ('package = "a"\nwhy = "y"\noldest = 2\n', "not iterable"),
    ],
)
def test_a_companion_that_cannot_be_read_is_named(entry: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "companions.toml"
    file.write_text(f"[one]\n{entry}", encoding="utf-8")
    with pytest.raises(Problem, match=r"^envs/explained/companions\.toml: one: ") as caught:
        verify_tables.load_needs(file)
    assert message in str(caught.value)


def test_every_cause_of_the_atlas_says_what_to_install() -> None:
    for cause in causes.load_causes(causes.OF_CELLS):
        assert re.search(r"[Ii]nstall |\btake the ", cause.cause), cause.name

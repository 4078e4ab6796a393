"""Proofs of what the catalogue's cures install: `nox -s proofs`."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from envs.errors import catalogue_files
from envs.errors.case_steps import BARE
from envs.errors.catalogue import compare_releases, fill_words
from envs.model import pairing
from envs.running import installers

pytestmark = pytest.mark.proof

SOURCES = ("gast==0.2.2", "keras==1.2.2")
"""What there is as a source archive alone, and builds everywhere: it is pure Python."""

PAIRINGS = pairing.load_pairings()


def list_installed() -> dict[tuple[str, str], str]:
    """(requirement, Python) of what cures install beside TensorFlow -> the entry that says so.

    On every Python of the pairings in which the error was made, unless the cure is not for it.
    """
    found = {}
    for entry in catalogue_files.load_catalogue().values():
        for case in entry.cases:
            for name in catalogue_files.list_tried(entry, case):
                cure = entry.cures[name]
                if case.pairing == BARE or cure.pairing:
                    continue
                one = PAIRINGS[case.pairing]
                for python in one.pythons:
                    facts = {"python": python, "tensorflow": one.tensorflow, "minor": one.minor}
                    words = [fill_words(word, facts) for word in cure.install]
                    for word in words if cure.fits(facts) else ():
                        if not word.startswith(("-", "tensorflow==", *SOURCES)) and "{" not in word:
                            found[word, python] = entry.name
    return found


def list_minors() -> dict[tuple[str, str], str]:
    """The same of what goes with the minor of a TensorFlow, for every TensorFlow that is released.

    On its recommended Python alone.
    """
    found = {}
    for entry in catalogue_files.load_catalogue().values():
        for one in PAIRINGS.values():
            python = one.pythons[0]
            facts = {"python": python, "tensorflow": one.tensorflow, "minor": one.minor}
            if one.kind in ("preview", "bundled") or not all(compare_releases(entry.when, facts)):
                continue
            for cure in entry.cures.values():
                for word in cure.install if cure.fits(facts) else ():
                    if "{minor}" in word:
                        found[fill_words(word, facts), python] = entry.name
    return found


def resolve_for(requirement: str, python: str, folder: Path) -> str:
    """What is wrong with installing a requirement alone on a Python; empty if nothing."""
    uv = installers.find_uv() or "uv"
    name = Requirement(requirement).name
    command = [uv, "pip", "install", "--dry-run", "--no-deps", "--only-binary", name]
    target = ["--target", str(folder), "--python-version", python, "--python-platform", "linux"]
    done = installers.run_installer([*command, *installers.pypi_options(), *target, requirement])
    return installers.indent_output(done.stdout) if done.returncode else ""


def test_what_a_cure_installs_has_a_wheel_for_every_python_that_it_is_for(tmp_path: Path) -> None:
    wanted = list_installed() | list_minors()
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        said = executor.map(lambda pair: resolve_for(pair[0], pair[1], tmp_path), wanted)
        wrong = [
            f"{entry}: {requirement} on Python {python}:\n{what}"
            for ((requirement, python), entry), what in zip(wanted.items(), said, strict=True)
            if what
        ]
    assert len(wanted) > 50
    assert not wrong, "\n".join(wrong)


def test_a_release_that_has_no_wheel_is_noticed(tmp_path: Path) -> None:
    assert "no wheels" in resolve_for("numpy<1.24", "3.12", tmp_path)
    assert not resolve_for("numpy<1.24", "3.11", tmp_path)

"""Cells of the atlas: a Keras installed beside a TensorFlow, what happened, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from envs.model import version_numbers
from envs.model.outcomes import Kind

PACKAGES = {"keras": "keras", "tf-keras": "tf_keras"}
"""Package that columns are releases of -> the module that it installs."""

STEPS = ("import tensorflow", "tf.keras", "train tf.keras", "import keras", "train keras")
NOT_REACHED = "not reached"


@dataclass(frozen=True)
class Column:
    """A release of `keras` or `tf-keras`: the last one of its minor."""

    package: str
    version: str

    def __str__(self) -> str:
        return f"{self.package} {self.version}"

    @property
    def minor(self) -> str:
        """The minor, such as `3.5`."""
        return version_numbers.minor_of(self.version)

    @property
    def module(self) -> str:
        """The module that a script imports."""
        return PACKAGES[self.package]

    @property
    def env(self) -> dict[str, str]:
        """The environment variables that the package is meant to be used with."""
        return {"TF_USE_LEGACY_KERAS": "1"} if self.package == "tf-keras" else {}


@dataclass(frozen=True)
class Conditions:
    """When and with what a cell was run.

    `date` is the day of the run, `uv` and `python` are versions, `lock` is the digest of the pins.
    Releases after the day `as_of` were ignored. `script` is the digest of the script.
    """

    date: str
    uv: str
    python: str
    lock: str
    as_of: str
    script: str


@dataclass(frozen=True)
class Cell:
    """What happened in one cell.

    `admitted` is whether TensorFlow's own metadata admits that Keras; None if it says nothing.
    `cannot` is why that Keras cannot be installed; then there are no steps. `changed` is package
    -> release before and after, for each package that the installation changed; None where the
    package was absent. `steps` is step -> its outcome.
    """

    conditions: Conditions
    admitted: bool | None
    cannot: str | None
    changed: Mapping[str, tuple[str | None, str | None]]
    steps: Mapping[str, str]

    @property
    def result(self) -> tuple[Any, ...]:
        """What must be the same in each run: everything but the conditions."""
        return self.admitted, self.cannot, dict(self.changed), dict(self.steps)

    @property
    def failure(self) -> tuple[str, str] | None:
        """The first step that does not work, and its outcome; None if all work."""
        for step in STEPS:
            if step in self.steps and not step_works(self.steps[step]):
                return step, self.steps[step]
        return None


class Verdict(StrEnum):
    """The result of a cell in a word or two; `MEANING` explains each."""

    WORKS = "works"
    APART = "works apart"
    ONLY_TF_KERAS = "only tf.keras works"
    ONLY_KERAS = "only keras works"
    NEITHER = "neither works"
    CANNOT = "cannot be installed"


MEANING = {
    Verdict.WORKS: "both import and train, and `tf.keras` is that Keras",
    Verdict.APART: "both import and train, but `tf.keras` is another Keras: do not mix them",
    Verdict.ONLY_TF_KERAS: "`tf.keras` imports and trains, that Keras does not",
    Verdict.ONLY_KERAS: "that Keras imports and trains, `tf.keras` does not",
    Verdict.NEITHER: "neither `tf.keras` nor that Keras imports and trains",
    Verdict.CANNOT: "pip finds no way to install it there beside that TensorFlow",
}

Row = dict[Column, Cell]


def judge_cell(cell: Cell, column: Column) -> Verdict:
    """The verdict on a cell of a column."""
    if cell.cannot is not None:
        return Verdict.CANNOT
    works = {step: step_works(outcome) for step, outcome in cell.steps.items()}
    tf_keras = works["tf.keras"] and works["train tf.keras"]
    keras = works["import keras"] and works["train keras"]
    if not (tf_keras and keras):
        if tf_keras:
            return Verdict.ONLY_TF_KERAS
        return Verdict.ONLY_KERAS if keras else Verdict.NEITHER
    own = cell.steps["tf.keras"] == f"{Kind.WORKS}: {column.module} {column.version}"
    return Verdict.WORKS if own else Verdict.APART


def step_works(outcome: str) -> bool:
    """Whether the recorded outcome of a step says that it works."""
    return outcome.startswith(f"{Kind.WORKS}: ")


def is_admitted(requires: Iterable[str], python: str, column: Column) -> bool | None:
    """Whether TensorFlow's requirements admit a column on a Python; None if they do not name it."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    environ = {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
    for requirement in map(Requirement, requires):
        if canonicalize_name(requirement.name) != column.package:
            continue
        if requirement.marker is None or requirement.marker.evaluate(environ):
            return requirement.specifier.contains(column.version)
    return None

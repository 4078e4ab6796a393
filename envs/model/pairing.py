"""Pairings: which TensorFlow goes with which Keras, as declared in `envs/pairings/`."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from envs import ROOT, Problem
from envs.model import version_numbers
from envs.model.platforms import DEFAULT, LINUX, PLATFORMS, VARIANTS, Wheels

FOLDER = ROOT / "envs" / "pairings"
INDEX = ROOT / "requirements" / "index.json"

KINDS = {
    "standalone": "TensorFlow's own copy; `keras` is the stand-alone package",
    "bundled": "TensorFlow's own copy; there is no `keras` package",
    "nightly": "TensorFlow's own copy; `keras` is the `keras-nightly` package",
    "keras2": "the `keras` package of the same minor",
    "keras3": "the `keras` package, Keras 3",
    "legacy": "the `tf-keras` package, Keras 2; `keras` is Keras 3",
    "preview": "the `keras-nightly` package, Keras 3",
}
"""What `tf.keras` is in a pairing of each kind; a kind is also the tag of its sessions."""


@dataclass(frozen=True)
class Cap:
    """A requirement that TensorFlow's metadata lacks, and why it is needed: always, or `beside`."""

    requirement: str
    reason: str
    beside: str = ""


@dataclass(frozen=True)
class Harmless:
    """A requirement of TensorFlow's metadata, and what was `seen` without it: no harm."""

    requirement: str
    seen: str
    beside: str = ""


@dataclass(frozen=True)
class Sdist:
    """A package whose pinned release has no wheel, and the reason why that release is needed.

    With `python`, it is so on that Python only.
    """

    package: str
    reason: str
    python: str = ""


@dataclass(frozen=True)
class Pairing:
    """One file of `envs/pairings/`: a TensorFlow, its Keras and what makes them work."""

    name: str
    summary: str
    kind: str
    pythons: tuple[str, ...]
    requires: tuple[str, ...]
    caps: tuple[Cap, ...] = ()
    sdists: tuple[Sdist, ...] = ()
    harmless: tuple[Harmless, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, hash=False)
    impossible: str | None = None

    @property
    def tensorflow(self) -> str:
        """The TensorFlow release, such as `2.12.0`."""
        return self.requires[0].removeprefix("tensorflow==")

    @property
    def preview(self) -> bool:
        """Whether it is a pre-release: shown apart, never recommended."""
        return self.kind == "preview"

    @property
    def minor(self) -> str:
        """The TensorFlow minor, such as `2.12`; of a pre-release `2.22rc0`."""
        return version_numbers.minor_of(self.tensorflow) + version_numbers.pre_release_of(
            self.tensorflow
        )

    @cached_property
    def keras(self) -> Requirement | None:
        """The requirement that brings a `keras/` folder; None where there is none."""
        return self._named("keras") or self._named("keras-nightly")

    @cached_property
    def tf_keras(self) -> Requirement | None:
        """The requirement on `tf-keras`; None in all but the legacy kind."""
        return self._named("tf-keras")

    def _named(self, name: str) -> Requirement | None:
        for requirement in map(_parsed, self.requires):
            if canonicalize_name(requirement.name) == name:
                return requirement
        return None


@dataclass(frozen=True)
class Target:
    """A pairing on one Python, platform and variant: what a lock is made for."""

    pairing: Pairing
    python: str
    platform: str = LINUX
    variant: str = DEFAULT

    @property
    def recommended(self) -> bool:
        """Whether this is the first Python that the pairing names."""
        return self.python == self.pairing.pythons[0]

    @property
    def session(self) -> str:
        """`tf212` for the recommended Python, `tf212-py39` for another, `tf212-cpu`."""
        tag = "" if self.recommended else "-py" + self.python.replace(".", "")
        return self.pairing.name + tag + ("" if self.variant == DEFAULT else f"-{self.variant}")

    @property
    def summary(self) -> str:
        """One line that tells it from all others."""
        variant = "" if self.variant == DEFAULT else f", {self.variant}"
        return f"{self.pairing.summary} Python {self.python}{variant}."

    @property
    def label(self) -> str:
        """Its session and, if it is not Linux x86_64, the platform: `tf212 on Windows x86_64`."""
        where = "" if self.platform == LINUX else f" on {PLATFORMS[self.platform].label}"
        return self.session + where

    @property
    def tags(self) -> list[str]:
        """The tags of its session."""
        if self.variant != DEFAULT:
            return [self.variant]
        return ["every-python", *(["pairings", self.pairing.kind] if self.recommended else [])]

    @property
    def sdists(self) -> tuple[Sdist, ...]:
        """The packages that this lock takes as sdists."""
        return tuple(sdist for sdist in self.pairing.sdists if sdist.python in ("", self.python))

    @property
    def stem(self) -> str:
        """The name of the lock without its suffix: `tf212-py311`."""
        return f"{self.pairing.name}-py{self.python.replace('.', '')}"

    @property
    def base(self) -> Target:
        """The target whose lock this one's is derived from: Linux x86_64, no variant."""
        return Target(self.pairing, self.python)

    @property
    def folder(self) -> str:
        """The folder of its lock in `requirements/`: `windows-x86_64`; empty for the base."""
        if self == self.base:
            return ""
        return self.platform + ("" if self.variant == DEFAULT else f"-{self.variant}")


def load_pairing(path: Path, wheels: Wheels | None = None) -> Pairing:
    """The pairing that a file declares.

    With `wheels` (see `pypi.fetch_wheels`), each of its Pythons must have one for Linux x86_64.
    Raises Problem, naming file and key, for every mistake.
    """
    where = f"envs/pairings/{path.name}"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Problem(f"{where}: cannot be read: {error}") from None

    if not re.fullmatch(r"[a-z0-9]+(-[a-z]+)*", path.stem):
        raise Problem(f"{where}: the name of the file is the session's: use a-z, 0-9 and '-'")
    _known(data, set(Pairing.__dataclass_fields__) - {"name"}, where)
    requires = _requires(data, where)
    pairing = Pairing(
        name=path.stem,
        summary=_text(data, "summary", where),
        kind=_kind(data, where),
        pythons=_pythons(data, where),
        requires=requires,
        caps=_tables(data, "caps", Cap, where),
        sdists=_tables(data, "sdists", Sdist, where),
        harmless=_tables(data, "harmless", Harmless, where),
        env=_env(data, where),
        impossible=_text(data, "impossible", where) if "impossible" in data else None,
    )
    _check_lists(pairing, where)
    _check_kind(pairing, where)
    if wheels is not None:
        _check_wheels(pairing, wheels, where)
    return pairing


def _check_lists(pairing: Pairing, where: str) -> None:
    for key in ("caps", "harmless"):
        entries: tuple[Cap | Harmless, ...] = getattr(pairing, key)
        for number, entry in enumerate(entries):
            for field_ in ("requirement", "beside"):
                if text := getattr(entry, field_):
                    _requirement(text, f"{where}: {key}[{number}].{field_}")
        _no_duplicates([entry.requirement for entry in entries], f"{where}: {key}")
    for number, sdist in enumerate(pairing.sdists):
        _requirement(sdist.package, f"{where}: sdists[{number}].package")
    _no_duplicates([s.package for s in pairing.sdists], f"{where}: sdists")


def _check_kind(pairing: Pairing, where: str) -> None:
    if (pairing.kind == "legacy") != (pairing.tf_keras is not None):
        raise Problem(f"{where}: kind: 'legacy' and a requirement on tf-keras go together")
    if (pairing.kind == "bundled") != (pairing.keras is None):
        raise Problem(f"{where}: kind: 'bundled' means no keras or keras-nightly in requires")
    if pairing.preview != bool(version_numbers.pre_release_of(pairing.tensorflow)):
        raise Problem(f"{where}: kind: 'preview' and a pre-release of TensorFlow go together")


def load_pairings(folder: Path = FOLDER, *, wheels: Wheels | None = None) -> dict[str, Pairing]:
    """Every pairing by name, oldest TensorFlow first; Pythons are checked if `wheels` is given."""
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise Problem(f"{folder}: no pairing files: run from a whole checkout")
    pairings = [load_pairing(path, wheels) for path in paths]
    seen: dict[tuple[str, ...], str] = {}
    for pairing in pairings:
        twin = seen.setdefault(pairing.requires, pairing.name)
        if twin != pairing.name:
            raise Problem(
                f"envs/pairings/{pairing.name}.toml: requires: the same as in {twin}.toml"
            )
    pairings.sort(key=lambda p: (version_numbers.release_numbers(p.tensorflow)[:2], p.name))
    return {pairing.name: pairing for pairing in pairings}


def load_wheels(path: Path = INDEX) -> Wheels:
    """What PyPI's index said of TensorFlow's wheels, from the generated index of the locks."""
    try:
        listed: Wheels = json.loads(path.read_text(encoding="utf-8"))["wheels"]
    except (OSError, ValueError, KeyError) as error:
        raise Problem(f"{path.name}: cannot be read ({error}): run nox -s lock") from None
    return listed


def list_targets(pairings: Mapping[str, Pairing], platform: str = LINUX) -> dict[str, Target]:
    """Session name -> target, for every Python of every pairing that is possible."""
    targets = [
        Target(pairing, python, platform)
        for pairing in pairings.values()
        if pairing.impossible is None
        for python in pairing.pythons
    ]
    return {target.session: target for target in targets}


def list_combinations(pairings: Mapping[str, Pairing]) -> list[Target]:
    """Every Python of every possible pairing on every platform and variant, possible or not.

    A base target stands before those that are derived from it.
    """
    return [
        Target(base.pairing, base.python, platform, variant)
        for base in list_targets(pairings).values()
        for variant, platforms in VARIANTS.items()
        for platform in platforms
    ]


def choose_names(known: Mapping[str, Any], names: list[str]) -> list[str]:
    """The names, all of `known` if there are none; Problem for one that is not known."""
    for name in names:
        if name not in known:
            shown = [other for other in known if not re.search(r"-(py3\d+|cpu|cuda)$", other)]
            raise Problem(f"unknown pairing '{name}'; the known ones are: {', '.join(shown)}")
    return names or list(known)


def _known(data: Mapping[str, Any], keys: set[str], where: str) -> None:
    for key in data:
        if key not in keys:
            close = difflib.get_close_matches(key, keys, 1)
            hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(sorted(keys))}"
            raise Problem(f"{where}: unknown key '{key}': {hint}")


def _text(data: Mapping[str, Any], key: str, where: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise Problem(f"{where}: {key}: must be a non-empty text")
    return value


def _kind(data: Mapping[str, Any], where: str) -> str:
    kind = _text(data, "kind", where)
    if kind not in KINDS:
        raise Problem(f"{where}: kind: '{kind}' is not one of {', '.join(KINDS)}")
    return kind


def _texts(data: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    values = data.get(key)
    if not isinstance(values, list) or not values or not all(isinstance(v, str) for v in values):
        raise Problem(f"{where}: {key}: must be a non-empty list of texts")
    return tuple(values)


def _pythons(data: Mapping[str, Any], where: str) -> tuple[str, ...]:
    pythons = _texts(data, "pythons", where)
    for python in pythons:
        if not re.fullmatch(r"3\.\d{1,2}", python):
            raise Problem(f"{where}: pythons: '{python}' is not of the form '3.11'")
    if len(set(pythons)) < len(pythons):
        raise Problem(f"{where}: pythons: one is listed twice")
    return pythons


def _requires(data: Mapping[str, Any], where: str) -> tuple[str, ...]:
    requires = _texts(data, "requires", where)
    for line in requires:
        _requirement(line, f"{where}: requires")
    _no_duplicates(list(requires), f"{where}: requires")
    if not re.fullmatch(r"tensorflow==\d+\.\d+\.\d+(rc\d+)?", requires[0]):
        raise Problem(f"{where}: requires: the first must be of the form 'tensorflow==2.12.0'")
    return requires


def _requirement(text: str, where: str) -> Requirement:
    try:
        return _parsed(text)
    except InvalidRequirement as error:
        why = str(error).splitlines()[0]
        raise Problem(f"{where}: '{text}' is not a requirement: {why}") from None


# Most requirements stand in many pairings.
_parsed = cache(Requirement)


def _no_duplicates(requirements: list[str], where: str) -> None:
    names = [canonicalize_name(_parsed(text).name) for text in requirements]
    for name in names:
        if names.count(name) > 1:
            raise Problem(f"{where}: {name} is listed twice")


def _tables(data: Mapping[str, Any], key: str, kind: type[Any], where: str) -> tuple[Any, ...]:
    tables = data.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise Problem(f"{where}: {key}: write each as a table, [[{key}]]")
    known = {key.name: key.default is MISSING for key in fields(kind)}
    entries = []
    for number, table in enumerate(tables):
        place = f"{where}: {key}[{number}]"
        _known(table, set(known), place)
        given = [name for name, required in known.items() if required or name in table]
        entries.append(kind(**{name: _text(table, name, place) for name in given}))
    return tuple(entries)


def _env(data: Mapping[str, Any], where: str) -> dict[str, str]:
    env = data.get("env", {})
    if not isinstance(env, dict) or not all(isinstance(v, str) for v in env.values()):
        raise Problem(f"{where}: env: must be a table of texts")
    return env


def _check_wheels(pairing: Pairing, wheels: Wheels, where: str) -> None:
    if pairing.impossible is not None:
        return
    listed = wheels.get("tensorflow", {}).get(pairing.tensorflow, {}).get(LINUX)
    if not listed:
        raise Problem(
            f"{where}: requires: no wheels are listed for tensorflow {pairing.tensorflow}: "
            f"run nox -s lock -- {pairing.name}"
        )
    for python in pairing.pythons:
        if python not in listed:
            raise Problem(
                f"{where}: pythons: tensorflow {pairing.tensorflow} has no Linux x86_64 wheel for "
                f"Python {python}, only for {', '.join(listed)}"
            )

"""The steps of a case: break an environment or a script, then mend it by each cure, in order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from envs.errors import catalogue_files
from envs.errors.catalogue import Case, Cure, Entry, fill_words, trim_line
from envs.model import pairing
from envs.model.pairing import Target

BARE = "none"
"""The pairing of a case that needs an environment with nothing but pip."""


@dataclass(frozen=True)
class CaseStep:
    """What is changed, and what runs then. `line` is the error that must come; empty: it works.

    `printed` says that the line is printed, and the code goes on. A step without code and command
    only changes. `told` is the line of the error and the number of a cure that verify.py carries:
    its commands are carried out then.
    """

    title: str
    install: tuple[str, ...] = ()
    uninstall: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    code: str = ""
    run: str = ""
    line: str = ""
    printed: bool = False
    told: tuple[str, int] | None = None


@dataclass(frozen=True)
class Track:
    """Steps that follow each other in one environment, which is restored after the last.

    `place` is the environment, such as `tf212` or `none-py313`. `before` is the place and the code
    that runs there first, and leaves its files in the folder of the steps.
    """

    entry: str
    number: int
    place: str
    steps: tuple[CaseStep, ...]
    env: Mapping[str, str]
    files: Mapping[str, str]
    before: tuple[str, str] | None

    @property
    def changes(self) -> bool:
        """Whether a step changes the packages of the environment."""
        return any(step.install or step.uninstall or " pip " in step.run for step in self.steps)

    @property
    def title(self) -> str:
        """What it is called in messages."""
        return f"{self.entry}, case {self.number + 1}, in {self.place}"


def find_place(name: str, python: str, pairings: Mapping[str, pairing.Pairing]) -> str:
    """The environment of a pairing, on its recommended Python if none is given."""
    if name == BARE:
        return f"{BARE}-py{python.replace('.', '')}"
    one = pairings[name]
    return Target(one, python or one.pythons[0]).session


def list_tracks(entry: Entry) -> list[Track]:
    """The tracks of all cases of an entry."""
    pairings = pairing.load_pairings()
    tracks: list[Track] = []
    for number, case in enumerate(entry.cases):
        tracks += _list_of_case(entry, number, case, pairings)
    return tracks


def _list_of_case(
    entry: Entry, number: int, case: Case, pairings: Mapping[str, pairing.Pairing]
) -> Iterable[Track]:
    """The first track breaks, and runs changed code and the first cure that changes packages.

    Each further cure of that kind breaks anew, and each pairing has its own environment.
    """
    before = (find_place(case.before, "", pairings), case.before_code) if case.before else None
    place = find_place(case.pairing, case.python, pairings)

    def track(at: str, steps: Iterable[CaseStep]) -> Track:
        env, files = case.env or {}, case.files or {}
        return Track(entry.name, number, at, tuple(steps), env, files, before)

    broken = CaseStep(
        "broken",
        case.install,
        case.uninstall,
        code=case.code,
        run=case.run,
        line=case.line,
        printed=case.printed,
    )
    known = _facts_of_case(case, entry, pairings)
    tried = [entry.cures[name] for name in catalogue_files.list_tried(entry, case)]
    first: list[CaseStep] = [broken]
    further: list[CaseStep] = []
    elsewhere: list[Track] = []
    for cure in tried:
        if cure.kind == "nothing":
            continue  # the case itself shows that the code goes on
        mended = _mended_step(entry, case, cure, known)
        if cure.pairing:
            elsewhere.append(track(find_place(cure.pairing, cure.python, pairings), [mended]))
        elif not (mended.install or mended.uninstall or mended.remove):
            first.append(mended)
        else:
            further.append(mended)
    first += further[:1]
    yield track(place, first)
    for mended in further[1:]:
        yield track(place, [CaseStep("broken", case.install, case.uninstall), mended])
    yield from elsewhere


def _mended_step(entry: Entry, case: Case, cure: Cure, known: Mapping[str, str]) -> CaseStep:
    code = (case.mended or {}).get(cure.name, "")
    runs = bool(case.run) and not code.lstrip().startswith(("import ", "from "))
    told = None
    if entry.travels and cure.kind == "environment" and (cure.install or cure.uninstall):
        told = (case.line.removesuffix("..."), list(entry.cures).index(cure.name) + 1)
    return CaseStep(
        cure.name,
        tuple(entry.fill(word, known) for word in cure.install),
        tuple(entry.fill(word, known) for word in cure.uninstall),
        cure.env or {},
        cure.remove,
        code="" if runs else code or case.code,
        run=(code.strip() or case.run) if runs else "",
        told=told,
    )


def _facts_of_case(
    case: Case, entry: Entry, pairings: Mapping[str, pairing.Pairing]
) -> dict[str, str]:
    """What a reader's words would be in the place of a case."""
    known = dict(entry.match_line(trim_line(case.line)) or {})
    if case.pairing != BARE:
        one = pairings[case.pairing]
        known |= {"tensorflow": one.tensorflow, "minor": one.minor}
        known["python"] = case.python or one.pythons[0]
    return known


def digest_cases(entry: Entry) -> str:
    """Twelve hexadecimal digits that change with what is run for an entry."""
    steps = [asdict(track) for track in list_tracks(entry)]
    for step in (step for track in steps for step in track["steps"]):
        if not step["told"]:
            del step["told"]
    return hashlib.sha256(json.dumps(steps, sort_keys=True).encode()).hexdigest()[:12]


def describe_install(words: Iterable[str], known: Mapping[str, str]) -> str:
    """The command that installs, as a person types it."""
    shown = [fill_words(word, known) for word in words]
    return " ".join(
        f'"{word}"' if any(mark in word for mark in "<>=*[; ") else word for word in shown
    )

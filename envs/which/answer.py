"""The answer: what of a project's code each pairing lacks, and which pairing is best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from envs.model import failures, outcome_records, version_numbers
from envs.model.outcomes import Kind
from envs.model.pairing import Pairing, Target
from envs.names.record import Names
from envs.which import python_choice
from envs.which.declared import Wish
from envs.which.judging import Finding, Judge
from envs.which.successors import Table
from envs.which.uses import Code, Ref, Use, UseKind


@dataclass(frozen=True, slots=True)
class Lack:
    """A use that does not work in a pairing."""

    use: Use
    finding: Finding

    @property
    def name(self) -> str:
        """What is not there: a path, or a path and its argument."""
        finding = self.finding
        if finding.without:
            return f"{finding.path}(without {', '.join(finding.without)})"
        if finding.most is not None:
            return f"{finding.path}({self.use.positional} arguments)"
        return f"{finding.path}({finding.keyword}=)" if finding.keyword else finding.path


@dataclass(slots=True)
class PairingVerdict:
    """What the code lacks in one pairing.

    `lacks` are in the order of the code; `tolerated` are those that another branch makes up for.
    `python` is the Python to take, empty if none of the pairing's is admitted. `contradicted` are
    requirements of the project that the pairing does not meet, and `surprises` what may go wrong
    though every name is there.
    """

    pairing: Pairing
    lacks: list[Lack] = field(default_factory=list)
    tolerated: list[Lack] = field(default_factory=list)
    deprecated: dict[str, str] = field(default_factory=dict)
    python: str = ""
    contradicted: list[Wish] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    """Names of which the record does not know whether they are there."""

    @property
    def names(self) -> list[str]:
        """What is not there, each once, in the order of the code."""
        return list(dict.fromkeys(lack.name for lack in self.lacks))

    @property
    def fits(self) -> bool:
        """Whether all that the code uses is there, on a Python that reads the code."""
        return not self.lacks and bool(self.python)

    @property
    def rank(self) -> tuple[object, ...]:
        """Sorts the best pairing to the front.

        First what the code lacks, then what the project asks for, then final releases before
        previews, then what may surprise, then what needs no variable, then the newest TensorFlow.
        """
        numbers = version_numbers.release_numbers(self.pairing.tensorflow)[:2]
        return (
            len(self.names) + (not self.python),
            len(self.contradicted),
            self.pairing.preview,
            len(self.surprises),
            len(self.pairing.env),
            tuple(-number for number in numbers),
            self.pairing.name,
        )


@dataclass(slots=True)
class Answer:
    """The verdicts of all recorded pairings, best first, and what is known of the code."""

    code: Code
    wishes: list[Wish]
    verdicts: list[PairingVerdict]
    names: tuple[str, ...]
    """Every name that the code uses, each once."""

    optional: list[Use]
    """The uses that other branches make up for."""

    uncovered: tuple[str, ...]
    """Names that no record can speak of."""

    unrecorded: tuple[str, ...]
    """The pairings that have no record."""

    @property
    def fitting(self) -> list[PairingVerdict]:
        """The pairings in which everything exists, best first."""
        return [verdict for verdict in self.verdicts if verdict.fits]

    def verdict_of(self, name: str) -> PairingVerdict:
        """The verdict of a pairing."""
        return next(one for one in self.verdicts if one.pairing.name == name)


def find_answer(
    code: Code,
    wishes: Sequence[Wish],
    pairings: Mapping[str, Pairing],
    names: Names,
    table: Table,
) -> Answer:
    """Judge all that the code uses in every pairing that has a record."""
    judge = Judge(names, table, code)
    uses = [use for use in code.uses if _counts(use, judge)]
    groups: dict[tuple[object, ...], list[Use]] = defaultdict(list)
    for use in uses:
        call = (use.keywords, use.positional, use.unpacked)
        groups[use.kind, use.refs, use.guards, use.module, use.base_path, *call].append(use)
    kept = list(groups.values())
    # Code that takes the one or the other, in branches, does not mix them.
    sure = [use for use in uses if use.kind != UseKind.MEMBER and not _is_in_branch(use)]
    mixed = {_root(use.path) for use in sure} >= {"keras", "tensorflow.keras"}
    verdicts = []
    for name in names.pairings:
        if name in pairings:
            verdict = PairingVerdict(pairings[name])
            _judge_all(kept, judge, code, verdict)
            _take_python(verdict, wishes, code, kept, names)
            if mixed and does_mixing_fail(pairings[name]):
                verdict.surprises.append("layers of `keras` do not go into models of `tf.keras`")
            verdicts.append(verdict)
    uncovered = {path for one in verdicts for path in one.unknown}
    for one in verdicts:
        # Where a whole package is missing, that much is known.
        uncovered &= one.unknown | {lack.finding.path for lack in (*one.lacks, *one.tolerated)}
    return Answer(
        code,
        list(wishes),
        sorted(verdicts, key=lambda verdict: verdict.rank),
        tuple(dict.fromkeys(_named(use) for use in uses)),
        [use for use in uses if any(code.choices[number].optional for number, _ in use.guards)],
        tuple(sorted(uncovered)),
        tuple(name for name in pairings if name not in names.pairings),
    )


def _named(use: Use) -> str:
    return f"{use.path}({', '.join(use.keywords)})" if use.keywords else use.path


def _root(path: str) -> str:
    """The Keras that a path is of: `keras` or `tensorflow.keras`; anything else is empty."""
    first, _, rest = path.partition(".")
    if first == "keras":
        return first
    return "tensorflow.keras" if first == "tensorflow" and rest.startswith("keras") else ""


def _is_in_branch(use: Use) -> bool:
    return bool(use.guards or len(use.refs) > 1 or use.refs[0].guards)


def _counts(use: Use, judge: Judge) -> bool:
    """Whether a use is one.

    An unbound name is only if a star import once brought it, a method only if it is of a class.
    """
    if use.kind == UseKind.MEMBER:
        # What a function gives is not known, so that its methods are no names.
        return any(judge.is_class(ref.path.rpartition(".")[0]) for ref in use.refs)
    if use.kind != UseKind.STAR_NAME:
        return True
    parts = [ref.path.rpartition(".") for ref in use.refs]
    return any(judge.is_from_star(module, name) for module, _, name in parts)


def _judge_all(
    groups: Sequence[list[Use]], judge: Judge, code: Code, verdict: PairingVerdict
) -> None:
    """Fill a verdict with what the record says of all uses."""
    name = verdict.pairing.name
    lacking: list[Lack] = []
    later: list[list[Use]] = []

    def add(uses: list[Use], refs: Sequence[Ref]) -> None:
        if len(refs) == 1:
            finding = judge.judge(uses[0], refs[0], name)
            if finding.error:
                lacking.extend(Lack(use, finding) for use in uses)
            elif finding.unknown:
                verdict.unknown.add(finding.path)
            elif finding.deprecated:
                verdict.deprecated[finding.path] = finding.deprecated
            return
        findings = [judge.judge(uses[0], ref, name) for ref in refs]
        verdict.unknown.update(one.path for one in findings if one.unknown)
        if any(not one.error for one in findings):
            verdict.deprecated.update({f.path: f.deprecated for f in findings if f.deprecated})
        elif findings:
            lacking.extend(Lack(use, findings[0]) for use in uses)

    for uses in groups:
        # What a name stands for may depend on which branch works: imports are judged first.
        if len(uses[0].refs) > 1 or uses[0].refs[0].guards:
            later.append(uses)
        else:
            add(uses, uses[0].refs)
    active = _active_branches(lacking, code)
    for uses in later:
        refs = _active_refs(uses[0], active, code)
        if uses[0].kind == UseKind.STAR_NAME:
            refs = [ref for ref in refs if judge.is_from_star(*_split(ref.path))] or refs
        add(uses, refs)
    lacking.sort(key=lambda lack: _order(lack.use))
    verdict.lacks = _required(lacking, 0, code)
    required = {id(lack) for lack in verdict.lacks}
    verdict.tolerated = [lack for lack in lacking if id(lack) not in required]


def _split(path: str) -> tuple[str, str]:
    module, _, name = path.rpartition(".")
    return module, name


def _order(use: Use) -> tuple[object, ...]:
    return use.place.file, use.place.cell, use.place.line, use.place.column


def _required(lacking: list[Lack], depth: int, code: Code) -> list[Lack]:
    """The lacks that no other branch makes up for, of those below some branches."""
    required = [lack for lack in lacking if len(lack.use.guards) == depth]
    inside: dict[int, dict[int, list[Lack]]] = defaultdict(lambda: defaultdict(list))
    for lack in lacking:
        if len(lack.use.guards) > depth:
            number, branch = lack.use.guards[depth]
            inside[number][branch].append(lack)
    for number, branches in inside.items():
        choice = code.choices[number]
        left = {branch: _required(lacks, depth + 1, code) for branch, lacks in branches.items()}
        live = [branch for branch in range(choice.branches) if branch not in choice.dead]
        if choice.catches:
            first = left.get(0, [])
            uncaught = [lack for lack in first if lack.finding.error not in choice.catches]
            if uncaught or (first and all(left.get(branch) for branch in live)):
                required += uncaught or [lack for lacks in left.values() for lack in lacks]
        elif live and all(left.get(branch) for branch in live):
            required += [lack for lacks in left.values() for lack in lacks]
    return sorted(required, key=lambda lack: _order(lack.use))


def _active_branches(lacking: list[Lack], code: Code) -> dict[int, int]:
    """The branch of each `try` that runs to its end, where that is not the first."""
    inside: dict[int, dict[int, list[Lack]]] = defaultdict(lambda: defaultdict(list))
    for lack in lacking:
        for depth, (number, branch) in enumerate(lack.use.guards):
            if _required([lack], depth + 1, code):
                inside[number][branch].append(lack)
    active = {}
    for number, branches in inside.items():
        choice = code.choices[number]
        if choice.catches and 0 in branches:
            live = [b for b in range(1, choice.branches) if b not in choice.dead]
            active[number] = next((b for b in live if b not in branches), 0)
    return active


def _active_refs(use: Use, active: Mapping[int, int], code: Code) -> list[Ref]:
    """What a name stands for in the branches that run."""
    inside = dict(use.guards)
    refs = [
        ref
        for ref in use.refs
        if all(
            inside.get(number, branch) == branch
            and (not code.choices[number].catches or active.get(number, 0) == branch)
            for number, branch in ref.guards
        )
    ]
    return refs or list(use.refs)


def _take_python(
    verdict: PairingVerdict,
    wishes: Sequence[Wish],
    code: Code,
    groups: Sequence[list[Use]],
    names: Names,
) -> None:
    """Take the Python that lacks least, then contradicts least of what the project asks for."""
    pairing = verdict.pairing
    best: tuple[int, int] | None = None
    on_recommended = verdict.lacks
    for python in python_choice.list_pythons(pairing, code.python):
        lacks = on_recommended
        if other := python_choice.find_other(pairing, python):
            lacks = [
                one for one in lacks if not python_choice.is_below(one.finding.path, other.has)
            ]
            for uses in groups:
                if finding := python_choice.find_lacking(uses[0], pairing.name, other, names):
                    lacks += [Lack(use, finding) for use in uses]
            lacks.sort(key=lambda lack: _order(lack.use))
        against = python_choice.list_contradicted(pairing.name, python, wishes)
        rank = len({lack.name for lack in lacks}), len(against)
        if best is None or rank < best:
            best = rank
            verdict.python, verdict.lacks, verdict.contradicted = python, lacks, against
    if best is None:
        verdict.contradicted = list(wishes)


def does_mixing_fail(pairing: Pairing) -> bool:
    """Whether the record of outcomes says that objects of both Keras do not go together."""
    target = Target(pairing, pairing.pythons[0])
    outcomes = outcome_records.load_record(target, failures.load_rules())
    mixed = outcomes.get("legacy_adaptation/mixed")
    return mixed is not None and mixed.kind == Kind.FAILS

"""The answer as text: the answer in the first line, then what to do, then the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from envs.which.answer import Answer, Lack, PairingVerdict
from envs.which.suggestions import Suggestion
from envs.which.which_request import WhichRequest

_MOST = 10
"""How many lines of one kind are shown before the rest is counted."""

Advice = Sequence[tuple[Lack, Suggestion | None]]


@dataclass(frozen=True, slots=True)
class Report:
    """What is said about one project: the answer, and the advice for the pairing it is asked of."""

    request: WhichRequest
    answer: Answer
    advice: Advice = ()

    @property
    def asked(self) -> PairingVerdict | None:
        """The verdict of the pairing that `--to` names."""
        to = self.request.to
        return self.answer.verdict_of(to) if to else None

    @property
    def fits(self) -> bool:
        """Whether the pairing that is asked of has everything, or any if none is."""
        return self.asked.fits if self.asked else bool(self.answer.fitting)

    @property
    def headline(self) -> str:
        """The answer in one line."""
        answer = self.answer
        count = _count(len(answer.names), "name")
        if not answer.names:
            if answer.code.unread:
                return "What can be read of this code uses neither TensorFlow nor Keras."
            return "This code uses neither TensorFlow nor Keras: any pairing will do."
        if asked := self.asked:
            if asked.fits:
                return f"{asked.pairing.name} has all that this code uses: {count}."
            if not asked.lacks:
                return f"{asked.pairing.name} has no Python that reads this code."
            places = _count(len(asked.lacks), "place")
            lacking = f"{len(asked.names)} of {count}"
            return f"{asked.pairing.name} lacks {lacking} that this code uses, at {places}."
        if fitting := answer.fitting:
            admitted = [one for one in fitting if not one.contradicted] or fitting
            names = ", ".join(one.pairing.name for one in admitted)
            one_name = len(answer.names) == 1
            all_are = (
                "The one name that this code uses is"
                if one_name
                else (f"All {count} that this code uses are")
            )
            asked_for = " that its requirements admit" if len(admitted) < len(fitting) else ""
            if len(admitted) == 1:
                which = "the one pairing" if asked_for else "one pairing"
                return f"{all_are} in {which}{asked_for}: {names}."
            many = _count(len(admitted), "pairing")
            return f"{all_are} in {many}{asked_for}, best first: {names}."
        if not answer.verdicts:
            return "No pairing has a record of names: run nox -s names."
        best = answer.verdicts[0]
        everything = "the one name" if len(answer.names) == 1 else f"all {count}"
        return (
            f"No pairing has {everything} that this code uses; "
            f"{best.pairing.name} lacks {len(best.names)}, the fewest."
        )

    def copy_command(self, verdict: PairingVerdict) -> str:
        """The command that copies the lock of a pairing into the project."""
        python = f" --python {verdict.python}" if verdict.python else ""
        return f"nox -s copy -- {verdict.pairing.name} {self.request.project}{python}"


def render_report(report: Report) -> str:
    """The whole answer as text."""
    answer = report.answer
    lines = [report.headline]
    if not answer.names:
        return "\n".join([*lines, *_unread(answer)])
    shown = report.asked or answer.verdicts[0] if answer.verdicts else None
    if shown and shown.fits:
        lines.append(f"    {report.copy_command(shown)}")
        variables = [f"{name}={value}" for name, value in shown.pairing.env.items()]
        lines += [f"    and set {' '.join(variables)} when the code runs"] if variables else []
        lines += [f"    in {shown.pairing.name}, {one}" for one in shown.surprises]
    lines += _wishes(answer)
    lines += _python(answer)
    if report.asked:
        lines += _places(report)
    else:
        lines += _others(report)
    lines += _notes(report, shown)
    return "\n".join([*lines, *_unread(answer)])


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _short(texts: Iterable[str]) -> list[str]:
    """The first lines, and how many more there are."""
    listed = list(texts)
    more = [f"    and {len(listed) - _MOST} more"] if len(listed) > _MOST else []
    return listed[:_MOST] + more


def _names(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _wishes(answer: Answer) -> list[str]:
    """What the project asks for, and whether that goes with what its code uses."""
    lines = []
    for wish in answer.wishes:
        meeting = [one for one in answer.verdicts if wish not in one.contradicted]
        what = f"{wish.file} asks for {wish.words}"
        if not meeting:
            lines.append(f"{what}: no pairing is that.")
        elif not any(one.fits for one in meeting) and (lacking := meeting[0]).lacks:
            lines.append(
                f"{what}, which contradicts the code: {lacking.pairing.name} lacks "
                f"{_names(lacking.names)}."
            )
    best = answer.fitting[0] if answer.fitting else None
    against = [one.pairing.name for one in answer.fitting if one.contradicted]
    if best and not best.contradicted and against:
        lines.append(
            f"All names are also in these, which it does not ask for: {', '.join(against)}."
        )
    if best and best.contradicted:
        words = ", ".join(f"{wish.words} ({wish.file})" for wish in best.contradicted)
        lines.append(f"{best.pairing.name} is not what the project asks for: {words}.")
    return ["", *lines] if lines else []


def _python(answer: Answer) -> list[str]:
    code = answer.code
    lines = []
    if code.python2:
        places = _names([str(place) for place in code.python2])
        lines.append(f"Python 2, which no pairing runs; convert it with 2to3 first: {places}")
    if code.python > (3, 0):
        lines.append(f"Its syntax needs Python {'.'.join(map(str, code.python))}: {code.python_at}")
    return ["", *lines] if lines else []


def _places(report: Report) -> list[str]:
    """Each place that fails in the pairing that is asked of, and what to write instead."""
    lines = []
    for lack, suggestion in report.advice:
        finding = lack.finding
        name = lack.name
        why = finding.why or "is not there"
        if finding.missing and finding.missing != finding.path and not finding.why:
            why = f"is not there: there is no {finding.missing}"
        lines += ["", f"{lack.use.place}: {name}", f"    {why}"]
        if suggestion is None:
            lines.append("    nothing is known that takes its place there")
            continue
        if suggestion.write:
            after = f"   after: {suggestion.after}" if suggestion.after else ""
            write = suggestion.write.replace("\n", "\n           ")
            lines.append(f"    write: {write}{after}")
        lines.append(f"    ({suggestion.why})")
    return lines


def _others(report: Report) -> list[str]:
    lacking = [verdict for verdict in report.answer.verdicts if not verdict.fits]
    if not lacking:
        return []
    lines = ["", "What the other pairings lack:"]
    alike: dict[str, list[str]] = {}
    for verdict in lacking:
        what = _names(verdict.names) if verdict.lacks else "no Python that reads this code"
        alike.setdefault(f"{len(verdict.names):4}  {what}", []).append(verdict.pairing.name)
    for what, names in alike.items():
        lines += [what, f"      in {', '.join(names)}"]
    example = lacking[0].pairing.name
    shown = report.request.shown
    lines += ["", f"Each place, and what to write instead: nox -s which -- {shown} --to {example}"]
    return lines


def _notes(report: Report, shown: PairingVerdict | None) -> list[str]:
    answer = report.answer
    lines: list[str] = []
    if answer.optional:
        count = _count(len({use.path for use in answer.optional}), "name")
        lines += ["", f"Optional, as another branch may do instead: {count}"]
        texts = {
            f"    {use.place}: {use.path} ({answer.code.choices[use.guards[0][0]].why})": None
            for use in answer.optional
        }
        lines += _short(texts)
    if shown and shown.deprecated:
        lines += ["", f"Deprecated in {shown.pairing.name}:"]
        lines += _short(f"    {name}: {why}" for name, why in shown.deprecated.items())
    if answer.uncovered:
        lines += ["", "Not judged, as the record of names does not cover it:"]
        lines += _short(f"    {name}" for name in answer.uncovered)
    if answer.unrecorded:
        lines += [
            "",
            f"Not judged, as they have no record of names: {', '.join(answer.unrecorded)}",
        ]
    return lines


def _unread(answer: Answer) -> list[str]:
    unread = answer.code.unread
    if not unread:
        return []
    lines = ["", f"Not read, or not whole: {_count(len(unread), 'file')}"]
    return lines + _short(f"    {one.place}: {one.why}" for one in unread)

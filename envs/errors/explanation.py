"""The answer to a pasted error, as text of about ten lines and as JSON."""

from __future__ import annotations

import json
import shlex
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from envs.errors import case_record, case_steps
from envs.errors.catalogue import KINDS, Cure, Entry
from envs.errors.matching import Match, Matches
from envs.model import pairing
from envs.model.failures import Failure

if TYPE_CHECKING:
    from envs.errors.name_clues import Clue

_WIDTH = 100
_REPORT = "open an issue with the form .github/ISSUE_TEMPLATE/error.yml, whole traceback included"


OTHER_IMPORT = (
    "look at what is imported: a file or a folder of that name beside the script, an "
    "installation that was cut short, and a release older than TensorFlow 1.13 lack it",
    'python -c "import {top}; print({top})"',
    "`python verify.py` (examples/venv_verification) names which it is",
)
"""What to do where a name should be there: two sentences, with a command between them."""

IS_CUT = "; the end of the line is missing, and only this error begins so"
"""What is said of a line that was cut off."""


@dataclass(frozen=True)
class Explanation:
    """What is known of a pasted text: entries, or else what other records know of its last line.

    `facts` are the releases that are known of the reader, and `nearest` what comes near if nothing
    fits.
    """

    found: Matches
    facts: Mapping[str, str]
    clue: Clue | None
    known: Known | None
    nearest: tuple[Entry, ...]

    @property
    def knows(self) -> bool:
        """Whether there is an answer to what was raised."""
        return self.found.explained or self.clue is not None or self.known is not None


@dataclass(frozen=True)
class Known:
    """A line that the examples or the atlas made: why, what to do, and in which pairings."""

    name: str
    line: str
    cause: str
    remedy: str
    pairings: tuple[str, ...]
    page: str


def from_failure(failure: Failure, pairings: tuple[str, ...]) -> Known:
    """What is explained of a failure of an example."""
    line = f"{failure.exception}: {failure.message}"
    page = f"examples/README.md#{failure.name}"
    return Known(failure.name, line, failure.cause, failure.remedy, pairings, page)


def render_answer(answer: Explanation) -> str:
    """The answer as text."""
    lines: list[str] = []
    matches = answer.found.matches if answer.found.explained else ()
    harmless = [one for one in matches if one.entry.group == "warnings"]
    if len(harmless) < len(matches):
        matches = tuple(one for one in matches if one not in harmless)
    else:
        harmless = []
    if answer.clue:
        lines += _render_clue(answer.clue, answer.facts)
    elif answer.known:
        lines += _render_known(answer.known)
    shared = {name for match in matches for name in match.entry.shares}
    for number, match in enumerate(matches):
        title = _title(number, matches)
        lines += [title] if title else []
        lines += _render_match(match, answer.facts, brief=number > 0)
    together = [match.entry for match in matches if match.entry.name in shared]
    if len(together) > 1:
        for entry in together:
            for other, how in entry.shares.items():
                if other in {one.name for one in together}:
                    lines += _wrap(f"which: {how}")
    if not answer.knows:
        lines += _render_unknown(answer)
    lines += _render_harmless(harmless)
    return "\n".join(lines)


def _title(number: int, matches: tuple[Match, ...]) -> str:
    """What stands between the answers to several errors."""
    if not number:
        return ""
    same = matches[number].line.number == matches[0].line.number
    return "or" if same else "and"


def _wrap(text: str, label: str = "", indent: int = 7) -> list[str]:
    room = " " * indent
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=f"{label:<{indent}}" if label else "",
        subsequent_indent=room,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _render_match(match: Match, facts: Mapping[str, str], brief: bool) -> Iterator[str]:
    entry, words = match.entry, {**facts, **match.parts}
    yield f"{entry.name}: {_shorten(match.line.shown)}"
    yield from _wrap(entry.fill(entry.cause, words), "why:")
    label = "do:"
    cures = [cure for cure in entry.cures.values() if cure.fits(facts)]
    if not cures:
        yield from _wrap("none of its cures can be carried out with these releases", label)
    for number, cure in enumerate(cures[:1] if brief else cures, 1):
        yield from _wrap(describe_cure(entry, cure, words, number), label)
        yield from (f"          $ {command}" for command in list_commands(entry, cure, words))
        label = " "
    yield from _wrap(describe_sureness(match), "sure:")
    yield f"more:  examples/errors/{entry.name}.md"


def _shorten(line: str) -> str:
    return line if len(line) <= 160 else f"{line[:157]}..."


def describe_cure(entry: Entry, cure: Cure, words: Mapping[str, str], number: int) -> str:
    """A cure in one paragraph: what it changes, for whom, and how."""
    whom = f", for {cure.whom}" if cure.whom else ""
    return f"{number}. {KINDS[cure.kind]}{whom}: {entry.fill(cure.do, words)}"


def list_commands(entry: Entry, cure: Cure, words: Mapping[str, str]) -> list[str]:
    """The commands of a cure, as a person types them."""
    commands = []
    if cure.uninstall:
        named = " ".join(entry.fill(one, words) for one in cure.uninstall)
        commands.append(f"python -m pip uninstall -y {named}")
    if cure.install:
        filled = tuple(entry.fill(one, words) for one in cure.install)
        commands.append(f"python -m pip install {case_steps.describe_install(filled, words)}")
    for name, value in (cure.env or {}).items():
        commands.append(f"export {name}={value}")
    if cure.pairing and cure.pairing != case_steps.BARE:
        commands.append(write_copy_command(cure.pairing, cure.python, words))
    return commands


def write_copy_command(name: str, python: str, facts: Mapping[str, str]) -> str:
    """The command that copies the lock of a pairing, for the reader's Python if it has one."""
    pythons = pairing.load_pairings()[name].pythons
    minor = ".".join(facts.get("python", "").split(".")[:2])
    taken = python or (minor if minor in pythons else pythons[0])
    return f"nox -s copy -- {name} PATH --python {taken}"


def describe_sureness(match: Match) -> str:
    """How sure it is that a match is the error."""
    entry = match.entry
    made = case_record.load_made().get(entry.name)
    where = list(dict.fromkeys(case.pairing for case in entry.cases if case.pairing != "none"))
    places = f" in {', '.join(where)}" if where else ""
    if entry.unmade:
        said = f"the pattern fits; it is not reproduced here ({entry.unmade})"
        return f"{said}: it is from {', '.join(entry.sources[:2])}{IS_CUT * match.is_cut}"
    day = f" on {made.date}" if made else ""
    if match.seen:
        said = f"this very line was made here{places}{day}, and each cure carried out"
    else:
        said = f"the pattern fits; lines like it were made here{places}{day}, and the cures tried"
    said += IS_CUT * match.is_cut
    if match.fits is False:
        said += "; but the releases or the lines around it are others than where it was seen"
    return said


def _render_known(known: Known) -> Iterator[str]:
    yield f"{known.name}: {_shorten(known.line)}"
    yield from _wrap(known.cause, "why:")
    if known.remedy:
        yield from _wrap(known.remedy, "do:")
    yield from _wrap(f"this very line was made here, in {', '.join(known.pairings)}", "sure:")
    yield f"more:  {known.page}"


def _render_clue(clue: Clue, facts: Mapping[str, str]) -> Iterator[str]:
    what = "an argument that is not taken" if clue.keyword else "a name that is not there"
    yield f"{what}: {_shorten(clue.line)}"
    if clue.there:
        span = f"{clue.there[0]} to {clue.there[-1]}" if clue.there[1:] else clue.there[0]
        count = len(clue.there)
        seen = f"`{clue.shown}` is in {count} pairing{'s' * (count > 1)}, {span}"
    else:
        seen = f"`{clue.shown}` is in no pairing"
    gone = ""
    if clue.missing:
        gone = f", and missing in {len(clue.missing)}, {clue.missing[0]} to {clue.missing[-1]}"
    yield from _wrap(f"{seen}{gone}.", "why:")
    if clue.elsewhere:
        yield from _render_other_import(clue)
        return
    number = 1
    label = "do:"
    if clue.write or clue.why:
        written = f"write `{clue.write}` " if clue.write else ""
        yield from _wrap(f"{number}. in {clue.asked}, {written}({clue.why})", label)
        number, label = 2, " "
    if clue.there:
        said = f"{number}. {KINDS['pairing']}, for code that must stay as it is: take {clue.taken}:"
        yield from _wrap(said, label)
        yield f"          $ {write_copy_command(clue.taken, '', facts)}"
    name = shlex.quote(clue.path)
    yield from _wrap("derived from the record of names, which walked every pairing", "sure:")
    yield f"more:  nox -s which -- --name {name}"


def _render_other_import(clue: Clue) -> Iterator[str]:
    """The answer where the name should be there: what is imported is not what is meant."""
    top = clue.path.split(".")[0]
    look, command, verify = (one.format(top=top) for one in OTHER_IMPORT)
    yield from _wrap(f"1. {look}:", "do:")
    yield f"          $ {command}"
    yield from _wrap(f"2. {verify}.", " ")
    yield from _wrap("derived from the record of names, which walked every pairing", "sure:")
    yield f"more:  nox -s which -- --name {shlex.quote(clue.path)}"


def _render_unknown(answer: Explanation) -> Iterator[str]:
    last = answer.found.last
    yield f"nothing fits: {_shorten(last.shown) if last else 'no line names an error'}"
    yield from _render_harmless(
        [one for one in answer.found.matches if one.entry.group == "warnings"]
    )
    if answer.nearest:
        yield "nearest, and another error each:"
        for entry in answer.nearest:
            yield f"    {entry.name}: {_shorten(entry.line)}"
    yield from _wrap(
        "run examples/venv_verification/verify.py with your project's Python: it says what "
        "interferes and what does not go together; with --verify FILE, its --json is read here",
        "try:",
    )
    yield from _wrap(_REPORT, "report:", 8)


def _render_harmless(harmless: list[Match]) -> Iterator[str]:
    for match in harmless:
        yield from _wrap(f"{match.entry.name} stands in it too, and is no error", "note:")


def render_answer_json(answer: Explanation) -> str:
    """The answer as JSON, which explain.schema.json describes."""
    found = answer.found
    document: dict[str, Any] = {
        "knows": answer.knows,
        "line": found.last.shown if found.last else None,
        "facts": dict(answer.facts),
        "errors": [_match_as_json(one, answer.facts) for one in found.matches],
        "name": None,
        "seen": None,
        "nearest": [{"name": one.name, "line": one.line} for one in answer.nearest],
    }
    if answer.clue:
        document["name"] = answer.clue.as_json()
    if answer.known:
        known = answer.known
        document["seen"] = {
            "name": known.name,
            "line": known.line,
            "cause": known.cause,
            "remedy": known.remedy or None,
            "pairings": list(known.pairings),
        }
    return json.dumps(document, indent=2)


def _name_sureness(match: Match) -> str:
    if match.entry.unmade:
        return "not reproduced"
    return "seen" if match.seen else "begins" if match.is_cut else "fits"


def _match_as_json(match: Match, facts: Mapping[str, str]) -> dict[str, Any]:
    entry, words = match.entry, {**facts, **match.parts}
    return {
        "name": entry.name,
        "group": entry.group,
        "line": match.line.shown,
        "number": match.line.number,
        "parts": dict(match.parts),
        "sure": _name_sureness(match),
        "fits": match.fits,
        "cause": entry.fill(entry.cause, words),
        "cures": [
            {
                "name": cure.name,
                "kind": cure.kind,
                "for": cure.whom or None,
                "do": entry.fill(cure.do, words),
                "commands": list_commands(entry, cure, words),
            }
            for cure in entry.cures.values()
            if cure.fits(facts)
        ],
        "page": f"examples/errors/{entry.name}.md",
    }

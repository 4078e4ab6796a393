"""`nox -s explain`: read what was pasted, and print the answer alone on standard output."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from envs import Problem
from envs.errors import beginnings, catalogue_files, explanation, matching, reading, stated
from envs.errors.catalogue import Entry, trim_line
from envs.errors.explanation import Explanation, Known
from envs.errors.reading import Line, Pasted
from envs.model import console

STDIN = "-"


@dataclass(frozen=True)
class ExplainRequest:
    """What to read: a text as it was typed, a file, or standard input; and what else is known."""

    text: str = ""
    file: Path | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    as_json: bool = False


def parse_explain_request(argv: Sequence[str], origin: Path | None = None) -> ExplainRequest:
    """Parse a command line. argparse ends the process if the line is wrong.

    `origin` is the folder in which it was typed. Raises Problem for a bad release or file.
    """
    options = argparse.ArgumentParser(
        prog="nox -s explain --",
        description="Say what an error of TensorFlow or Keras is, why it comes, and its cure.",
        epilog="Exit code: 0 if it knows; 1 if nothing fits; 2 for bad input. What is read is "
        "never run.",
        allow_abbrev=False,
    )
    options.add_argument(
        "what", metavar="LINE|FILE|-", help="the line in quotes, a file, or - for standard input"
    )
    for name in ("tensorflow", "keras", "python"):
        options.add_argument(f"--{name}", default="", metavar="X.Y", help=f"your {name}'s release")
    options.add_argument("--verify", metavar="FILE", help="what verify.py --json printed")
    options.add_argument("--json", action="store_true", dest="as_json", help="for programs")
    given = options.parse_args(argv)
    facts = read_verify((origin or Path.cwd()) / given.verify) if given.verify else {}
    for name in ("tensorflow", "keras", "python"):
        if value := getattr(given, name):
            if not re.fullmatch(r"\d+(\.\w+)*", value):
                raise Problem(f"--{name} '{value}': write a release, such as 2.16 or 2.16.1")
            facts[name] = value
    if given.what == STDIN:
        return ExplainRequest(facts=facts, as_json=given.as_json)
    file = (origin or Path.cwd()) / given.what
    try:
        is_file = file.is_file()
    except OSError:  # too long for a path
        is_file = False
    if is_file:
        return ExplainRequest(file=file, facts=facts, as_json=given.as_json)
    if re.fullmatch(r"[\w./\\~-]+\.(?:txt|log|out|err|ipynb|json|md)", given.what):
        raise Problem(f"{given.what}: there is no such file: give a file, a line in quotes, or -")
    if not given.what.strip():
        raise Problem("explain: the line is empty: give a line in quotes, a file, or -")
    return ExplainRequest(given.what, facts=facts, as_json=given.as_json)


def read_verify(file: Path) -> dict[str, str]:
    """The releases that `verify.py --json` names. Raises Problem if the file is none of its."""
    try:
        data = json.loads(reading.decode_pasted(file.read_bytes(), str(file)))
        found = {"python": data["python"]["version"]}
        for one in data["installed"]:
            name = re.sub(r"[-_](cpu|gpu|intel|macos|nightly)$", "", one["name"].lower())
            if name in ("tensorflow", "keras") and not one.get("hidden"):
                found.setdefault(name, one["version"])
    except OSError as error:
        raise Problem(f"--verify {file}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError):
        raise Problem(f"--verify {file}: is not what verify.py --json prints") from None
    return found


def run_explain(
    argv: Sequence[str], origin: Path | None = None, stdin: BinaryIO | None = None
) -> int:
    """Print the answer on standard output, or what is wrong on standard error.

    Returns the exit code: 0 if it knows, 1 if nothing fits, 2 for bad input.
    """
    try:
        request = parse_explain_request(argv, origin)
        answer = answer_pasted(_read(request, stdin), request.facts)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 2
    render = explanation.render_answer_json if request.as_json else explanation.render_answer
    console.print_answer(render(answer))
    return 0 if answer.knows else 1


def _read(request: ExplainRequest, stdin: BinaryIO | None) -> str:
    """The text of a request. Raises Problem if there is none."""
    if request.text:
        return request.text
    name = str(request.file or "standard input")
    try:
        if request.file:
            with request.file.open("rb") as stream:
                stream.seek(max(0, request.file.stat().st_size - reading.LARGEST))
                data = stream.read()
        else:
            data = (stdin or sys.stdin.buffer).read()[-reading.LARGEST :]
    except OSError as error:
        raise Problem(f"{name}: cannot be read ({error.strerror})") from None
    if not data.strip():
        raise Problem(f"{name}: is empty: give the traceback, or at least its last line")
    return reading.decode_pasted(data, name)


def answer_pasted(text: str, facts: Mapping[str, str]) -> Explanation:
    """The answer to a text, with what else is known of the reader. Raises Problem."""
    pasted = reading.read_pasted(text)
    known = {**stated.guess_facts(pasted.text), **facts}
    if release := known.get("tensorflow"):
        known["minor"] = ".".join(release.split(".")[:2])
    entries = catalogue_files.load_catalogue()
    found = matching.find_matches(pasted, entries.values(), known)
    seen, clue, named = None, None, False
    if not found.explained:
        for line in _list_asked(pasted, found.last):
            seen = find_known(line)
            if seen is None:
                from envs.errors import argument_clues, name_clues  # which take most of the time

                clue = name_clues.find_clue(line.text, known)
                clue = clue or argument_clues.find_argument_clue(line.text, known)
                lines = (*name_clues.LINES, *argument_clues.LINES)
                named = named or any(re.fullmatch(one, line.text) for one in lines)
            if seen or clue:
                break
        # A line that names a name or an argument is whole.
        if not seen and not named:
            found = beginnings.add_beginning(pasted, found, entries.values(), known)
    nearest: list[Entry] = []
    if not (found.explained or seen or clue) and found.last:
        nearest = matching.find_nearest_entries(found.last.text, entries.values())
    return Explanation(found, known, clue, seen, tuple(nearest))


def _list_asked(pasted: Pasted, last: Line | None) -> list[Line]:
    """The lines of which other records are asked: the last exception, or all of a chain."""
    if last is None:
        return []
    same = [line for line in pasted.lines if line.number == last.number]
    chained = reading.is_chained(pasted)
    others = [line for line in reversed(pasted.lines) if line.raised and line not in same]
    return [*same, *(others[:5] if chained else ())]


def find_known(line: Line) -> Known | None:
    """What the examples and the atlas know of a line that was made in them to the letter."""
    from envs.model import causes, disk, failures, outcome_records, pairing

    rules = failures.load_rules()
    for failure in rules.failures.values():
        if trim_line(f"{failure.exception}: {failure.message}") == line.text:
            # A record names each failure by its key: to parse all of them would take seconds.
            seen = [
                name
                for name in pairing.load_pairings()
                if f'= "{failure.name}"' in disk.text_of(outcome_records.RECORDS / f"{name}.toml")
            ]
            return explanation.from_failure(failure, tuple(seen))
    cause = causes.find_cause(line.text, causes.load_causes(causes.OF_CELLS))
    if cause is None:
        return None
    where = _find_cells(line.text)
    if not where:
        return None
    page = "envs/README.md#every-tensorflow-with-every-keras"
    return Known(cause.name, line.shown, cause.cause, "", tuple(where), page)


def _find_cells(text: str) -> list[str]:
    """The rows of the atlas in which a line was made."""
    from envs.atlas import row_files

    return [
        name
        for name, row in row_files.load_atlas().items()
        if any(
            trim_line(outcome.partition(": ")[2]) == text
            for cell in row.values()
            for outcome in cell.steps.values()
        )
    ]

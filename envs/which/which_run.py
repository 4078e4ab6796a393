"""`nox -s which`: read a project, judge it, and print the answer alone on standard output."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from envs import Problem
from envs.model import console, pairing
from envs.names import files
from envs.names.record import Names
from envs.which import (
    answer,
    declared,
    documents,
    name_answer,
    python_choice,
    reader,
    reports,
    sources,
    successors,
    which_request,
)
from envs.which.reports import Report
from envs.which.sources import LARGEST
from envs.which.suggestions import Adviser, list_suggestions
from envs.which.uses import Code, Unread
from envs.which.which_request import WhichRequest


class NothingRead(Problem):
    """Nothing of the input could be read; `unread` says where, and why."""

    def __init__(self, message: str, unread: Sequence[Unread]) -> None:
        super().__init__(message)
        self.unread = tuple(unread)


def run_which(argv: Sequence[str], origin: Path | None = None) -> int:
    """Print the answer on standard output, or what is wrong on standard error.

    Returns the exit code: 0 if all is there, 1 if not, 2 for bad input. `origin` is the folder in
    which the command was typed.
    """
    # What is read is kept to the end: looking for garbage among it would take a fifth of the time.
    gc.disable()
    try:
        request = which_request.parse_which_request(argv, origin)
        text, code = answer_request(request)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 2
    console.print_answer(text)
    return code


def answer_request(request: WhichRequest, stdin: BinaryIO | None = None) -> tuple[str, int]:
    """The answer to a request, and the exit code: 0 if all is there, 1 if not.

    Raises Problem if there is nothing to read, or the pairing is not known.
    """
    pairings = pairing.load_pairings()
    if request.to:
        pairing.choose_names(pairings, [request.to])
    names = files.load_names()
    if request.to and request.to not in names.pairings:
        raise Problem(f"{request.to}: has no record of names: run nox -s names -- {request.to}")
    table = successors.Table(successors.load_successors(), pairings, python_choice.find_releases())
    if request.name:
        found = name_answer.look_up_name(request, names, table)
        text = found.as_json() if request.format == "json" else found.as_text()
        return text, 0 if found.there else 1
    report = make_report(request, names, table, pairings, stdin)
    render = {
        "text": reports.render_report,
        "json": documents.render_json,
        "sarif": documents.render_sarif,
    }[request.format]
    return render(report), 0 if report.fits else 1


def make_report(
    request: WhichRequest,
    names: Names,
    table: successors.Table,
    pairings: dict[str, pairing.Pairing],
    stdin: BinaryIO | None = None,
) -> Report:
    """Read what a request names, and judge it. Raises Problem if none of it can be read."""
    code = _read_input(request, stdin)
    wishes: list[declared.Wish] = []
    if request.path:
        folder = request.path if request.path.is_dir() else request.path.parent
        wishes, unread = declared.read_wishes(folder)
        code.unread += unread
    found = answer.find_answer(code, wishes, pairings, names, table)
    report = Report(request, found)
    if found.names and (shown := request.to or _best(report)):
        lacks = found.verdict_of(shown).lacks
        apart = answer.does_mixing_fail(pairings[shown])
        advice = list(list_suggestions(lacks, Adviser(names, table, shown, apart)))
        report = Report(request, found, advice)
    return report


def _best(report: Report) -> str:
    """The pairing whose places are listed without `--to`: only a document lists them."""
    if report.request.format == "text" or not report.answer.verdicts:
        return ""
    return report.answer.verdicts[0].pairing.name


def _read_input(request: WhichRequest, stdin: BinaryIO | None) -> Code:
    if request.path:
        code = reader.read_code(sources.find_sources(request.path))
    else:
        data = (stdin or sys.stdin.buffer).read(LARGEST + 1)
        if len(data) > LARGEST:
            raise Problem(f"standard input: more than {LARGEST // 2**20} MiB are not read")
        name = "stdin.ipynb" if data.lstrip()[:1] == b"{" else "stdin"
        code = reader.read_code([sources.decode_source(data, name)])
    if not code.files and code.unread:
        listed = "\n".join(f"    {one.place}: {one.why}" for one in code.unread[:10])
        raise NothingRead(f"{request.shown}: nothing in it can be read:\n{listed}", code.unread)
    return code

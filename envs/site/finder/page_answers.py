"""What the page asks of Python in the browser: the same that `nox -s which` and `explain` say."""

from __future__ import annotations

import io
import json
import re
import textwrap
from collections.abc import Callable
from functools import cache
from typing import Any

from envs import Problem
from envs.errors import argument_clues, name_clues
from envs.model import pairing
from envs.names import files
from envs.names.record import Names
from envs.which import documents, name_answer, python_choice, successors, which_run
from envs.which.uses import Unread
from envs.which.which_request import WhichRequest

_USUAL = {
    "tf": "import tensorflow as tf",
    "tensorflow": "import tensorflow",
    "keras": "import keras",
    "tf_keras": "import tf_keras",
}
"""Name -> the import that people leave out when they paste a piece of code."""


@cache
def _load_tables() -> tuple[Names, successors.Table]:
    known = pairing.load_pairings(), python_choice.find_releases()
    return files.load_names(), successors.Table(successors.load_successors(), *known)


def answer_page(asked: str) -> str:
    """The answer to a request of the page, both as JSON; `problem` is in it for bad input."""
    request = json.loads(asked)
    try:
        return json.dumps(_ANSWERS[request["what"]](request))
    except Problem as problem:
        return json.dumps({"problem": str(problem)})


def _answer_code(request: dict[str, Any]) -> dict[str, Any]:
    """The document of `nox -s which -- - --json`, with `--to` if `to` is a pairing.

    `assumed` are the imports with which it was read, where it names nothing without them.
    """
    document = _judge_code(request["text"], request.get("to", ""))
    text, assumed = assume_imports(request["text"])
    if assumed and not document["names"]:
        document = _judge_code(text, request.get("to", ""))
    else:
        assumed = []
    return {**document, "assumed": assumed}


def _judge_code(text: str, to: str) -> dict[str, Any]:
    asked = WhichRequest(None, "-", to, "", "json")
    data = io.BytesIO(text.encode("utf-8", "replace"))
    known = pairing.load_pairings()
    try:
        report = which_run.make_report(asked, *_load_tables(), known, data)
    except which_run.NothingRead as problem:
        raise Problem(_say_unread(problem.unread[0])) from problem
    document: dict[str, Any] = json.loads(documents.render_json(report))
    return document


def _say_unread(unread: Unread) -> str:
    """What of a pasted text cannot be read, for a reader who never saw a file `stdin`."""
    cell_and_line = re.fullmatch(r"[^:]*?(?::(?: cell (\d+), )?(\d+):\d+)?", unread.place)
    cell, line = cell_and_line.groups() if cell_and_line else (None, None)
    place = f" in line {line}" if line else ""
    place += f" of cell {cell}" if cell else ""
    why = unread.why.partition(":")[0]
    return (
        f"What was pasted {why}{place}, and nothing else in it can be read. Paste whole lines of "
        "code, or for an error its last line alone."
    )


def assume_imports(text: str) -> tuple[str, list[str]]:
    """A piece of code with the usual imports of the names that it does not import, and these.

    They stand in its first line, so that every line keeps its number.
    """
    if text.lstrip().startswith("{"):  # a notebook, which is whole
        return text, []
    imported = set(re.findall(r"(?m)\b(?:import|as)[ \t]+(\w+)", text))
    named = set(re.findall(r"(?m)(?<![\w.])(\w+)\s*\.\s*\w", text))
    assumed = [line for name, line in _USUAL.items() if name in named - imported]
    return ("; ".join([*assumed, textwrap.dedent(text)]) if assumed else text), assumed


def _answer_name(request: dict[str, Any]) -> dict[str, Any]:
    """The document of `nox -s which -- --name NAME --json`."""
    name = request["name"]
    name = f"tensorflow{name[2:]}" if name.startswith("tf.") else name
    asked = WhichRequest(None, "", "", name, "json")
    document: dict[str, Any] = json.loads(
        name_answer.look_up_name(asked, *_load_tables()).as_json()
    )
    return document


def _find_clue(request: dict[str, Any]) -> dict[str, Any]:
    """What the record of names knows of the name or the argument that a line names."""
    for line in request["lines"]:
        found = name_clues.find_clue(line, request["facts"])
        found = found or argument_clues.find_argument_clue(line, request["facts"])
        if found:
            return {"clue": {**found.as_json(), "line": line}}
    return {"clue": None}


_ANSWERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "code": _answer_code,
    "name": _answer_name,
    "clue": _find_clue,
}

"""Notebooks: the code in their cells, without what only IPython understands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from envs.which.sources import Source
from envs.which.uses import Unread

_PYTHON_AFTER = ("time", "timeit", "capture", "prun", "tensorflow_version")
"""CodeCell magics after which Python follows; after any other, another language does."""

_LINE = re.compile(r"^(\s*)(?:[!%?].*|[\w.]+\?{1,2}\s*)$")
_ASSIGNED = re.compile(r"^(\s*[\w., ]+=\s*)[!%].*$")


@dataclass(frozen=True, slots=True)
class CodeCell:
    """The code of a cell; `number` is its place among all cells from 1, or 0 for a whole file."""

    number: int
    text: str


def read_notebook(source: Source) -> list[CodeCell] | Unread:
    """The code cells of a notebook, of format 3 or 4."""
    try:
        data: Any = json.loads(source.text)
    except (ValueError, RecursionError) as error:
        return Unread(source.file, f"is no notebook: {error}")
    if not isinstance(data, dict):
        return Unread(source.file, "is no notebook: it holds no table")
    if (language := _language(data)) not in ("python", ""):
        return Unread(source.file, f"is a notebook of {language}, not of Python")
    # Format 3 has worksheets, and calls the code of a cell its input.
    holders = data.get("worksheets") if "worksheets" in data else [data]
    cells: list[Any] = []
    for holder in holders if isinstance(holders, list) else ():
        held = holder.get("cells") if isinstance(holder, dict) else None
        cells += held if isinstance(held, list) else []
    if not cells:
        return Unread(source.file, "is a notebook without cells")
    texts = [(number, _code(cell)) for number, cell in enumerate(cells, 1)]
    return [CodeCell(number, text) for number, text in texts if text.strip()]


def _language(data: dict[str, Any]) -> str:
    for key, word in (("kernelspec", "language"), ("language_info", "name")):
        table = data.get("metadata")
        table = table.get(key) if isinstance(table, dict) else None
        if isinstance(table, dict) and isinstance(table.get(word), str):
            return str(table[word]).lower()
    return ""


def _code(cell: Any) -> str:
    if not isinstance(cell, dict) or cell.get("cell_type") != "code":
        return ""
    text = cell.get("source", cell.get("input", ""))
    if isinstance(text, list):
        text = "".join(line for line in text if isinstance(line, str))
    if not isinstance(text, str):
        return ""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first = re.match(r"\s*%%(\w+)", text)
    if first and first[1] not in _PYTHON_AFTER:
        return ""
    return text


def remove_magics(text: str) -> str:
    """The code of a cell, each magic, shell command or call for help replaced by `pass`."""
    lines = []
    joined = False
    for line in text.split("\n"):
        if joined or (match := _LINE.match(line)):
            indent = re.match(r"\s*", line)
            lines.append(f"{indent[0] if indent else ''}pass")
            joined = line.endswith("\\")
        elif match := _ASSIGNED.match(line):
            lines.append(f"{match[1]}None")
            joined = False
        else:
            lines.append(line)
    return "\n".join(lines)

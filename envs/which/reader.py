"""The reader: what a project's code uses of TensorFlow and Keras. The code is never run."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from envs.which import notebooks
from envs.which.notebooks import CodeCell
from envs.which.sources import Source
from envs.which.statements import Statements
from envs.which.syntax import Syntax
from envs.which.uses import Code, Unread


def read_code(found: Iterable[Source | Unread]) -> Code:
    """All that the sources use. What cannot be read is in `unread`, and the rest is read."""
    code = Code()
    for one in found:
        if isinstance(one, Unread):
            code.unread.append(one)
        else:
            read_source(one, code)
    return code


def read_source(source: Source, code: Code) -> None:
    """Add what one file uses. It raises nothing: a file that cannot be read is noted in `code`."""
    cells = [CodeCell(0, source.text)]
    if source.notebook:
        read = notebooks.read_notebook(source)
        if isinstance(read, Unread):
            code.unread.append(read)
            return
        cells = read
    statements = Statements(code, source.file)
    found = len(code.uses), len(code.choices)
    try:
        parsed = [(cell, _parse(cell, source, code)) for cell in cells]
        for cell, syntax in parsed:
            if syntax is not None:
                statements.syntax, statements.cell = syntax, cell.number
                _note_python(statements, syntax, cell)
                statements.read_block(syntax.root.named_children)
        statements.read_left()
    except RecursionError:
        # Half of what a file uses is no answer.
        del code.uses[found[0] :], code.choices[found[1] :]
        code.unread.append(Unread(source.file, "is nested too deeply to be read"))
        return
    code.files += not cells or any(syntax is not None for _, syntax in parsed)


def _parse(cell: CodeCell, source: Source, code: Code) -> Syntax | None:
    """A cell or a file, parsed; None if it is no Python."""
    syntax = Syntax(cell.text)
    broken = syntax.list_broken()
    if broken and cell.number:
        syntax = Syntax(notebooks.remove_magics(cell.text))
        broken = syntax.list_broken()
    if not broken:
        return syntax
    line, column = syntax.position_of(broken[0])
    where = f"{source.file}:{f' cell {cell.number}, ' if cell.number else ''}{line}:{column}"
    if not syntax.is_believable(broken):
        code.unread.append(Unread(where, "is no Python: it is left out"))
        return None
    code.unread.append(Unread(where, "is no Python here: the rest of it was read"))
    return syntax


def _note_python(statements: Statements, syntax: Syntax, cell: CodeCell) -> None:
    """Note which Python the syntax of a cell is for."""
    code = statements.code
    if (old := syntax.find_python2()) is not None and not _is_python3(cell.text):
        code.python2.append(statements.place_of(old))
    elif (needed := syntax.needed_python()) and needed[0] > code.python:
        code.python, code.python_at = needed[0], str(statements.place_of(needed[1]))


def _is_python3(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True

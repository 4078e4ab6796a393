"""Python's syntax, from 2.7 to the newest, as tree-sitter reads it."""

from __future__ import annotations

import ast
from functools import cache

import tree_sitter_python
from tree_sitter import Language, Node, Parser, Query, QueryCursor

TOO_BROKEN = 0.5
"""If more of a file than this share is no Python, nothing of it is believed."""

_SINCE = {
    "(named_expression) @walrus": (3, 8),
    "(positional_separator) @positional": (3, 8),
    "(match_statement) @match": (3, 10),
    "(type_alias_statement) @alias": (3, 12),
    "(_ type_parameters: (type_parameter) @generic)": (3, 12),
}
"""Syntax, as patterns of tree-sitter -> the Python that brought it.

Only what pairings tell apart: all run on 3.7 or later.
"""

_ONLY_2 = (
    "(print_statement) @print",
    "(exec_statement) @exec",
    "(except_clause value: (_) . value: (_)) @except",
)
"""Syntax that only Python 2 has, as patterns of tree-sitter."""


@cache
def _language() -> Language:
    return Language(tree_sitter_python.language())


@cache
def _parser() -> Parser:
    return Parser(_language())


@cache
def _query() -> Query:
    return Query(_language(), "\n".join([*_ONLY_2, *_SINCE]))


@cache
def _since() -> dict[str, tuple[int, int]]:
    """The word that a pattern gives its nodes -> the Python that brought them."""
    return {pattern.rpartition("@")[2].strip(")"): since for pattern, since in _SINCE.items()}


class Syntax:
    """A piece of Python, parsed, with the way from its nodes back to text and places."""

    def __init__(self, text: str) -> None:
        # Some characters are no text in UTF-8, but a Python text may hold them.
        self.data = text.encode("utf-8", "replace")
        self.root = _parser().parse(self.data).root_node
        self._lines: list[bytes] | None = None
        self._told: list[tuple[str, list[Node]]] | None = None

    def text_of(self, node: Node) -> str:
        """The text of a node."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def position_of(self, node: Node) -> tuple[int, int]:
        """The line and the column at which a node begins, in characters from 1."""
        row, offset = node.start_point
        if self._lines is None:
            self._lines = self.data.split(b"\n")
        before = self._lines[row][:offset] if row < len(self._lines) else b""
        return row + 1, len(before.decode("utf-8", "replace")) + 1

    def list_broken(self) -> list[Node]:
        """The outermost nodes that are no Python, in their order."""
        broken = []
        stack = [self.root] if self.root.has_error else []
        while stack:
            node = stack.pop()
            if node.is_error or node.is_missing:
                broken.append(node)
            else:
                stack += [child for child in reversed(node.children) if child.has_error]
        return broken

    def is_believable(self, broken: list[Node]) -> bool:
        """Whether enough of it is Python."""
        size = sum(node.end_byte - node.start_byte for node in broken)
        return size <= TOO_BROKEN * len(self.data.strip())

    def dotted(self, node: Node) -> str:
        """A dotted name without the white space that may stand in it."""
        if node.type == "identifier":
            return self.text_of(node)
        return ".".join(self.text_of(part) for part in node.named_children)

    def literal(self, node: Node | None) -> str | None:
        """The text that a string literal stands for; None for anything else."""
        if node is None or node.type != "string":
            return None
        try:
            value = ast.literal_eval(self.text_of(node))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
        return value if isinstance(value, str) else None

    def needed_python(self) -> tuple[tuple[int, int], Node] | None:
        """The oldest Python 3 that reads it, if that is later than 3.7, and the node at fault."""
        since = _since()
        found = [(since[word], nodes[0]) for word, nodes in self._telling() if word in since]
        return max(found, key=lambda pair: pair[0], default=None)

    def find_python2(self) -> Node | None:
        """A statement that only Python 2 has; None if there is none."""
        return next((nodes[0] for word, nodes in self._telling() if word not in _since()), None)

    def _telling(self) -> list[tuple[str, list[Node]]]:
        """The nodes that tell a Python from others, by the words of the patterns."""
        if self._told is None:
            self._told = list(QueryCursor(_query()).captures(self.root).items())
        return self._told

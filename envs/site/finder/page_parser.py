"""tree-sitter in a browser: what `envs.which` uses of it, from the build of it for JavaScript.

The page has it under the name `tree_sitter`. The grammar is the same release.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import Any

import page_grammar

_WIDTH = 7
"""So many numbers describe a node: type, first and last byte, flags, field, parent, the next."""

_NAMED, _ERROR, _MISSING, _HAS_ERROR = 1, 2, 4, 8


class Language:
    """The grammar of Python; the page loads no other."""

    def __init__(self, _pointer: object) -> None:
        pass


class Tree:
    """A parsed text, as numbers: one row a node, in the order in which nodes begin."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.parsed = page_grammar.parsePython(data.decode("utf-8"))
        self.rows = memoryview(self.parsed.rows.to_bytes()).cast("i")
        self.types: list[str] = self.parsed.types.to_py()
        self.fields: list[str] = self.parsed.fields.to_py()
        self.root_node = Node(self, 0)

    @cached_property
    def starts(self) -> list[int]:
        """The byte at which each line begins."""
        starts = [0]
        while (found := self.data.find(b"\n", starts[-1])) >= 0:
            starts.append(found + 1)
        return starts


class Node:
    """A node of a tree."""

    __slots__ = ("_children", "_number", "_tree")

    def __init__(self, tree: Tree, number: int) -> None:
        self._tree = tree
        self._number = number
        self._children: list[Node] | None = None

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Node) and other._tree is self._tree and other._number == self._number
        )

    def __hash__(self) -> int:
        return self._number

    def _read(self, place: int) -> int:
        return self._tree.rows[self._number * _WIDTH + place]

    @property
    def type(self) -> str:
        return self._tree.types[self._read(0)]

    @property
    def start_byte(self) -> int:
        return self._read(1)

    @property
    def end_byte(self) -> int:
        return self._read(2)

    @property
    def start_point(self) -> tuple[int, int]:
        starts, byte = self._tree.starts, self.start_byte
        row = bisect_right(starts, byte) - 1
        return row, byte - starts[row]

    @property
    def is_named(self) -> bool:
        return bool(self._read(3) & _NAMED)

    @property
    def is_error(self) -> bool:
        return bool(self._read(3) & _ERROR)

    @property
    def is_missing(self) -> bool:
        return bool(self._read(3) & _MISSING)

    @property
    def has_error(self) -> bool:
        return bool(self._read(3) & _HAS_ERROR)

    @property
    def parent(self) -> Node | None:
        number = self._read(5)
        return None if number < 0 else Node(self._tree, number)

    @property
    def children(self) -> list[Node]:
        if self._children is None:
            self._children = []
            number, end = self._number + 1, self._read(6)
            while number < end:
                child = Node(self._tree, number)
                self._children.append(child)
                number = child._read(6)
        return self._children

    @property
    def named_children(self) -> list[Node]:
        return [child for child in self.children if child.is_named]

    @property
    def child_count(self) -> int:
        return len(self.children)

    @property
    def named_child_count(self) -> int:
        return len(self.named_children)

    def child_by_field_name(self, name: str) -> Node | None:
        return next(iter(self.children_by_field_name(name)), None)

    def children_by_field_name(self, name: str) -> list[Node]:
        if name not in self._tree.fields:
            return []
        field = self._tree.fields.index(name)
        return [child for child in self.children if child._read(4) == field]


class Parser:
    """The parser of a language."""

    def __init__(self, _language: Language) -> None:
        pass

    def parse(self, data: bytes) -> Tree:
        return Tree(data)


class Query:
    """A pattern of nodes."""

    def __init__(self, _language: Language, source: str) -> None:
        self.source = source


class QueryCursor:
    """The nodes that a query finds."""

    def __init__(self, query: Query) -> None:
        self.query = query

    def captures(self, node: Node) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        captured: Any = node._tree.parsed.findCaptures(self.query.source)
        for name, number in captured.to_py():
            found.setdefault(name, []).append(Node(node._tree, number))
        return found

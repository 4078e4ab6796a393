"""Scopes: what each name stands for, as far as the code of one file shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tree_sitter import Node

from envs.which.uses import Guards, Ref


@dataclass(eq=False, slots=True)
class LocalClass:
    """A class that the code defines.

    `members` are the names that it sets itself, on the class or on an instance. It is `open` if it
    extends something unknown, which may have any name.
    """

    bases: Value
    members: frozenset[str]
    open: bool = False
    functions: dict[str, LocalFunction] = field(default_factory=dict)
    attributes: dict[str, Value] = field(default_factory=dict)

    def list_bases(self) -> list[Ref]:
        """The classes of other packages that it extends, through all that the code defines."""
        bases = (base for one in self._list_own() for base in one.bases)
        return [base for base in bases if isinstance(base, Ref) and not base.called]

    def _list_own(self) -> list[LocalClass]:
        """It, and all classes of the code that it extends."""
        found: list[LocalClass] = []
        left: list[LocalClass] = [self]
        while left:
            one = left.pop()
            if not any(one is other for other in found):
                found.append(one)
                left += [base for base in one.bases if isinstance(base, LocalClass)]
        return found

    def is_open(self) -> bool:
        """Whether it, or a class of the code that it extends, extends something unknown."""
        return any(one.open for one in self._list_own())

    def find(self, name: str) -> LocalFunction | Value | None:
        """A function or attribute that it, or a class of the code that it extends, defines."""
        for one in self._list_own():
            if name in one.functions:
                return one.functions[name]
            if name in one.attributes:
                return one.attributes[name]
            if name in one.members:
                return ()
        return None


@dataclass(frozen=True, slots=True)
class LocalInstance:
    """An instance of a class that the code defines."""

    klass: LocalClass


@dataclass(eq=False, slots=True)
class LocalFunction:
    """A function that the code defines; its body is read once, when it is called or at the end."""

    node: Node
    scope: Scope
    guards: Guards
    klass: LocalClass | None = None
    kind: str = ""
    """The decorator that changes what its first parameter is: `staticmethod`, `classmethod`."""

    read: bool = False
    returned: Value = ()


@dataclass(frozen=True, slots=True)
class Method:
    """A method of an instance of a class of another package."""

    owner: Ref
    name: str


Item = Ref | LocalClass | LocalInstance | LocalFunction | Method
Value = tuple[Item, ...]
"""What an expression may stand for; empty if that is not known."""

MOST = 8
"""How many meanings a name can have; code with more has loops of its own making."""


def unite(*values: Value) -> Value:
    """Every meaning of several values, each once."""
    if len(values) == 1:
        return values[0]
    return tuple(dict.fromkeys(item for value in values for item in value))[:MOST]


@dataclass(eq=False, slots=True)
class Scope:
    """The names of a module, a class, a function or a comprehension."""

    parent: Scope | None = None
    is_class: bool = False
    names: dict[str, Value] = field(default_factory=dict)
    outer: set[str] = field(default_factory=set)
    """The names that a `global` or `nonlocal` statement binds further out."""

    def look_up(self, name: str) -> Value | None:
        """What a name stands for; None if nothing binds it."""
        scope: Scope | None = self
        while scope:
            if name in scope.names and (scope is self or not scope.is_class):
                return scope.names[name]
            scope = scope.parent
        return None

    def bind(self, name: str, value: Value) -> None:
        """Let a name stand for a value."""
        scope = self
        if name in self.outer:
            while scope.parent and name not in scope.parent.names and scope.parent.parent:
                scope = scope.parent
            scope = scope.parent or scope
        scope.names[name] = value


def merge_names(ways: Iterable[dict[str, Value]]) -> dict[str, Value]:
    """What names stand for after code with several ways through it."""
    merged: dict[str, Value] = {}
    for names in ways:
        for name, value in names.items():
            merged[name] = unite(merged[name], value) if name in merged else value
    return merged

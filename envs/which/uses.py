"""What a project's code uses: the data that the reader finds, and the answer is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class UseKind(StrEnum):
    """How a name is used; each is looked up in its own way."""

    IMPORT = "import"
    FROM = "from"
    STAR = "star"
    STAR_NAME = "name of a star import"
    ATTRIBUTE = "attribute"
    CALL = "call"
    MEMBER = "method"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: all numbers begin at 1; `cell` is 0 outside of notebooks."""

    file: str
    line: int
    column: int
    cell: int = 0

    def __str__(self) -> str:
        cell = f" cell {self.cell}, " if self.cell else ""
        return f"{self.file}:{cell}{self.line}:{self.column}"


Guards = tuple[tuple[int, int], ...]
"""The branches that a place is in, from the outside: the number of the choice, and the branch."""


@dataclass(frozen=True, slots=True)
class Ref:
    """What a name may stand for: a path, or what a call of that path gave.

    `guards` are the branches in which the name was bound.
    """

    path: str
    called: bool = False
    guards: Guards = ()


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a name of TensorFlow or Keras.

    `refs` are what it may stand for; more than one if branches bind it differently. `module` is
    that of a `from` import. `written` is its text in the source; `base` is the name that it starts
    with there, and `base_path` what that name stands for.
    """

    kind: UseKind
    refs: tuple[Ref, ...]
    place: Place
    guards: Guards = ()
    module: str = ""
    written: str = ""
    base: str = ""
    base_path: str = ""
    keywords: tuple[str, ...] = ()
    positional: int = 0
    unpacked: bool = False
    """Whether the call unpacks arguments with `*` or `**`."""

    @property
    def path(self) -> str:
        """The first path that it may stand for."""
        return self.refs[0].path


@dataclass(frozen=True, slots=True)
class Choice:
    """A `try` with handlers, or a version check: one of its branches is enough.

    `catches` are the errors that move on to the next branch (see `ERRORS`); it is empty where a
    condition chooses. `dead` are the branches that end the program, so they are no way out.
    """

    why: str
    place: Place
    branches: int
    catches: frozenset[str] = frozenset()
    dead: frozenset[int] = frozenset()

    @property
    def optional(self) -> bool:
        """Whether there is more than one way through it."""
        return self.branches - len(self.dead) > 1


ERRORS = {
    "ImportError": {"module", "name"},
    "ModuleNotFoundError": {"module"},
    "AttributeError": {"attribute"},
    "TypeError": {"call"},
    "Exception": {"module", "name", "attribute", "call"},
    "BaseException": {"module", "name", "attribute", "call"},
}
"""What a handler of an exception catches.

`module`: an import of a module that is not there; `name`: an import of a name that its module does
not have; `attribute`: an attribute chain; `call`: a call that gives other
arguments than it takes.
"""


@dataclass(frozen=True, slots=True)
class Unread:
    """A file, or a part of one, that cannot be read, and why."""

    place: str
    why: str


@dataclass(slots=True)
class Code:
    """All that was found in a project."""

    uses: list[Use] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    imported: set[str] = field(default_factory=set)
    """Every module that some import statement names, and the modules around it."""

    files: int = 0
    python: tuple[int, int] = (3, 0)
    """The oldest Python whose syntax it is."""

    python_at: str = ""
    """Where the newest syntax stands."""

    python2: list[Place] = field(default_factory=list)
    """Where syntax stands that only Python 2 has."""

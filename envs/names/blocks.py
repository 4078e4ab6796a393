"""Blocks of the record, parsed when they are asked for: those of modules and those of classes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from envs import Problem
from envs.names.statements import Order, parse_block, split_blocks

PARTS = (
    *("keras", "keras.src", "tensorflow", "tensorflow.compat", "tensorflow.contrib"),
    *("tensorflow.python", "tensorflow.python.keras", "tf_keras"),
)
"""The prefixes of blocks that have a file of their own; the longest counts."""

REST = "others"


def part_of(block: str) -> str:
    """The file that a block is in, without its suffix."""
    words = block.split(".")
    for count in range(min(3, len(words)), 0, -1):
        if (prefix := ".".join(words[:count])) in PARTS:
            return prefix
    return REST


@dataclass(frozen=True)
class Parameter:
    """A parameter of a call.

    `kind` is `positional` if it cannot be named, `either`, `keyword` if it must be named, `args`
    for `*args` or `kwargs` for `**kwargs`.
    """

    name: str
    kind: str
    required: bool


def parse_parameters(text: str) -> tuple[Parameter, ...]:
    """The parameters that `(units, activation=, *, name=, **kwargs)` stands for."""
    parameters: list[Parameter] = []
    kind = "either"
    for word in filter(None, text[1:-1].split(", ")):
        name = word.strip("*=")
        if word == "/":
            parameters = [Parameter(one.name, "positional", one.required) for one in parameters]
        elif word == "*":
            kind = "keyword"
        elif word.startswith("**"):
            parameters.append(Parameter(name, "kwargs", False))
        elif word.startswith("*"):
            parameters.append(Parameter(name, "args", False))
            kind = "keyword"
        else:
            parameters.append(Parameter(name, kind, not word.endswith("=")))
    return tuple(parameters)


def accepts(parameters: Sequence[Parameter] | None, keyword: str) -> bool | None:
    """Whether a call may pass a keyword; None if `**kwargs` takes it, or nothing is known."""
    if parameters is None:
        return None
    if any(one.name == keyword and one.kind in ("either", "keyword") for one in parameters):
        return True
    return None if any(one.kind == "kwargs" for one in parameters) else False


@dataclass
class ModuleBlock:
    """What is stated of one module; each statement with the set of pairings in which it holds."""

    name: str
    names: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)
    others: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    seen: int = 0

    def read(self, held: int, relation: str, item: str) -> None:
        """Add a statement."""
        kind, _, target = relation.partition(" ")
        if kind not in ("m", "c", "f", "k"):
            self.others[relation].append((held, item))
            if relation in ("import", "reached"):
                self.seen |= held
            return
        name, _, leaf = item.partition("=")
        home = {"": "", "?": "", ".": self.name}.get(target, target)
        # `=keras.layers` says that the name there says more.
        place = home if kind == "m" and target != "." else home and f"{home}.{leaf or name}"
        self.names.setdefault(name, []).append((held, kind, place))
        self.seen |= held

    def holds(self, relation: str, place: int) -> bool:
        """Whether a statement without an item holds in a pairing, by its place."""
        return any(held >> place & 1 for held, _ in self.others.get(relation, ()))

    def text(self, relation: str, place: int) -> str:
        """The item of a relation in a pairing; empty if there is none."""
        found = (item for held, item in self.others.get(relation, ()) if held >> place & 1)
        return next(found, "")

    def words(self, relation: str, place: int) -> set[str]:
        """All items of a relation in a pairing."""
        return {item for held, item in self.others.get(relation, ()) if held >> place & 1}

    def find(self, name: str, place: int) -> tuple[str, str] | None:
        """The kind and the canonical place of a name in a pairing; None if it is not there."""
        for held, kind, target in self.names.get(name, ()):
            if held >> place & 1:
                return kind, target
        return None

    def same(self, place: int) -> str:
        """The module that this one is the same as in a pairing; empty if none."""
        return self.text("same", place)

    def failure(self, place: int) -> str:
        """The error of importing the module; empty if there was none."""
        return self.text("error", place)

    def error(self, name: str, place: int) -> str:
        """The error of touching a name; empty if there was none."""
        return self.text(f"raises {name}", place)

    def notice(self, name: str, place: int) -> str:
        """What is said when a name is touched; empty if nothing."""
        for held, text in self._notices.get(name, ()):
            if held >> place & 1:
                return text
        return ""

    @cached_property
    def _notices(self) -> Mapping[str, list[tuple[int, str]]]:
        """Name -> what is said when it is touched."""
        notices: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for relation, stated in self.others.items():
            kind, _, word = relation.partition(" ")
            for held, item in stated:
                if kind == "use":
                    notices[item].append((held, f"use {word}.{item}"))
                elif kind == "says":
                    notices[word].append((held, item))
        return notices


@dataclass
class ClassBlock:
    """What is stated inside one class, or of the functions that one module defines."""

    name: str
    names: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)
    others: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))

    def read(self, held: int, relation: str, item: str) -> None:
        """Add a statement."""
        if relation in ("f", "s", "p", "k", "c", "i"):
            name, bracket, rest = item.partition("(")
            self.names.setdefault(name, []).append((held, relation, bracket + rest))
        else:
            self.others[relation].append((held, item))

    def _text(self, relation: str, place: int) -> str:
        found = (item for held, item in self.others.get(relation, ()) if held >> place & 1)
        return next(found, "")

    def known(self, place: int) -> bool:
        """Whether the class was looked into in a pairing."""
        return bool(self._text("class", place))

    def constructor(self, place: int) -> str | None:
        """The parameters of the constructor; None if unknown."""
        text = self._text("class", place)
        return text if text.startswith("(") else None

    def call(self, name: str, place: int) -> str | None:
        """The parameters of a function; None if unknown."""
        found = self.find(name, place)
        return found[1] if found and found[1] else None

    def notice(self, place: int, name: str = "") -> str:
        """The deprecation notice of the class, or of a function; empty if there is none."""
        return self._text(f"deprecated {name}".strip(), place)

    def find(self, name: str, place: int) -> tuple[str, str] | None:
        """The relation and the parameters of a name in a pairing; None if it is not there."""
        for held, relation, text in self.names.get(name, ()):
            if held >> place & 1:
                return relation, text
        return None

    def bases(self, place: int) -> list[str]:
        """The classes that it inherits from directly."""
        text = self._text("bases", place)
        return text.split(", ") if text else []


def linearise(class_: str, bases: Callable[[str], list[str]]) -> list[str]:
    """A class and its ancestors in the order in which Python looks (C3)."""
    return list(dict.fromkeys(_linearise(class_, bases, ())))


def _linearise(class_: str, bases: Callable[[str], list[str]], below: Sequence[str]) -> list[str]:
    if class_ in below:
        return []
    direct = bases(class_)
    lines = [_linearise(base, bases, (*below, class_)) for base in direct] + [list(direct)]
    merged = [class_]
    while lines := [line for line in lines if line]:
        heads = [line[0] for line in lines if not any(line[0] in other[1:] for other in lines)]
        # Names that stand for two classes may leave no order: then the first will do.
        head = heads[0] if heads else lines[0][0]
        merged.append(head)
        lines = [[one for one in line if one != head] for line in lines]
    return merged


class Texts:
    """The files of the record: read when they are asked for, and only split into blocks."""

    def __init__(self, read: Callable[[str], str]) -> None:
        """`read` gives the text of a file by its name, such as `names/keras`."""
        self._read = read
        self._bodies: dict[str, dict[str, str]] = {}
        self._whole: dict[str, str] = {}
        self._modules: dict[str, ModuleBlock] = {}
        self._classes: dict[str, ClassBlock] = {}

    def _split(self, file: str) -> dict[str, str]:
        if file not in self._bodies:
            self._whole[file] = text = self._read(file)
            self._bodies[file] = split_blocks(text, f"envs/measured/names/{file}.txt")
        return self._bodies[file]

    def module_block(self, name: str, order: Order) -> ModuleBlock:
        """What is stated of a module. Raises Problem."""
        if name not in self._modules:
            block = self._modules[name] = ModuleBlock(name)
            file = f"modules/{part_of(name)}"
            for statement in parse_block(name, self._split(file).get(name, ""), order, file):
                block.read(*statement)
        return self._modules[name]

    def class_block(self, name: str, order: Order) -> ClassBlock:
        """What is stated inside a class, or of a module's functions. Raises Problem."""
        if name not in self._classes:
            block = self._classes[name] = ClassBlock(name)
            file = f"objects/{part_of(name)}"
            for statement in parse_block(name, self._split(file).get(name, ""), order, file):
                block.read(*statement)
        return self._classes[name]

    def every_module(self) -> Iterator[tuple[str, str]]:
        """Each module with its lines."""
        for part in (*PARTS, REST):
            yield from self._split(f"modules/{part}").items()

    def find_word(self, word: str) -> list[str]:
        """The modules that a word stands in."""
        return self._find(re.compile(rf"(?<=[ =]){re.escape(word)}(?=[ =\n])"))

    def find_takers(self, home: str) -> list[str]:
        """The modules that have something which another one defines, and say so."""
        return self._find(re.compile(rf"\n  [cf] {re.escape(home)}: "))

    def _find(self, pattern: re.Pattern[str]) -> list[str]:
        """The modules in whose lines a pattern is found."""
        found: dict[str, None] = {}
        for part in (*PARTS, REST):
            file = f"modules/{part}"
            self._split(file)
            text = self._whole[file]
            for match in pattern.finditer(text):
                start = text.rfind("\n[", 0, match.start()) + 1
                found[text[start + 1 : text.index("]", start)]] = None
        return list(found)


def check_texts(texts: Mapping[str, str], order: Order) -> None:
    """Parse every block. Raises Problem for the first that cannot be read, or is misplaced."""
    for file, text in texts.items():
        for block, body in split_blocks(text, file).items():
            if part_of(block) != file.split("/")[-1]:
                raise Problem(f"{file}: [{block}] belongs into {part_of(block)}.txt")
            for _ in parse_block(block, body, order, file):
                pass

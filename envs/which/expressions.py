"""Expressions: what they stand for, and what they use of TensorFlow and Keras."""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from collections.abc import Callable

from tree_sitter import Node

from envs.names.record import ROOTS
from envs.which.scopes import (
    Item,
    LocalClass,
    LocalFunction,
    LocalInstance,
    Method,
    Scope,
    Value,
    unite,
)
from envs.which.syntax import Syntax
from envs.which.uses import Choice, Code, Guards, Place, Ref, Use, UseKind

FOLLOWED = (*ROOTS, "importlib")
"""The packages whose names are followed."""

DEPTH = 12
"""How many functions deep a call is followed."""

CHECKED = Ref("?.__version__", called=True)
"""What depends on a version."""


class Expressions(ABC):
    """Evaluates the expressions of one file; `Statements` adds the statements.

    `place` is the name of the file and the number of the cell. What is found goes into `code`.
    """

    def __init__(self, code: Code, file: str) -> None:
        self.code = code
        self.file = file
        self.cell = 0
        self.syntax = Syntax("")
        self.scope = Scope()
        self.guards: Guards = ()
        self.stars: list[Ref] = []
        self.returns: list[Value] = []
        self.checks = 0
        """How many version checks were seen so far."""

        self.replaced: dict[str, Value] = {}
        """The paths that the code itself sets, and to what."""

        self.depth = 0
        self.inside: list[LocalClass | None] = []
        self._kinds: dict[str, Callable[[Node], Value]] = {
            "identifier": self._identifier,
            "attribute": self._attribute,
            "call": self._call,
            "lambda": self._lambda,
            "list_comprehension": self._comprehension,
            "set_comprehension": self._comprehension,
            "dictionary_comprehension": self._comprehension,
            "generator_expression": self._comprehension,
            "named_expression": self._named,
            "conditional_expression": self._conditional,
            "boolean_operator": self._boolean,
            "parenthesized_expression": self._inner,
            "await": self._inner,
            "type": self._inner,
            "keyword_argument": self._keyword,
        }

    # --- what is found ---

    def place_of(self, node: Node) -> Place:
        """Where a node stands."""
        line, column = self.syntax.position_of(node)
        return Place(self.file, line, column, self.cell)

    def note(self, kind: UseKind, refs: list[Ref], node: Node, **more: object) -> None:
        """Note a use of each path that is one of TensorFlow or Keras."""
        known = tuple(ref for ref in refs if ref.path.partition(".")[0] in ROOTS)
        if known:
            self.code.uses.append(
                Use(kind, known, self.place_of(node), self.guards, **more)  # type: ignore[arg-type]
            )

    def choose(self, choice: Choice) -> int:
        """The number of a new choice."""
        self.code.choices.append(choice)
        return len(self.code.choices) - 1

    @abstractmethod
    def run(self, function: LocalFunction) -> Value:
        """Read the body of a function, if it was not read yet; what it returns."""

    # --- expressions ---

    def value_of(self, node: Node) -> Value:
        """What an expression stands for. All that is used in it is noted."""
        if known := self._kinds.get(node.type):
            return known(node)
        self.visit(node)
        return ()

    def visit(self, node: Node) -> None:
        """Note what is used in the parts of a node."""
        stack = node.named_children[::-1]
        while stack:
            part = stack.pop()
            if known := self._kinds.get(part.type):
                known(part)
            elif part.child_count:
                stack.extend(part.named_children[::-1])

    def checked_value(self, node: Node) -> Value:
        """What an expression stands for, or that it depends on a version."""
        before = self.checks
        value = self.value_of(node)
        return value or ((CHECKED,) if self.checks > before else ())

    def _inner(self, node: Node) -> Value:
        if node.named_child_count == 1:
            return self.value_of(node.named_children[0])
        self.visit(node)
        return ()

    def _identifier(self, node: Node) -> Value:
        name = self.syntax.text_of(node)
        value = self.scope.look_up(name)
        if value is None:
            if self.stars and not hasattr(builtins, name):
                refs = [Ref(f"{star.path}.{name}", False, star.guards) for star in self.stars]
                self.note(UseKind.STAR_NAME, refs, node, written=name)
                return tuple(refs)
            return ()
        self._watch(value)
        return value

    def _watch(self, value: Value) -> None:
        """Count a value that depends on a version."""
        for item in value:
            if isinstance(item, Ref) and _is_version(item.path):
                self.checks += 1
                return

    def _attribute(self, node: Node) -> Value:
        names: list[str] = []
        inner = node
        while inner.type == "attribute":
            last = inner.child_by_field_name("attribute")
            first = inner.child_by_field_name("object")
            if first is None or last is None:
                self.visit(inner)
                return ()
            names.append(self.syntax.text_of(last))
            inner = first
        start = self.value_of(inner)
        value = start
        for name in reversed(names):
            value = tuple(part for item in value for part in self._take(item, name))
        refs = [item for item in value if isinstance(item, Ref) and not item.called]
        began = [item for item in start if isinstance(item, Ref) and not item.called]
        if refs and began:
            base = self.syntax.text_of(inner) if inner.type == "identifier" else ""
            self.note(
                UseKind.ATTRIBUTE,
                refs,
                node,
                written=self.syntax.text_of(node),
                base=base,
                base_path=began[0].path,
            )
        self._watch(value)
        return value

    def _take(self, item: Item, name: str) -> Value:
        """What an attribute of one value stands for."""
        if isinstance(item, Ref):
            if (own := self.replaced.get(f"{item.path}.{name}")) is not None:
                return () if item.called else own
            if item.called:
                return (item,) if _is_version(item.path) else (Method(item, name),)
            return (Ref(f"{item.path}.{name}", False, item.guards),)
        if isinstance(item, LocalInstance):
            if (first := item.klass.functions.get("__init__")) and not first.read:
                self.run(first)
            found = item.klass.find(name)
            if isinstance(found, LocalFunction):
                return (found,)
            if found is not None:
                return found
            bases = [] if item.klass.is_open() else item.klass.list_bases()
            return tuple(Method(Ref(base.path, True, base.guards), name) for base in bases)
        if isinstance(item, LocalClass):
            found = item.find(name)
            return (found,) if isinstance(found, LocalFunction) else found or ()
        return ()

    def _keyword(self, node: Node) -> Value:
        value = node.child_by_field_name("value")
        return self.value_of(value) if value else ()

    def _call(self, node: Node) -> Value:
        function = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        if function is None or arguments is None:
            self.visit(node)
            return ()
        name = self.syntax.text_of(function) if function.type == "identifier" else ""
        given = [part for part in arguments.named_children if part.type != "comment"]
        if (
            name in ("getattr", "hasattr", "__import__", "super")
            and self.scope.look_up(name) is None
        ):
            return self._builtin(name, node, given)
        before = self.checks
        value = self.value_of(function)
        first = self.syntax.literal(given[0]) if given else None
        if first and any(
            isinstance(item, Ref) and item.path == "importlib.import_module" for item in value
        ):
            return self.import_path(first, node)
        keywords, positional, unpacked = [], 0, False
        if arguments.type == "generator_expression":
            self.value_of(arguments)
            given, positional = [], 1
        for part in given:
            self.value_of(part)
            if part.type == "keyword_argument":
                if word := part.child_by_field_name("name"):
                    keywords.append(self.syntax.text_of(word))
            elif part.type in ("list_splat", "dictionary_splat"):
                unpacked = True
            else:
                positional += 1
        details = {
            "written": self.syntax.text_of(function),
            "keywords": tuple(keywords),
            "positional": positional,
            "unpacked": unpacked,
        }
        refs = [item for item in value if isinstance(item, Ref) and not item.called]
        if refs:
            self.note(UseKind.CALL, refs, node, **details)
        methods = [item for item in value if isinstance(item, Method)]
        owned = [Ref(f"{one.owner.path}.{one.name}", True, one.owner.guards) for one in methods]
        if owned and len(methods) == len(value):
            self.note(UseKind.MEMBER, owned, function, **details)
        result = unite(*(self._result(item) for item in value))
        return result or ((CHECKED,) if self.checks > before else ())

    def _result(self, item: Item) -> Value:
        """What a call of one value gives."""
        if isinstance(item, Ref) and not item.called:
            return (Ref(item.path, True, item.guards),)
        if isinstance(item, LocalClass):
            return (LocalInstance(item),)
        if isinstance(item, LocalFunction):
            return self.run(item) if self.depth < DEPTH else ()
        return ()

    def import_path(self, path: str, node: Node) -> Value:
        """Note the import of a module by a call, and return the module."""
        if path.partition(".")[0] not in FOLLOWED:
            return ()
        ref = Ref(path, False, self.guards)
        self.note(UseKind.IMPORT, [ref], node, written=path)
        self.note_imported(path)
        return (ref,)

    def note_imported(self, path: str) -> None:
        """Note that the code imports a module, and with it those around it."""
        while path:
            self.code.imported.add(path)
            path = path.rpartition(".")[0]

    def _builtin(self, name: str, node: Node, given: list[Node]) -> Value:
        values = [self.value_of(part) for part in given]
        if name == "super":
            klass = self.inside[-1] if self.inside else None
            bases = klass.bases if klass and not klass.open else ()
            return unite(*(self._result(b) for b in bases if isinstance(b, Ref | LocalClass)))
        if name == "__import__":
            path = self.syntax.literal(given[0]) if given else None
            root = self.import_path(path, node) if path else ()
            return tuple(
                Ref(item.path.partition(".")[0], False, item.guards)
                for item in root
                if isinstance(item, Ref)
            )
        tracked = bool(values) and any(isinstance(item, Ref) for item in values[0])
        if not tracked:
            return ()
        if name == "hasattr":
            self.checks += 1
            return (CHECKED,)
        attribute = self.syntax.literal(given[1]) if len(given) > 1 else None
        if not attribute:
            return ()
        value = tuple(part for item in values[0] for part in self._take(item, attribute))
        if len(given) == 2:
            refs = [item for item in value if isinstance(item, Ref) and not item.called]
            self.note(UseKind.ATTRIBUTE, refs, node, written=self.syntax.text_of(node))
            return value
        # With a default, the code goes on without it: it need not be there.
        return ()

    # --- expressions with names of their own ---

    def _lambda(self, node: Node) -> Value:
        kept, self.scope = self.scope, Scope(self.scope)
        if parameters := node.child_by_field_name("parameters"):
            self.bind_parameters(parameters)
        if body := node.child_by_field_name("body"):
            self.value_of(body)
        self.scope = kept
        return ()

    def bind_parameters(self, parameters: Node) -> list[str]:
        """Bind the parameters of a function, and return their names."""
        names = []
        for part in parameters.named_children:
            annotation = part.child_by_field_name("type")
            word = part.child_by_field_name("name") or part
            while word.type != "identifier" and word.named_child_count:
                word = word.named_children[0]
            if word.type != "identifier":
                continue
            name = self.syntax.text_of(word)
            value = self.value_of(annotation) if annotation else ()
            instances = [self._result(i) for i in value if isinstance(i, Ref | LocalClass)]
            self.scope.bind(name, unite(*instances))
            names.append(name)
        return names

    def _comprehension(self, node: Node) -> Value:
        kept, self.scope = self.scope, Scope(self.scope)
        body = node.child_by_field_name("body")
        for part in node.named_children:
            if part == body:
                continue
            if part.type == "for_in_clause":
                for right in part.children_by_field_name("right"):
                    self.value_of(right)
                if left := part.child_by_field_name("left"):
                    self.bind_target(left, ())
            else:
                self.visit(part)
        if body:
            self.visit(body) if body.type == "pair" else self.value_of(body)
        self.scope = kept
        return ()

    @abstractmethod
    def bind_target(self, target: Node, value: Value) -> None:
        """Bind the target of an assignment, a loop or a `with`."""

    def _named(self, node: Node) -> Value:
        name, right = node.child_by_field_name("name"), node.child_by_field_name("value")
        value = self.value_of(right) if right else ()
        if name:
            self.bind_target(name, value)
        return value

    def _boolean(self, node: Node) -> Value:
        return unite(*(self.value_of(part) for part in node.named_children))

    def _conditional(self, node: Node) -> Value:
        parts = [part for part in node.named_children if part.type != "comment"]
        if len(parts) != 3:
            self.visit(node)
            return ()
        before = self.checks
        self.value_of(parts[1])
        if self.checks == before:
            return unite(self.value_of(parts[0]), self.value_of(parts[2]))
        number = self.choose(Choice("a version check", self.place_of(node), 2))
        kept, values = self.guards, []
        for branch, part in enumerate((parts[0], parts[2])):
            self.guards = (*kept, (number, branch))
            values.append(self.value_of(part))
        self.guards = kept
        return unite(*values)


def _is_version(path: str) -> bool:
    """Whether a path is the version of a package, or something of it."""
    return "__version__" in path or ".VERSION" in path or "__git_version__" in path

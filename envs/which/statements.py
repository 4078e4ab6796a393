"""Statements: imports, bindings, branches, functions and classes of one file."""

from __future__ import annotations

import re

from tree_sitter import Node

from envs.which.branches import Branches
from envs.which.expressions import FOLLOWED
from envs.which.scopes import (
    Item,
    LocalClass,
    LocalFunction,
    LocalInstance,
    Scope,
    Value,
    unite,
)
from envs.which.uses import Code, Ref, UseKind

_SET = re.compile(r"\.(\w+)\s*(?:=(?!=)|,|:|\))")
"""What may be an attribute that a class sets on itself; more is taken for one than is."""


class Statements(Branches):
    """Reads the statements of one file, in the order in which Python would run them.

    The body of a function is read when the code calls it, or after the module: then all names that
    it takes from the module are bound.
    """

    def __init__(self, code: Code, file: str) -> None:
        super().__init__(code, file)
        self.left: list[tuple[LocalFunction, int]] = []
        """The functions whose body is still to be read, and the cell of each."""

        self._kinds |= {
            "import_statement": self._import,
            "import_from_statement": self._from,
            "future_import_statement": lambda node: (),
            "assignment": self._assignment,
            "augmented_assignment": self._augmented,
            "function_definition": lambda node: self._function(node, ""),
            "class_definition": self._class,
            "decorated_definition": self._decorated,
            "return_statement": self._return,
            "delete_statement": self._delete,
            "global_statement": self._outer,
            "nonlocal_statement": self._outer,
        }

    def read_left(self) -> None:
        """Read the bodies of all functions that nothing called."""
        while self.left:
            function, cell = self.left.pop(0)
            self.cell = cell
            self.run(function)

    def run(self, function: LocalFunction) -> Value:
        if function.read:
            return function.returned
        function.read = True
        kept = (self.scope, self.guards, self.returns)
        self.scope, self.guards, self.returns = Scope(function.scope), function.guards, []
        self.inside.append(function.klass)
        self.depth += 1
        names: list[str] = []
        if parameters := function.node.child_by_field_name("parameters"):
            names = self.bind_parameters(parameters)
        if function.klass and names and function.kind != "staticmethod":
            is_class = function.kind == "classmethod"
            self_ = function.klass if is_class else LocalInstance(function.klass)
            self.scope.bind(names[0], (self_,))
        if body := function.node.child_by_field_name("body"):
            self.read_block(body.named_children)
        function.returned = unite(*self.returns)
        self.depth -= 1
        self.inside.pop()
        self.scope, self.guards, self.returns = kept
        return function.returned

    # --- imports ---

    def _import(self, node: Node) -> Value:
        for part in node.children_by_field_name("name"):
            alias = part.child_by_field_name("alias")
            named = part.child_by_field_name("name") if alias else part
            if named is None:
                continue
            path = self.syntax.dotted(named)
            root = path.partition(".")[0]
            tracked = root in FOLLOWED
            if tracked:
                self.note(UseKind.IMPORT, [Ref(path)], part, written=self.syntax.text_of(node))
                self.note_imported(path)
            bound = path if alias else root
            value: Value = (Ref(bound, False, self.guards),) if tracked else ()
            self.scope.bind(self.syntax.text_of(alias) if alias else root, value)
        return ()

    def _from(self, node: Node) -> Value:
        module = node.child_by_field_name("module_name")
        if module is None:
            return ()
        path = "" if module.type == "relative_import" else self.syntax.dotted(module)
        tracked = path.partition(".")[0] in FOLLOWED
        if any(part.type == "wildcard_import" for part in node.named_children):
            if tracked:
                self.note(UseKind.STAR, [Ref(path)], node, written=self.syntax.text_of(node))
                self.note_imported(path)
                self.stars.append(Ref(path, False, self.guards))
            return ()
        for part in node.children_by_field_name("name"):
            alias = part.child_by_field_name("alias")
            named = part.child_by_field_name("name") if alias else part
            if named is None:
                continue
            name = self.syntax.dotted(named)
            if tracked:
                written = f"from {path} import {self.syntax.text_of(part)}"
                ref = Ref(f"{path}.{name}")
                self.note(UseKind.FROM, [ref], part, module=path, written=written)
                self.note_imported(f"{path}.{name}")
            value: Value = (Ref(f"{path}.{name}", False, self.guards),) if tracked else ()
            self.scope.bind(self.syntax.text_of(alias) if alias else name, value)
        return ()

    # --- bindings ---

    def _assignment(self, node: Node) -> Value:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        annotation = node.child_by_field_name("type")
        if annotation:
            self.value_of(annotation)
        value: Value = ()
        if left is None:
            self.visit(node)
        elif right is None:
            # `x: int` alone binds nothing.
            pass
        elif pairs := _pair_up(left, right):
            values = [self.checked_value(part) for _, part in pairs]
            for (target, _), one in zip(pairs, values, strict=True):
                self.bind_target(target, one)
        else:
            value = self.checked_value(right)
            self.bind_target(left, value)
        return value

    def _augmented(self, node: Node) -> Value:
        self.visit(node)
        return ()

    def bind_target(self, target: Node, value: Value) -> None:
        if target.type == "identifier":
            self.scope.bind(self.syntax.text_of(target), value)
        elif target.type == "attribute":
            first = target.child_by_field_name("object")
            name = target.child_by_field_name("attribute")
            for item in self.value_of(first) if first and name else ():
                word = self.syntax.text_of(name) if name else ""
                if isinstance(item, LocalInstance | LocalClass):
                    klass = item.klass if isinstance(item, LocalInstance) else item
                    klass.attributes[word] = unite(klass.attributes.get(word, ()), value)
                elif isinstance(item, Ref):
                    self._replace(item, word, value)
        elif target.type == "subscript":
            self.visit(target)
        else:
            for part in target.named_children:
                self.bind_target(part, ())

    def _replace(self, item: Ref, name: str, value: Value) -> None:
        """Note what the code sets an attribute of a module, a class or an instance to.

        In a branch, it may also be what it was; what is not known may be anything.
        """
        before = self._take(item, name) if self.guards else ()
        guarded = (
            Ref(one.path, one.called, one.guards + self.guards) if isinstance(one, Ref) else one
            for one in value
        )
        self.replaced[f"{item.path}.{name}"] = unite(before, tuple(guarded)) if value else ()

    def _delete(self, node: Node) -> Value:
        for part in node.named_children:
            targets = part.named_children if part.type == "expression_list" else [part]
            for target in targets:
                if target.type == "identifier":
                    self.scope.names.pop(self.syntax.text_of(target), None)
                else:
                    self.value_of(target)
        return ()

    def _outer(self, node: Node) -> Value:
        self.scope.outer |= {self.syntax.text_of(part) for part in node.named_children}
        return ()

    def _return(self, node: Node) -> Value:
        value = unite(*(self.checked_value(part) for part in node.named_children))
        self.returns.append(value)
        return ()

    # --- definitions ---

    def _decorated(self, node: Node) -> Value:
        kind = ""
        for part in node.named_children:
            if part.type == "decorator":
                self.visit(part)
                word = self.syntax.text_of(part).lstrip("@").strip()
                kind = word if word in ("staticmethod", "classmethod") else kind
        definition = node.child_by_field_name("definition")
        if definition is None:
            return ()
        if definition.type == "function_definition":
            return self._function(definition, kind)
        return self.value_of(definition)

    def _function(self, node: Node, kind: str) -> Value:
        if parameters := node.child_by_field_name("parameters"):
            for part in parameters.named_children:
                if default := part.child_by_field_name("value"):
                    self.value_of(default)
        if returned := node.child_by_field_name("return_type"):
            self.value_of(returned)
        klass = self._made if self.scope.is_class else None
        function = LocalFunction(node, self.scope, self.guards, klass, kind)
        self.left.append((function, self.cell))
        if name := node.child_by_field_name("name"):
            word = self.syntax.text_of(name)
            self.scope.bind(word, (function,))
            if klass:
                klass.functions[word] = function
        return ()

    _made: LocalClass | None = None
    """The class whose body is being read."""

    def _class(self, node: Node) -> Value:
        bases: Value = ()
        is_open = False
        if parts := node.child_by_field_name("superclasses"):
            for part in parts.named_children:
                value = self.value_of(part)
                if part.type != "keyword_argument":
                    bases = unite(bases, value)
                    is_open = is_open or not (_is_class(value) or self._is_plain(part))
        text = self.syntax.text_of(node)
        klass = LocalClass(bases, frozenset(_SET.findall(text)), is_open)
        kept, before = self._made, self.scope
        self._made, self.scope = klass, Scope(self.scope, is_class=True)
        if body := node.child_by_field_name("body"):
            self.read_block(body.named_children)
        klass.members |= set(self.scope.names)
        self._made, self.scope = kept, before
        if name := node.child_by_field_name("name"):
            self.scope.bind(self.syntax.text_of(name), (klass,))
        return ()

    def _is_plain(self, base: Node) -> bool:
        """Whether a base has no public name of its own."""
        return base.type == "comment" or self.syntax.text_of(base) in ("object", "ABC", "abc.ABC")


def _is_class(value: Value) -> bool:
    """Whether an expression stands for classes that are known."""
    known = [isinstance(item, LocalClass) or _is_path(item) for item in value]
    return bool(known) and all(known)


def _is_path(item: Item) -> bool:
    return isinstance(item, Ref) and not item.called


def _pair_up(left: Node, right: Node) -> list[tuple[Node, Node]]:
    """The targets of a parallel assignment, each with its value; empty if it is none."""
    if not (_is_sequence(left) and _is_sequence(right)):
        return []
    targets, values = left.named_children, right.named_children
    if len(targets) != len(values) or any("splat" in part.type for part in (*targets, *values)):
        return []
    return list(zip(targets, values, strict=True))


def _is_sequence(node: Node) -> bool:
    return node.type in (
        "pattern_list",
        "tuple_pattern",
        "expression_list",
        "tuple",
        "list_pattern",
    )

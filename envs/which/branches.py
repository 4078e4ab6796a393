"""Branches: conditions, loops, handlers and blocks; what a name may stand for after them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tree_sitter import Node

from envs.which.expressions import CHECKED, Expressions
from envs.which.scopes import Item, Value, merge_names
from envs.which.uses import ERRORS, Choice, Code, Guards, Ref

_EXITS = ("sys.exit", "exit", "quit", "os._exit")
_LEAVES = ("return_statement", "continue_statement", "break_statement")


class Branches(Expressions):
    """Reads the statements with ways through them; `Statements` adds those without."""

    def __init__(self, code: Code, file: str) -> None:
        super().__init__(code, file)
        self._kinds |= {
            "if_statement": self._if,
            "for_statement": self._for,
            "while_statement": self._while,
            "try_statement": self._try,
            "with_statement": self._with,
            "match_statement": self._match,
            "block": self._block,
        }

    def read_block(self, nodes: Iterable[Node]) -> None:
        """Read statements one after another."""
        kept = self.guards
        for node in nodes:
            if known := self._kinds.get(node.type):
                known(node)
            elif node.child_count:
                self.visit(node)
            if node.type == "if_statement":
                self.guards += self._rest
                self._rest = ()
        self.guards = kept

    _rest: Guards = ()
    """The branch that the statements after an `if` are in, if its own branches all leave."""

    def _block(self, node: Node) -> Value:
        self.read_block(node.named_children)
        return ()

    def _branch(self, guard: Guards, nodes: Iterable[Node]) -> dict[str, Value]:
        """Read a branch, and return what names stand for after it. The scope stays as it was."""
        before, kept = self.scope.names, self.guards
        self.scope.names = dict(before)
        self.guards = kept + guard
        self.read_block(nodes)
        after = self.scope.names
        self.scope.names, self.guards = before, kept
        for name, value in after.items() if guard else ():
            if before.get(name) is not value:
                after[name] = tuple(_in_branch(item, guard) for item in value)
        return after

    def _if(self, node: Node) -> Value:
        clauses = [node, *node.children_by_field_name("alternative")]
        before = self.checks
        typing = False
        blocks: list[Node] = []
        complete = False
        for clause in clauses:
            if condition := clause.child_by_field_name("condition"):
                self.value_of(condition)
                typing = typing or self.syntax.text_of(condition).endswith("TYPE_CHECKING")
            if clause.type == "else_clause":
                complete = True
            block = clause.child_by_field_name("consequence") or clause.child_by_field_name("body")
            if block:
                blocks.append(block)
        checked = self.checks > before
        endings = [self._ending(block) for block in blocks]
        number = -1
        if checked or typing:
            why = "a version check" if checked else "TYPE_CHECKING"
            dead = frozenset(i for i, ending in enumerate(endings) if ending == "ends")
            branches = len(blocks) + (not complete)
            number = self.choose(Choice(why, self.place_of(node), branches, dead=dead))
        ways = []
        for branch, block in enumerate(blocks):
            guard = ((number, branch),) if number >= 0 else ()
            names = self._branch(guard, block.named_children)
            if not endings[branch]:
                ways.append(names)
        if not complete:
            ways.append(self.scope.names)
        self.scope.names = merge_names(ways) if ways else self.scope.names
        if number >= 0 and not complete and all(endings):
            self._rest = ((number, len(blocks)),)
        return ()

    def _ending(self, block: Node) -> str:
        """How a block ends: `ends` the program, `leaves` its function or loop, or ""."""
        statements = [part for part in block.named_children if part.type != "comment"]
        last = statements[-1] if statements else None
        if last is None:
            return ""
        if last.type == "raise_statement":
            return "ends"
        if last.type in _LEAVES:
            return "leaves"
        call = last.named_children[0] if last.named_child_count else None
        if last.type == "expression_statement" and call and call.type == "call":
            function = call.child_by_field_name("function")
            if function and self.syntax.text_of(function) in _EXITS:
                return "ends"
        return ""

    def _for(self, node: Node) -> Value:
        if right := node.child_by_field_name("right"):
            self.value_of(right)
        if left := node.child_by_field_name("left"):
            self.bind_target(left, ())
        self._loop(node)
        return ()

    def _while(self, node: Node) -> Value:
        if condition := node.child_by_field_name("condition"):
            self.value_of(condition)
        self._loop(node)
        return ()

    def _loop(self, node: Node) -> None:
        for field in ("body", "alternative"):
            if block := node.child_by_field_name(field):
                names = self._branch((), block.named_children)
                self.scope.names = merge_names([self.scope.names, names])

    def _try(self, node: Node) -> Value:
        handlers = [part for part in node.named_children if part.type == "except_clause"]
        body = node.child_by_field_name("body")
        caught = [self._caught(handler) for handler in handlers]
        blocks = [_block_of(handler) for handler in handlers]
        everything = frozenset(error for errors in caught for error in errors)
        number = -1
        if everything:
            dead = {
                branch
                for branch, block in enumerate(blocks, 1)
                if not caught[branch - 1] or (block and self._ending(block) == "ends")
            }
            place = self.place_of(node)
            choice = Choice("try/except", place, len(blocks) + 1, everything, frozenset(dead))
            number = self.choose(choice)
        guard: Guards = ((number, 0),) if number >= 0 else ()
        statements = list(body.named_children) if body else []
        for part in node.named_children:
            if part.type == "else_clause" and (block := part.child_by_field_name("body")):
                statements += block.named_children
        ways = [self._branch(guard, statements)]
        for branch, (handler, block) in enumerate(zip(handlers, blocks, strict=True), 1):
            for value in handler.children_by_field_name("value"):
                for alias in value.children_by_field_name("alias"):
                    self.bind_target(alias, ())
            guard = ((number, branch),) if number >= 0 else ()
            names = self._branch(guard, block.named_children if block else [])
            if not (block and self._ending(block)):
                ways.append(names)
        self.scope.names = merge_names(ways)
        for part in node.named_children:
            if part.type == "finally_clause" and (block := _block_of(part)):
                self.read_block(block.named_children)
        return ()

    def _caught(self, handler: Node) -> frozenset[str]:
        """The errors of `ERRORS` that a handler catches."""
        values = handler.children_by_field_name("value")
        if not values:
            return frozenset(ERRORS["BaseException"])
        words = re.findall(r"\w+", self.syntax.text_of(values[0]).partition(" as ")[0])
        return frozenset(error for word in words for error in ERRORS.get(word, ()))

    def _with(self, node: Node) -> Value:
        for part in node.named_children:
            if part.type == "with_clause":
                for item in part.named_children:
                    self._with_item(item.child_by_field_name("value") or item)
        if body := node.child_by_field_name("body"):
            self.read_block(body.named_children)
        return ()

    def _with_item(self, item: Node) -> None:
        if item.type != "as_pattern":
            self.value_of(item)
            return
        value = self.value_of(item.named_children[0])
        for alias in item.children_by_field_name("alias"):
            # Most context managers give themselves; another object is not known here.
            for target in alias.named_children:
                self.bind_target(target, value)

    def _match(self, node: Node) -> Value:
        for subject in node.children_by_field_name("subject"):
            self.value_of(subject)
        body = node.child_by_field_name("body")
        ways = [self.scope.names]
        for clause in body.named_children if body else ():
            block = clause.child_by_field_name("consequence")
            if block:
                ways.append(self._branch((), block.named_children))
        self.scope.names = merge_names(ways)
        return ()


def _in_branch(item: Item, guard: Guards) -> Item:
    """A value that was bound in a branch."""
    if not isinstance(item, Ref) or item == CHECKED or guard[0] in item.guards:
        return item
    return Ref(item.path, item.called, item.guards + guard)


def _block_of(clause: Node) -> Node | None:
    return next((part for part in clause.named_children if part.type == "block"), None)

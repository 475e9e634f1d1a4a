"""What names mean where an expression stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cellfactory.tree.nodes import Constant, Node, Opaque, Raw
from cellfactory.tree.parser import parse_template
from cellfactory.tree.references import references


@dataclass(slots=True, eq=False)
class Scope:
    """What names mean; the scope of a stack, or of a row, or of the inside of a `for`.

    `keys_of` tells the keys of a block with rows, or of a variable that is a map, by subject,
    such as `aws_eip.nat` or `var.peer_vpc_ids`; None where they are not known.
    """

    locals: Mapping[str, Any]  # as they stand in the document
    keys_of: Callable[[str], tuple[str, ...] | None] = lambda _: None
    known: dict[str, Node | None] = field(default_factory=dict)  # locals that were evaluated
    each_key: Node | None = None
    each_value: Node | None = None
    count: int | None = None
    bound: Mapping[str, Node] = field(default_factory=dict)
    around: Scope | None = None  # the scope of the stack, in all others
    sound: frozenset[str] | None = None  # locals that can be evaluated; worked out once

    @property
    def of_stack(self) -> Scope:
        """The scope of what belongs to the stack and not to a row."""
        return self.around or self

    def row(self, key: Node, value: Node) -> Scope:
        """The scope of a row of `for_each`."""
        return self._inside(key, value, None, {})

    def counted(self, index: int) -> Scope:
        """The scope of a row of `count`."""
        return self._inside(None, None, index, {})

    def bind(self, names: Mapping[str, Node]) -> Scope:
        """The scope inside a `for`."""
        bound = {**self.bound, **names}
        return self._inside(self.each_key, self.each_value, self.count, bound)

    def _inside(
        self, key: Node | None, value: Node | None, count: int | None, bound: Mapping[str, Node]
    ) -> Scope:
        stack = self.of_stack
        return Scope(*(self.locals, self.keys_of, self.known, key, value, count, bound, stack))

    def local(self, name: str, evaluate: Callable[[Node, Scope], Node]) -> Node | None:
        """Evaluate a local.

        Returns:
            None for one that is not there, cannot be read, or stands on itself.
        """
        stack = self.of_stack
        if stack.sound is None:
            stack.sound = sound_locals(self.locals)
        if name not in stack.sound:
            return None
        if name not in self.known:
            try:
                value = evaluate(Raw(self.locals[name]), stack)
            except RecursionError:
                return None
            self.known[name] = None if isinstance(value, Opaque) else value
        return self.known[name]


def sound_locals(locals_: Mapping[str, Any]) -> frozenset[str]:
    """List the locals that stand neither on themselves nor on too long a chain of others.

    >>> sorted(sound_locals({"a": 1, "b": "${local.a}", "c": "${local.d}", "d": ["${local.c}"]}))
    ['a', 'b']
    """
    names = frozenset(locals_)
    waiting = {name: _locals_in(value) & names for name, value in locals_.items()}
    sound: set[str] = set()
    for _ in range(_LONGEST_CHAIN):
        ready = {name for name, needed in waiting.items() if needed <= sound}
        if not ready:
            break
        sound |= ready
        waiting = {name: needed for name, needed in waiting.items() if name not in ready}
    return frozenset(sound)


def _locals_in(value: Any) -> set[str]:
    """Name the locals that a value refers to."""
    found: set[str] = set()
    level = [value]
    while level:
        inner = level.pop()
        if isinstance(inner, str):
            names = references(parse_template(inner))
            found.update(name.name for name in names if name.kind == "local")
            continue
        values = inner
        if isinstance(inner, dict):
            level += [key for key in inner if "local" in key]
            values = inner.values()
        elif not isinstance(inner, list):
            continue
        level += [
            v for v in values if isinstance(v, dict | list) or (isinstance(v, str) and "local" in v)
        ]
    return found


_LONGEST_CHAIN = 30  # locals that stand on one another

ROOT_FOLDER = Constant(".")
"""`path.module` and `path.root`: a stack is a root module, and Terraform runs in its folder."""

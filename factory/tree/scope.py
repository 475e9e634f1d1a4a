"""What names mean where an expression stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from factory.tree.nodes import Constant, Node, Opaque, Raw


@dataclass(slots=True, eq=False)
class Scope:
    """What names mean; the scope of a stack, or of a row, or of the inside of a `for`.

    `keys_of` tells the keys of a block with rows, or of a variable that is a map, by subject,
    such as `aws_eip.nat` or `var.peer_vpc_ids`; None where they are not known.
    """

    locals: Mapping[str, Any]  # as they stand in the document
    keys_of: Callable[[str], tuple[str, ...] | None] = lambda _: None
    known: dict[str, Node | None] = field(default_factory=dict)  # locals that were evaluated
    open: list[str] = field(default_factory=list)  # locals that are being evaluated
    each_key: Node | None = None
    each_value: Node | None = None
    count: int | None = None
    bound: Mapping[str, Node] = field(default_factory=dict)
    around: Scope | None = None  # the scope of the stack, in all others

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
        return Scope(
            *(self.locals, self.keys_of, self.known, self.open, key, value, count, bound, stack)
        )

    def local(self, name: str, evaluate: Callable[[Node, Scope], Node]) -> Node | None:
        """Evaluate a local.

        Returns:
            None for one that is not there, cannot be read, or stands on itself.
        """
        if name in self.known or name not in self.locals:
            return self.known.get(name)
        if name in self.open:
            self.known.update(dict.fromkeys(self.open[self.open.index(name) :]))
            return None
        self.open.append(name)
        try:
            value = evaluate(Raw(self.locals[name]), self.of_stack)
        except RecursionError:  # a chain of a hundred locals
            value = Opaque("")
        finally:
            self.open.pop()
        self.known.setdefault(name, None if isinstance(value, Opaque) else value)
        return self.known[name]


ROOT_FOLDER = Constant(".")
"""`path.module` and `path.root`: a stack is a root module, and Terraform runs in its folder."""

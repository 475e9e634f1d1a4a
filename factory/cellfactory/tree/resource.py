"""A resource as Terraform will see it: one row of a block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cellfactory.tree.document import Block, Body, Mode
from cellfactory.tree.evaluation import deep
from cellfactory.tree.nodes import EVERY, Constant, Key, Node, ObjectOf, Raw, TupleOf
from cellfactory.tree.parser import parse_template
from cellfactory.tree.rendering import address
from cellfactory.tree.scope import Scope
from cellfactory.tree.values import Value, to_value


@dataclass(slots=True, eq=False)
class Resource:
    """One row of a resource or data source.

    Its body is worked out when it is first asked for: most rows are never looked into.
    """

    stack: str  # name of its stack
    block: Block
    key: Key
    each_value: Node | None = field(repr=False)
    stack_scope: Scope = field(repr=False)
    _body: dict[str, Value] | None = field(default=None, init=False, repr=False)

    @property
    def address(self) -> str:
        """Its address in Terraform, such as `aws_route.to-peer["use1-az1 10.0.0.0/14"]`."""
        return address(self.block.subject, self.key)

    @property
    def mode(self) -> Mode:
        """Whether Terraform makes it or only reads it."""
        return self.block.mode

    @property
    def type(self) -> str:
        """Such as `aws_vpc`."""
        return self.block.type

    @property
    def name(self) -> str:
        """The name of its block."""
        return self.block.name

    @property
    def rows_known(self) -> bool:
        """False for one that stands for all rows of its block, whose keys are not known."""
        return self.key is not EVERY

    @property
    def raw(self) -> Body:
        """The body as it is written, its strings templates; without what is in `meta`."""
        return self.block.attributes

    @property
    def meta(self) -> Body:
        """`for_each`, `depends_on`, `lifecycle`, `provider` and the like, as they are written."""
        return self.block.meta

    @property
    def body(self) -> Mapping[str, Value]:
        """The attributes and nested blocks, with locals and the row filled in.

        A value is plain JSON where the document tells it, an `Expression` where it does not.
        """
        if self._body is None:
            scope = self.scope
            self._body = {name: value_of(value, scope) for name, value in self.raw.items()}
        return self._body

    @property
    def scope(self) -> Scope:
        """What names mean in its body."""
        return scope_of_row(self.stack_scope, self.key, self.each_value)


def scope_of_row(stack: Scope, key: Key, each_value: Node | None) -> Scope:
    """What names mean in the body of a row."""
    if isinstance(key, str):
        return stack.row(Constant(key), Constant(None) if each_value is None else each_value)
    return stack.counted(key) if isinstance(key, int) else stack


def resolve(written: Any, scope: Scope) -> Node:
    """Evaluate a value of a body, whose strings are templates that may mean the row."""
    if isinstance(written, str):
        return deep(parse_template(written), scope)
    if isinstance(written, dict):
        pairs = ((resolve(k, scope), resolve(v, scope)) for k, v in written.items())
        return ObjectOf(tuple(pairs))
    if isinstance(written, list):
        return TupleOf(tuple(resolve(item, scope) for item in written))
    return deep(Raw(written), scope)


def value_of(written: Any, scope: Scope) -> Value:
    """Evaluate a value of a body to the end: `to_value(resolve(written, scope))`, only faster.

    Most of a document is plain, and no node is made of it.
    """
    kind = type(written)
    if kind is str and is_plain(written):
        return str(written)
    if kind is dict and all(map(is_plain, written)):
        return {key: value_of(inner, scope) for key, inner in written.items()}
    if kind is list:
        return [value_of(item, scope) for item in written]
    if kind is bool or kind is int or written is None:
        return written  # type: ignore[no-any-return]
    return to_value(resolve(written, scope))


def is_plain(text: str) -> bool:
    """Whether a text has no expression in it, and is written as Terraform keeps it."""
    return "{" not in text and text.isascii()

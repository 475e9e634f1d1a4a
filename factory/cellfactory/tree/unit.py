"""One stack of a tree: its document, its rows, and what its names mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from cellfactory.tree.document import Block, Document
from cellfactory.tree.evaluation import deep
from cellfactory.tree.nodes import Key, Node, Raw
from cellfactory.tree.resource import Resource
from cellfactory.tree.rows import UNKNOWN, Row, rows_of
from cellfactory.tree.scope import Scope

if TYPE_CHECKING:  # a document without a stack is read where there are no layers
    from cellfactory.layers import Stack

KeysOf = Callable[[str, str], tuple[str, ...] | None]
"""The keys of a variable of a stack, where they are known: stack name, variable name."""


class Unit:
    """A stack's document, spread when it is first asked for."""

    def __init__(self, document: Document, stack: Stack | None, keys_of_variable: KeysOf) -> None:
        self.name = document.name
        self.document = document
        self.stack = stack
        self.blocks: Mapping[str, Block] = {block.subject: block for block in document.blocks}
        self.scope = Scope(locals=document.locals, keys_of=self._keys_of)
        self._keys_of_variable = keys_of_variable
        self._rows: dict[str, Mapping[Key, Node | None]] = {}
        self._spreading: set[str] = set()
        self._outputs: dict[str, Node] = {}

    @cached_property
    def resources(self) -> Mapping[str, Resource]:
        """Every resource and data source by its address, in the order of blocks and keys."""
        return {resource.address: resource for resource in self._spread()}

    def rows(self, subject: str) -> Mapping[Key, Node | None]:
        """The rows of a block by key, with `each.value`; none for a block that is not there."""
        if subject not in self._rows:
            block = self.blocks.get(subject)
            self._rows[subject] = {} if block is None else dict(self._rows_of(block))
        return self._rows[subject]

    def output(self, name: str) -> Node | None:
        """What an output gives, evaluated; None where there is no such output."""
        if name not in self.document.outputs:
            return None
        if name not in self._outputs:
            written = self.document.outputs[name].get("value")
            self._outputs[name] = deep(Raw(written), self.scope)
        return self._outputs[name]

    def _spread(self) -> Iterator[Resource]:
        for subject, block in self.blocks.items():
            for key, value in self.rows(subject).items():
                yield Resource(self.name, block, key, value, self.scope)

    def _rows_of(self, block: Block) -> tuple[Row, ...]:
        if block.subject in self._spreading:  # rows that stand on themselves
            return UNKNOWN
        self._spreading.add(block.subject)
        try:
            return rows_of(block, self.scope)
        finally:
            self._spreading.remove(block.subject)

    def _keys_of(self, subject: str) -> tuple[str, ...] | None:
        kind, _, name = subject.partition(".")
        if kind == "var":
            return self._keys_of_variable(self.name, name)
        if subject not in self.blocks:
            return None
        keys = [key for key in self.rows(subject) if isinstance(key, str)]
        return tuple(keys) if len(keys) == len(self.rows(subject)) else None

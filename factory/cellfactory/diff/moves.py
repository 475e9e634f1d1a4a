"""What a document says of resources that change their address: `moved`, `removed` and `import`.

Source:
    https://developer.hashicorp.com/terraform/language/modules/develop/refactoring
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from cellfactory.tree.document import Document

_MOST_STEPS = 100  # of a chain of moves; a longer one is a circle


@dataclass(frozen=True, slots=True)
class Moves:
    """New addresses by the ones before, and what Terraform forgets or takes over."""

    moved: dict[str, str] = field(default_factory=dict)
    forgotten: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()

    def to(self, address: str, there: Collection[str]) -> str:
        """Find where a resource stands after all moves; its own address where it is not moved."""
        at = address
        for _ in range(_MOST_STEPS):
            new = self._step(at)
            if new == at:
                break
            at = new
        return at if at in there or at == address else address

    def _step(self, address: str) -> str:
        if address in self.moved:
            return self.moved[address]
        block, bracket, key = address.partition("[")
        return self.moved[block] + bracket + key if bracket and block in self.moved else address

    def forgets(self, address: str) -> bool:
        """Whether a resource that goes stays in AWS."""
        return address in self.forgotten or address.partition("[")[0] in self.forgotten


def read_moves(document: Document) -> Moves:
    """Read what a document says of addresses."""
    moved, forgotten, imported = document.moved, document.removed, document.imported
    return Moves(
        {_address(one["from"]): _address(one["to"]) for one in moved if {"from", "to"} <= {*one}},
        frozenset(_address(one["from"]) for one in forgotten if "from" in one and _keeps(one)),
        frozenset(_address(one["to"]) for one in imported if "to" in one),
    )


def _keeps(removed: Any) -> bool:
    return any(one.get("destroy") is False for one in _bodies(removed.get("lifecycle", {})))


def _bodies(value: Any) -> Iterator[dict[str, Any]]:
    for one in value if isinstance(value, list) else (value,):
        if isinstance(one, dict):
            yield one


def _address(written: Any) -> str:
    text = str(written)
    return text[2:-1] if text.startswith("${") and text.endswith("}") else text

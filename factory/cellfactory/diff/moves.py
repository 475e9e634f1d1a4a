"""What a document says of resources that change their address: `moved`, `removed` and `import`.

Source:
    https://developer.hashicorp.com/terraform/language/modules/develop/refactoring
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_MOST_STEPS = 100  # of a chain of moves; a longer one is a circle


@dataclass(frozen=True, slots=True)
class Moves:
    """New addresses by the ones before, and what Terraform forgets or takes over."""

    moved: Mapping[str, str] = field(default_factory=dict)
    forgotten: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()

    def came_from(self, before: Collection[str], after: Collection[str]) -> Mapping[str, str]:
        """Find the address before of what was moved, by the one after.

        A move from an address that is still written, or to one that stood before, is none.
        """
        if not self.moved:
            return {}
        found: dict[str, str] = {}
        for address in before:
            new = self._end(address)
            if new != address and new in after and new not in before and address not in after:
                found.setdefault(new, address)
        return found

    def _end(self, address: str) -> str:
        at = address
        for _ in range(_MOST_STEPS):
            new = self._step(at)
            if new == at:
                return at
            at = new
        return address

    def _step(self, address: str) -> str:
        """Go one move further; that of a whole block takes its rows along."""
        if address in self.moved:
            return self.moved[address]
        block, bracket, key = address.partition("[")
        return f"{self.moved[block]}{bracket}{key}" if block in self.moved else address

    def forgets(self, address: str) -> bool:
        """Whether a resource that goes stays in AWS."""
        return address in self.forgotten or address.partition("[")[0] in self.forgotten


NO_MOVES = Moves()


def read_moves(document: Mapping[str, Any]) -> Moves:
    """Read what a document says of addresses; what says nothing whole is left aside."""
    moved = [one for one in _bodies(document.get("moved")) if {"from", "to"} <= one.keys()]
    removed = [one for one in _bodies(document.get("removed")) if "from" in one and _keeps(one)]
    imported = [one for one in _bodies(document.get("import")) if "to" in one]
    return Moves(
        {_address(one["from"]): _address(one["to"]) for one in moved},
        frozenset(_address(one["from"]) for one in removed),
        frozenset(_address(one["to"]) for one in imported),
    )


def _keeps(removed: Mapping[str, Any]) -> bool:
    return any(one.get("destroy") is False for one in _bodies(removed.get("lifecycle")))


def _bodies(value: Any) -> Iterator[Mapping[str, Any]]:
    for one in value if isinstance(value, list) else (value,):
        if isinstance(one, dict):
            yield one


def _address(written: object) -> str:
    text = str(written)
    return text[2:-1] if text.startswith("${") and text.endswith("}") else text

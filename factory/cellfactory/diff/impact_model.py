"""What an edit does to cells, as values: nodes, room, versions, edges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from cellfactory.inventory.version_step import Refusal

CellAction = Literal["add", "change", "remove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueStep:
    """A value of the inventory that became another, as both would be written."""

    what: str  # key, such as `instance_type`
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.what} {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupImpact:
    """One node group of the inventory, in all its zones, whose nodes are not what they were.

    A node is `replaced` where a successor stands in its zone and group afterwards. `before` less
    `removed` is `after` less `added`.
    """

    name: str  # after the change; before it where the group goes
    before: int  # nodes
    after: int  # nodes
    replaced: int = 0  # nodes
    removed: int = 0  # nodes that go without a successor
    added: int = 0  # nodes that had no predecessor
    why: tuple[ValueStep, ...] = ()  # what replaces its nodes
    renamed_from: str = ""
    at_once: bool = False  # EKS makes the group anew: no `max_unavailable` holds nodes back
    max_unavailable: int = 1  # nodes of each EKS group that are replaced at a time
    eks_groups: int = 0  # of EKS, whose nodes are replaced, all at the same time
    waves: int = 0  # of the EKS group that has the most
    minutes: float = 0  # that the waves take at least; 0 without any
    most_minutes: float = 0  # after which EKS gives up

    @property
    def drained(self) -> int:
        """Nodes whose pods have to leave (nodes)."""
        return self.replaced + self.removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a cell holds, and how much is left of what binds it."""

    nodes: int
    zones: int
    pods_per_node: int
    bound: str  # title of the fullest bound that grows with nodes and stops the work; or empty
    scope: str  # the part of the cell that it is counted for, such as a zone; or empty
    used: float  # in `unit`
    limit: float  # in `unit`
    unit: str
    more_per_zone: int  # nodes that could come in each zone (nodes); negative: it does not fit

    @property
    def pods(self) -> int:
        """Pods that the cell holds."""
        return self.nodes * self.pods_per_node

    @property
    def share(self) -> float:
        """Used by limit; 0 where there is no limit."""
        return self.used / self.limit if self.limit else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionImpact:
    """The Kubernetes version of a control plane that became another."""

    before: str
    after: str
    refused: Refusal  # why EKS would not do it

    def __str__(self) -> str:
        return f"Kubernetes {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellImpact:
    """A cell that comes, goes, or is not what it was."""

    name: str
    action: CellAction
    ring: str
    account: str  # id, or e-mail address of one that is made
    groups: tuple[GroupImpact, ...] = ()  # by name; those that change
    before: Room | None = None  # None where the cell comes
    after: Room | None = None  # None where it goes
    version: VersionImpact | None = None
    addons: tuple[ValueStep, ...] = ()  # versions of add-ons, by name
    identity: tuple[ValueStep, ...] = ()  # what Terraform cannot change of a cell that stands
    mesh: ValueStep | None = None
    zones_lost: tuple[str, ...] = ()
    zones_gained: tuple[str, ...] = ()
    renamed_from: str = ""  # the cell that had its account before
    likely_from: str = ""  # the cell that goes and is alike in all but name and account
    prefixes: ValueStep | None = None  # /28 prefixes of each node
    reservations_lost: int = 0  # blocks kept for prefixes that go, pods on them
    dollars: Decimal = Decimal(0)  # more a month, of what is priced before and after (USD)
    is_priced_whole: bool = True  # nothing of it lacks a price or a declared flow

    def __bool__(self) -> bool:
        """Whether anything becomes of it."""
        return self != CellImpact(
            name=self.name, action="change", ring=self.ring, account=self.account
        )

    def with_rooms(self, before: Room, after: Room) -> CellImpact:
        """Add what it held and what it holds."""
        return replace(self, before=before, after=after)

    @property
    def replaced(self) -> int:
        """Nodes that successors take over from (nodes)."""
        return sum(group.replaced for group in self.groups)

    @property
    def removed(self) -> int:
        """Nodes that go without a successor (nodes)."""
        return sum(group.removed for group in self.groups)

    @property
    def added(self) -> int:
        """Nodes that come without a predecessor (nodes)."""
        return sum(group.added for group in self.groups)

    @property
    def drained(self) -> int:
        """Nodes whose pods have to leave (nodes)."""
        return self.replaced + self.removed

    @property
    def minutes(self) -> float:
        """How long its nodes are replaced at least, all its groups at once (minutes)."""
        return max((group.minutes for group in self.groups), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshImpact:
    """The edges of a mesh, to its hubs included, that come, go or move; sorted pairs of names."""

    name: str
    gained: tuple[tuple[str, str], ...] = ()
    lost: tuple[tuple[str, str], ...] = ()
    step: ValueStep | None = None  # between peerings and a gateway
    to_gateway: tuple[tuple[str, str], ...] = ()  # that lead over the gateway from now on
    to_peering: tuple[tuple[str, str], ...] = ()  # that lead over a peering again
    loses_peerings: bool = False  # which are the way back
    retired: tuple[tuple[str, str], ...] = ()  # that stay, and whose connection is deleted
    reuses_pods: bool = False  # some cell has pod addresses of another one from now on
    new_account: ValueStep | None = None  # of a gateway that stands
    regrouped: tuple[tuple[str, str], ...] = ()  # over a gateway whose route tables are replaced

    def __bool__(self) -> bool:
        """Whether anything becomes of it."""
        return self != MeshImpact(name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """All that an edit does to cells, by name; nothing where it does nothing to them."""

    cells: tuple[CellImpact, ...] = ()
    meshes: tuple[MeshImpact, ...] = ()
    rings: tuple[str, ...] = ()  # those with cells that stand and change, in order of rollout
    standing: int = 0  # nodes of all cells before the edit (nodes)

    def __bool__(self) -> bool:
        return bool(self.cells or self.meshes)

    def __iter__(self) -> Iterator[CellImpact]:
        return iter(self.cells)

    @property
    def drained(self) -> int:
        """Nodes whose pods have to leave, of all cells (nodes)."""
        return sum(cell.drained for cell in self.cells)

    @property
    def minutes(self) -> float:
        """How long nodes are replaced at least: ring by ring, the cells of a ring at once."""
        slowest: dict[str, float] = {}
        for cell in self.cells:
            slowest[cell.ring] = max(slowest.get(cell.ring, 0.0), cell.minutes)
        return sum(slowest.values())

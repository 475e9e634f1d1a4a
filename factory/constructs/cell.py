"""What the constructs of a cell are told: one value, complete before the first resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from factory.addressing.blocks import CellAddresses
from factory.facts.schema import ImageBuild
from factory.inventory.schema import CellType


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePool:
    """One pool of nodes, as EKS sees it."""

    image: ImageBuild  # which machine image its nodes run
    groups: Mapping[str, tuple[str, int]]  # by group name: its zone id and its nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSpec:
    """A cell with all that its stacks are made of."""

    name: str
    region: str
    account_id: str  # twelve digits, or the Terraform expression of the variable
    member_role: str  # role of the account that deploys
    cell_type: CellType
    addresses: CellAddresses
    hub_blocks: Mapping[str, tuple[IPv4Network, ...]]  # by hub name
    endpoints: tuple[str, ...]  # interface endpoints, as `ecr.api`
    pools: Mapping[str, NodePool]  # by pool name
    pod_reservations: Mapping[str, tuple[IPv4Network, ...]]  # by zone id
    pod_addresses_per_node: int  # addresses that the prefixes of a node hold

    @property
    def zones(self) -> tuple[str, ...]:
        """Zone ids of the cell, as the cell type lists them."""
        return tuple(self.cell_type.zones)

"""The addresses of one cell, as values; how they are chosen is in `factory.addressing.plan`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import IPv4Network

from factory.errors import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneBlocks:
    """The subnets of a cell in one zone.

    All but `pod` are cut from the cell's primary block and routable in its mesh.
    """

    node: IPv4Network  # primary interface of each node
    endpoint: IPv4Network  # interface endpoints and the network load balancer
    control_plane: IPv4Network  # interfaces of the EKS control plane; at least a /28
    public: IPv4Network  # NAT gateway, when the cell has egress; kept free otherwise
    transit: IPv4Network  # transit gateway attachment; kept free until there is one
    pod: IPv4Network  # pod interfaces and their /28 prefixes; unroutable


PRIMARY_KINDS = tuple(field.name for field in fields(ZoneBlocks) if field.name != "pod")
"""The kinds of subnet that are cut from a cell's primary block, in the order they are cut."""

KEPT_FREE = ("transit",)
"""Those of them that room is kept for, and that no cell has yet."""


def subnet_kinds(*, egress: bool) -> tuple[str, ...]:
    """List the kinds of subnet that a cell has in each zone.

    >>> subnet_kinds(egress=False)
    ('node', 'endpoint', 'control_plane', 'pod')
    """
    left_out = KEPT_FREE if egress else (*KEPT_FREE, "public")
    return (*(kind for kind in PRIMARY_KINDS if kind not in left_out), "pod")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellAddresses:
    """Every block that a cell owns."""

    cell: str
    primary: IPv4Network  # first block of the VPC, /16 to /28
    pod_blocks: tuple[IPv4Network, ...]  # further blocks of the VPC, each /16 to /28
    zones: Mapping[str, ZoneBlocks]  # by zone id

    def primary_subnets(self) -> tuple[IPv4Network, ...]:
        """Every subnet that is cut from the primary block."""
        return tuple(getattr(zone, kind) for zone in self.zones.values() for kind in PRIMARY_KINDS)

    def pod_subnets(self) -> tuple[IPv4Network, ...]:
        """Every subnet that is cut from a pod block."""
        return tuple(zone.pod for zone in self.zones.values())

    @property
    def blocks(self) -> tuple[IPv4Network, ...]:
        """Every block of the VPC, the primary one first."""
        return (self.primary, *self.pod_blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPlan:
    """The addresses of every cell of an inventory."""

    cells: Mapping[str, CellAddresses]  # by cell name; one with an error below is left out
    findings: tuple[Finding, ...] = ()  # what does not work out, and warnings

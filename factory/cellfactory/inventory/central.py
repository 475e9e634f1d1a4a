"""The central way out of a mesh: a VPC in the network account, behind its transit gateway."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, collapse_addresses
from typing import Literal

from pydantic import Field

from cellfactory.inventory.values import Block, Model, Name, ZoneId

SUBNET_LENGTH = 28
"""Prefix length of each of its subnets, the smallest there is: each holds one interface."""

SUBNETS_PER_ZONE = 2  # one of the NAT gateway, one of the attachment


_PRIVATE = tuple(
    map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
)


class CentralEgress(Model):
    """A VPC with NAT gateways that cells with `egress: central` reach the internet through."""

    block: Block = Field(
        description="Its block: room for two /28 in each zone, and apart from all that cells reach."
    )
    zones: list[ZoneId] = Field(
        min_length=1,
        max_length=6,
        description="Zone ids, each with a NAT gateway; a new one comes last, so that no subnet "
        "moves.",
    )
    inspection: Name | Literal["none"] = Field(
        default="none",
        description="Hub that is attached to the gateway and looks at the traffic on its way, in "
        "both directions; its owner attaches it with appliance mode.",
    )

    @property
    def inspected_by(self) -> str | None:
        """The hub that looks at the traffic; None where none does."""
        return None if self.inspection == "none" else self.inspection

    @property
    def room(self) -> int:
        """How many zones its block has room for (zones)."""
        return (1 << max(0, SUBNET_LENGTH - self.block.prefixlen)) // SUBNETS_PER_ZONE

    def subnets(self, kind: Literal["public", "attachment"]) -> dict[str, IPv4Network]:
        """Cut the subnets of a kind, by zone: the public one of each zone before the other."""
        parts = list(self.block.subnets(new_prefix=SUBNET_LENGTH))
        first = 0 if kind == "public" else 1
        return {zone: parts[SUBNETS_PER_ZONE * i + first] for i, zone in enumerate(self.zones)}


def private_blocks(pools: Iterable[IPv4Network]) -> tuple[IPv4Network, ...]:
    """List what no way out leads to, in as few blocks as it takes.

    Args:
        pools: what cells have, wherever it lies.

    Source:
        https://www.rfc-editor.org/rfc/rfc1918
        https://www.rfc-editor.org/rfc/rfc6598

    >>> [str(block) for block in private_blocks([IPv4Network("10.128.0.0/10")])]
    ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16']
    """
    return tuple(collapse_addresses([*_PRIVATE, *pools]))

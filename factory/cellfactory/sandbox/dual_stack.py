"""IPv6 in EC2 as AWS has it: a /56 for a VPC, a /64 for a subnet, and a way out that is no way in.

Source:
    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
    https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Network
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.subnets import Subnet

SUBNET_LENGTH = 64  # the one size that moto and most callers know; AWS takes /44 to /64 by fours


class DualStackSubnet(Subnet):
    """A subnet that says of its IPv6 block what EC2 says: moto puts one state into another."""

    @property
    def ipv6_cidr_block_association_set(self) -> list[dict[str, Any]]:
        return [
            {
                "AssociationId": row["associationId"],
                "Ipv6CidrBlock": row["ipv6CidrBlock"],
                "Ipv6CidrBlockState": {"State": row["ipv6CidrBlockState"]["State"]},
            }
            for row in self.ipv6_cidr_block_associations.values()
            if row["ipv6CidrBlockState"]["State"] == "associated"
        ]


DUAL_STACK: Any = DualStackSubnet
"""The class that a subnet of moto's is given; abstract to the type checker only."""


def blocks_of_vpc(vpc: Any) -> list[IPv6Network]:
    """List the IPv6 blocks of a VPC that are associated now."""
    return [
        IPv6Network(row["cidr_block"])
        for row in vpc.get_cidr_block_association_set(ipv6=True)
        if row["cidr_block_state"]["state"] == "associated"
    ]


def block_of_subnet(subnet: Any) -> IPv6Network | None:
    """Find the IPv6 block of a subnet; None where it has none."""
    rows = subnet.ipv6_cidr_block_associations.values()
    held = (row for row in rows if row["ipv6CidrBlockState"]["State"] == "associated")
    return next((IPv6Network(row["ipv6CidrBlock"]) for row in held), None)


def require_subnet_block(vpc: Any, block: str, subnets: list[Any]) -> None:
    """Refuse the block of a subnet that is none, lies outside its VPC, or is taken."""
    try:
        wanted = IPv6Network(block)
    except ValueError:
        code = "InvalidSubnet.Range"
        raise EC2ClientError(code, f"The CIDR '{block}' is invalid.") from None
    inside = any(wanted.subnet_of(held) for held in blocks_of_vpc(vpc))
    if wanted.prefixlen != SUBNET_LENGTH or not inside:
        code = "InvalidSubnet.Range"
        raise EC2ClientError(code, f"The CIDR '{block}' is invalid.")
    for subnet in subnets:
        taken = block_of_subnet(subnet)
        if subnet.vpc_id == vpc.id and taken is not None and taken.overlaps(wanted):
            code = "InvalidSubnet.Conflict"
            raise EC2ClientError(code, f"The CIDR '{block}' conflicts with another subnet")


def subnets_within(block: str, subnets: list[Any]) -> Iterator[Any]:
    """Yield the subnets that have their IPv6 block of a VPC's."""
    for subnet in subnets:
        held = block_of_subnet(subnet)
        if held is not None and held.subnet_of(IPv6Network(block)):
            yield subnet

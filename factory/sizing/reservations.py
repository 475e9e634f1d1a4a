"""Which part of a pod subnet is reserved for whole /28 prefixes.

Each pod interface takes one single address beside its prefixes. Left alone, EC2 may put each of
them into another /28 and spoil it. So the first part of the subnet is left for single addresses
and all the rest is reserved for prefixes.
"""

from __future__ import annotations

from ipaddress import IPv4Network

from factory.sizing.terms import ADDRESSES_PER_PREFIX, PREFIX_LENGTH


def plan_reservations(subnet: IPv4Network, prefixes: int) -> tuple[IPv4Network, ...]:
    """Reserve all of a pod subnet but its first part.

    The part depends on the subnet and on the prefixes per node only, never on how many nodes
    there are: a cell that grows changes no reservation. It is the largest power of two that
    still leaves prefixes the scarcer of the two.

    Args:
        subnet: Pod subnet of one zone (/16 to /28).
        prefixes: /28 prefixes of each node, 1 or more.

    Returns:
        Blocks in the order of their addresses; none for a subnet of a single /28.

    Source:
        https://docs.aws.amazon.com/vpc/latest/userguide/subnet-cidr-reservation.html

    >>> [str(block) for block in plan_reservations(IPv4Network("100.64.0.0/24"), 6)]
    ['100.64.0.16/28', '100.64.0.32/27', '100.64.0.64/26', '100.64.0.128/25']
    """
    if prefixes < 1:
        msg = f"a node without prefixes has nothing to reserve: {prefixes}"
        raise ValueError(msg)
    halvings = (ADDRESSES_PER_PREFIX * prefixes).bit_length() - 1
    length = min(PREFIX_LENGTH, subnet.prefixlen + halvings)
    first = IPv4Network((int(subnet.network_address), length))
    if first == subnet:
        return ()
    return tuple(sorted(subnet.address_exclude(first)))

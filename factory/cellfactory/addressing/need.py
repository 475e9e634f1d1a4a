"""How many addresses a cell takes in each of its zones, term by term.

The node ceiling decides, and not the nodes that run today, so that a cell may fill up without a
block of it moving. An update adds nodes before it takes others away: that surge counts, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from cellfactory.addressing.blocks import PRIMARY_KINDS, Purpose
from cellfactory.addressing.space import BITS
from cellfactory.facts.schema import PREFIX_LENGTH, Facts
from cellfactory.inventory.endpoints import endpoint_services
from cellfactory.inventory.groups import nodes_per_zone, pool_surge
from cellfactory.inventory.node_config import prefixes_per_node
from cellfactory.inventory.schema import CellType

BALANCERS_PER_ZONE = 1  # the network load balancer has one interface in each zone


@dataclass(frozen=True, slots=True, kw_only=True)
class CellNeed:
    """What a cell of one type takes in each of its zones.

    Attributes:
        nodes: nodes that addresses are kept for, the surge included (nodes).
        surge: how many of them are only there during an update (nodes).
        endpoints: addresses of interface endpoints and of the load balancer (addresses).
        prefixes_per_node: /28 prefixes attached to each node (prefixes).
        lengths: prefix length of each subnet that is cut from the primary block, by kind.
        pod_length: prefix length of the pod subnet; None when one subnet cannot hold the nodes,
            and where pods have none.
        has_pod_blocks: whether pods have subnets of their own; those with IPv6 addresses have none.
    """

    nodes: int
    surge: int
    endpoints: int
    prefixes_per_node: int
    lengths: Mapping[Purpose, int]
    pod_length: int | None
    has_pod_blocks: bool


def need_of(cell_type: CellType, facts: Facts) -> CellNeed:
    """Work out what every cell of a type takes in each of its zones."""
    kept = reserved_addresses(facts)
    surge = zone_surge(cell_type, facts)
    nodes = zone_nodes(cell_type) + surge
    endpoints = len(endpoint_services(cell_type, facts))
    prefixes = prefixes_per_node(cell_type, facts)
    smallest = int(facts.parameter("block-longest-prefix-length"))
    addresses: dict[Purpose, int] = {  # the smallest subnet holds what is not listed here
        "node": nodes,
        "endpoint": endpoint_room(endpoints, facts),
        "control_plane": control_plane_addresses(facts),
    }
    return CellNeed(
        nodes=nodes,
        surge=surge,
        endpoints=endpoints + BALANCERS_PER_ZONE,
        prefixes_per_node=prefixes,
        lengths={
            kind: min(smallest, block_length(addresses.get(kind, 0) + kept))
            for kind in PRIMARY_KINDS
        },
        pod_length=pod_length(nodes, prefixes, facts) if cell_type.has_pod_blocks else None,
        has_pod_blocks=cell_type.has_pod_blocks,
    )


def primary_length(need: CellNeed, zones: int) -> int:
    """Find the prefix length of the smallest block that all routable subnets of a cell fit in."""
    return block_length(zones * sum(1 << (BITS - length) for length in need.lengths.values()))


def zone_nodes(cell_type: CellType) -> int:
    """Count the nodes of one zone at the cell's ceiling; all zones have the same (nodes)."""
    return max(nodes_per_zone(cell_type), -(-(cell_type.node_ceiling or 0) // len(cell_type.zones)))


def zone_surge(cell_type: CellType, facts: Facts) -> int:
    """Count the nodes that updates may add in one zone, all its groups updated at once (nodes).

    A group lies in one zone. Nodes up to the ceiling that no pool declares yet come to the pool
    that grows most by them, or make one more pool with the largest `max_unavailable`.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
    """
    pools = [(g.nodes_per_zone, g.max_unavailable) for g in cell_type.node_groups.values()]
    undeclared = zone_nodes(cell_type) - nodes_per_zone(cell_type)
    one_more = (0, max(unavailable for _, unavailable in pools))
    grown = (
        pool_surge(nodes + undeclared, most, facts) - pool_surge(nodes, most, facts)
        for nodes, most in (*pools, one_more)
    )
    return sum(pool_surge(nodes, most, facts) for nodes, most in pools) + max(grown)


def endpoint_room(endpoints: int, facts: Facts) -> int:
    """Count the addresses kept for endpoints and the load balancer in one zone (addresses).

    As many endpoints as a VPC may have unless AWS raised it, so that one more endpoint never asks
    for a larger subnet.
    """
    return max(endpoints, facts.quota("interface-endpoints-per-vpc").default) + BALANCERS_PER_ZONE


def control_plane_addresses(facts: Facts) -> int:
    """Count the free addresses that EKS wants in each of its subnets (addresses).

    Source: https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
    """
    return int(facts.parameter("cluster-subnet-free-addresses-advised"))


def reserved_addresses(facts: Facts) -> int:
    """Count the addresses that AWS keeps in every subnet (addresses).

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    """
    return int(facts.parameter("reserved-addresses-per-subnet"))


def block_length(addresses: int) -> int:
    """Find the prefix length of the smallest block of at least so many addresses.

    >>> block_length(438 + 5)
    23
    """
    return BITS - max(0, addresses - 1).bit_length()


def usable_addresses(block: IPv4Network, facts: Facts) -> int:
    """Count the addresses of a subnet that AWS does not keep (addresses)."""
    return int(block.num_addresses - reserved_addresses(facts))


def pod_length(nodes: int, prefixes_per_node: int, facts: Facts) -> int | None:
    """Find the prefix length of the smallest pod subnet that holds so many nodes.

    Returns:
        The prefix length; None when the largest subnet that AWS allows is too small.
    """
    largest = int(facts.parameter("block-shortest-prefix-length"))
    for length in range(PREFIX_LENGTH, largest - 1, -1):
        if nodes_held(length, prefixes_per_node, reserved_addresses(facts)) >= nodes:
            return length
    return None


def nodes_held(length: int, prefixes_per_node: int, reserved: int) -> int:
    """Count the nodes whose prefixes and pod interfaces fit a pod subnet, whatever the order.

    The last /28 holds the subnet's broadcast address and is never delegated.

    Args:
        length: prefix length of the pod subnet.
        prefixes_per_node: /28 prefixes attached to each node (prefixes, > 0).
        reserved: addresses that AWS keeps in a subnet (addresses).

    >>> nodes_held(16, prefixes_per_node=6, reserved=5)
    671
    """
    slice_length = free_slice_length(length, prefixes_per_node, reserved)
    interfaces = (1 << (BITS - slice_length)) - reserved
    return min(interfaces, _reserved_part_nodes(length, slice_length, prefixes_per_node))


def free_slice_length(length: int, prefixes_per_node: int, reserved: int) -> int:
    """Find the smallest first slice that holds an address for each node of the rest.

    Each node's pod interface has one address of its own; taken from anywhere, each would spoil a
    /28 for prefixes. So prefixes come from the reserved rest, and single addresses from the slice.

    >>> free_slice_length(16, prefixes_per_node=6, reserved=5)
    22
    """
    for slice_length in range(PREFIX_LENGTH, length, -1):
        addresses = (1 << (BITS - slice_length)) - reserved
        if addresses >= _reserved_part_nodes(length, slice_length, prefixes_per_node):
            return slice_length
    return length


def _reserved_part_nodes(length: int, slice_length: int, prefixes_per_node: int) -> int:
    prefixes = (1 << (PREFIX_LENGTH - length)) - (1 << (PREFIX_LENGTH - slice_length)) - 1
    return max(0, prefixes // prefixes_per_node)


def pod_reservations(
    pod: IPv4Network, prefixes_per_node: int, reserved: int
) -> tuple[IPv4Network, ...]:
    """Cut the part of a pod subnet that only prefixes may be taken from into blocks.

    All of the subnet but its first slice, smallest block first. It follows from the subnet and
    the prefixes of a node alone: more nodes never change a reservation.

    Args:
        pod: pod subnet, a /28 or larger.
        prefixes_per_node: /28 prefixes attached to each node (prefixes, > 0).
        reserved: addresses that AWS keeps in a subnet (addresses).

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-cidr-reservation.html

    >>> [str(b) for b in pod_reservations(IPv4Network("100.64.0.0/24"), 6, reserved=5)]
    ['100.64.0.16/28', '100.64.0.32/27', '100.64.0.64/26', '100.64.0.128/25']
    """
    start = int(pod.network_address)
    length = free_slice_length(pod.prefixlen, prefixes_per_node, reserved)
    return tuple(
        IPv4Network((start + (1 << (BITS - part)), part))
        for part in range(length, pod.prefixlen, -1)
    )


def pod_block_lengths(zones: int, length: int, facts: Facts) -> tuple[int, ...]:
    """Pack the pod subnets of all zones into as few blocks of the VPC as can be.

    Args:
        zones: zones of the cell (zones, > 0).
        length: prefix length of each pod subnet.

    Returns:
        Prefix length of each block; the last one is no larger than it must be.
    """
    largest = int(facts.parameter("block-shortest-prefix-length"))
    full, rest = divmod(zones, 1 << (length - largest))
    return (largest,) * full + ((length - (rest - 1).bit_length(),) if rest else ())

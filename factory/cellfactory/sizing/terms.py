"""One function for each term of the model: plain numbers in, a plain number out.

Each can be held against the page it cites. Counts are whole; seconds are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network
from math import ceil

from cellfactory.addressing.space import BITS
from cellfactory.facts.schema import ADDRESSES_PER_PREFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class NauWeights:
    """Network Address Usage of what hangs on a node (NAU of one each)."""

    address: int
    extra_interface: int
    prefix: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """What the VPC CNI has attached to a node, besides the primary interface and its address."""

    interfaces: int  # interfaces beyond the primary one
    addresses: int  # single addresses for pods, without the interfaces' own
    prefixes: int  # /28 prefixes

    @property
    def single_addresses(self) -> int:
        """Addresses of the subnet of the pods that are none of a prefix (addresses)."""
        return self.interfaces + self.addresses

    @property
    def pod_addresses(self) -> int:
        """Addresses that pods may have (addresses)."""
        return self.addresses + ADDRESSES_PER_PREFIX * self.prefixes


def as_designed(prefixes: int, slots: int) -> Attached:
    """Attach all prefixes of a node to as few pod interfaces as hold them.

    Args:
        prefixes: /28 prefixes of the node, 0 or more.
        slots: Prefixes that one interface holds: its IPv4 addresses less its own (1 or more).
    """
    return Attached(interfaces=ceil(prefixes / slots), addresses=0, prefixes=prefixes)


def prefix_delegation_off(*, prefixes: int, slots: int, interfaces: int) -> Attached:
    """Take the same pod addresses one by one: ENABLE_PREFIX_DELEGATION lost, targets kept.

    The CNI adds interfaces until MINIMUM_IP_TARGET = 16 x prefixes is met or none is left.

    Args:
        prefixes: /28 prefixes the node was meant to have.
        slots: Single addresses that one pod interface holds besides its own.
        interfaces: Interfaces the CNI may use, the primary included (MAX_ENI, or the type's).

    Source:
        https://github.com/aws/amazon-vpc-cni-k8s/blob/b5218838/pkg/ipamd/ipamd.go
    """
    wanted = ADDRESSES_PER_PREFIX * prefixes
    extra = min(interfaces - 1, ceil(wanted / slots))
    return Attached(interfaces=extra, addresses=min(wanted, extra * slots), prefixes=0)


def settings_reset(*, max_pods: int, slots: int, interfaces: int) -> Attached:
    """Attach whole interfaces until every pod could have an address, all of them for pods.

    All settings of the CNI at their defaults but custom networking, which keeps pods off the
    primary interface and off the node subnet.

    Args:
        max_pods: Pods that the kubelet admits (pods).
        slots: Single addresses that one pod interface holds besides its own.
        interfaces: Interfaces of the instance type, the primary included: MAX_ENI is lost too.
    """
    extra = min(interfaces - 1, ceil(max_pods / slots))
    return Attached(interfaces=extra, addresses=extra * slots, prefixes=0)


def settings_lost(*, max_pods: int, slots: int, interfaces: int) -> Attached:
    """Attach whole interfaces until every pod could have an address, the primary one first.

    All settings of the CNI at their defaults, custom networking off as well: pods take addresses
    of the node subnet.

    Args:
        max_pods: Pods that the kubelet admits (pods).
        slots: Single addresses that one interface holds besides its own.
        interfaces: Interfaces of the instance type, the primary included.

    Source:
        https://github.com/aws/amazon-vpc-cni-k8s/blob/b5218838/README.md
    """
    used = min(interfaces, ceil(max_pods / slots))
    return Attached(interfaces=used - 1, addresses=used * slots, prefixes=0)


def everything_attached(*, slots: int, interfaces: int) -> Attached:
    """Fill every interface but the primary one: custom networking is on, nothing else holds."""
    return Attached(interfaces=interfaces - 1, addresses=(interfaces - 1) * slots, prefixes=0)


def custom_networking_off(*, slots: int, interfaces: int) -> Attached:
    """Fill every interface, the primary one too: the most addresses a node can take."""
    return Attached(interfaces=interfaces - 1, addresses=interfaces * slots, prefixes=0)


def node_nau(attached: Attached, weights: NauWeights, *, per_pod: float = 0) -> float:
    """Count the NAU of a node: addresses, extra interfaces and prefixes.

    Args:
        attached: What the node has besides its primary interface and address.
        weights: NAU of one each.
        per_pod: NAU of one pod whose address comes from a prefix; no page settles it (0 or 1).

    Source:
        https://docs.aws.amazon.com/vpc/latest/userguide/network-address-usage.html
    """
    addresses = 1 + attached.interfaces + attached.addresses
    return (
        weights.address * addresses
        + weights.extra_interface * attached.interfaces
        + weights.prefix * attached.prefixes
        + per_pod * ADDRESSES_PER_PREFIX * attached.prefixes
    )


def ipv6_node_nau(weights: NauWeights, *, pods: int, per_pod: float = 0) -> float:
    """Count the NAU of a node whose pods have IPv6 addresses: it has one of each family, and a /80.

    Args:
        weights: NAU of one each.
        pods: Pods that the kubelet admits (pods).
        per_pod: NAU of one pod whose address comes from a prefix; no page settles it (0 or 1).

    Source:
        https://docs.aws.amazon.com/vpc/latest/userguide/network-address-usage.html

    >>> ipv6_node_nau(NauWeights(address=1, extra_interface=1, prefix=1), pods=96)
    3
    """
    return 2 * weights.address + weights.prefix + per_pod * pods


def usable_addresses(block: IPv4Network, kept: int) -> int:
    """Count the addresses of a subnet that AWS does not keep for itself; never below 0.

    >>> usable_addresses(IPv4Network("10.128.0.0/28"), kept=5)
    11
    """
    return max(0, block.num_addresses - kept)


def fragmented_nodes(prefix_length: int, prefixes: int, interfaces: int = 1) -> int:
    """Count the nodes that a pod subnet holds if every interface address spoils a whole /28.

    Nothing is reserved; the first and the last /28 are lost to addresses that AWS keeps. An
    underestimate: interface addresses often share a /28.

    Source:
        https://docs.aws.amazon.com/eks/latest/best-practices/prefix-mode-linux.html

    >>> fragmented_nodes(16, prefixes=6)
    584
    """
    return _whole_prefixes(prefix_length) // (prefixes + interfaces)


def packed_nodes(prefix_length: int, prefixes: int, interfaces: int = 1) -> int:
    """Count the nodes that a pod subnet holds if interface addresses fill up whole /28s.

    An overestimate: nothing makes EC2 choose them so unless the rest is reserved.

    >>> packed_nodes(16, prefixes=6)
    675
    """
    usable = _whole_prefixes(prefix_length) * ADDRESSES_PER_PREFIX
    return usable // (prefixes * ADDRESSES_PER_PREFIX + interfaces)


def _whole_prefixes(prefix_length: int) -> int:
    blocks = (1 << (BITS - prefix_length)) // ADDRESSES_PER_PREFIX
    return max(0, blocks - 2)


def reserved_prefixes(subnet: IPv4Network, reserved: Iterable[IPv4Network]) -> int:
    """Count the whole /28 prefixes that reservations of a subnet can deliver.

    The first and the last /28 of the subnet hold addresses that AWS keeps, and never become
    prefixes, reserved or not.

    Source:
        https://docs.aws.amazon.com/vpc/latest/userguide/subnet-cidr-reservation.html
    """
    blocks = tuple(reserved)
    ends = (subnet.network_address, subnet.broadcast_address)
    lost = sum(1 for end in ends if any(end in block for block in blocks))
    whole = sum(_addresses(block) // ADDRESSES_PER_PREFIX for block in blocks)
    return max(0, whole - lost)


def unreserved_addresses(subnet: IPv4Network, reserved: Iterable[IPv4Network], kept: int) -> int:
    """Count the addresses of a subnet outside its reservations that an interface may take.

    An underestimate by one where the last address, which AWS keeps, is reserved itself.
    """
    free = _addresses(subnet) - sum(map(_addresses, reserved))
    return max(0, free - kept)


def drain_seconds(calls: float, capacity: float, refill: float) -> float:
    """Say how long a token bucket, full at first, takes to let that many calls through (s).

    Source:
        https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html

    >>> drain_seconds(1300, capacity=50, refill=5)
    250.0
    """
    return max(0.0, (calls - capacity) / refill)


def calls_within(seconds: float, capacity: float, refill: float) -> float:
    """Say how many calls a token bucket, full at first, lets through in a time (calls).

    >>> calls_within(1800, capacity=50, refill=5)
    9050
    """
    return capacity + refill * seconds


def _addresses(block: IPv4Network) -> int:
    """`block.num_addresses`, which works it out of two other addresses each time."""
    return 1 << (block.max_prefixlen - block.prefixlen)

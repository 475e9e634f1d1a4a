"""Bounds of a cell's addresses, blocks, subnets and routes."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.addressing.blocks import subnet_kinds
from cellfactory.addressing.need import pod_reservations
from cellfactory.sizing.entry import CellEntries
from cellfactory.sizing.terms import (
    fragmented_nodes,
    packed_nodes,
    reserved_prefixes,
    unreserved_addresses,
    usable_addresses,
)
from cellfactory.sizing.usage import Limit, Usage

OWN_CONTROL_PLANE_RULES = 2  # its nodes and its pods reach the Kubernetes API


def size_addresses(entries: CellEntries) -> Iterator[Usage]:
    """Size what a cell takes of its own subnets, zone by zone, and of its VPC."""
    for zone in entries.shape.zones:
        if not entries.shape.ipv6_pods:
            yield from _pod_subnet(entries, zone)
        yield from _routable_subnets(entries, zone)
    yield from _vpc(entries)


def _pod_subnet(entries: CellEntries, zone: str) -> Iterator[Usage]:
    shape, scope = entries.shape, entries.scope("zone", zone)
    kept = int(entries.facts.parameter("reserved-addresses-per-subnet"))
    subnet = shape.zones[zone]["pod"]
    reserved = pod_reservations(subnet, shape.prefixes, kept)
    nodes = shape.peak_per_zone
    interfaces = sum(pool.peak * shape.pod_interfaces(pool) for pool in shape.pools)
    most = max(shape.pod_interfaces(pool) for pool in shape.pools)
    twice = shape.prefixes * (nodes + shape.main_pool.per_zone)
    held = reserved_prefixes(subnet, reserved)
    fragmented = shape.prefixes * fragmented_nodes(subnet.prefixlen, shape.prefixes, most)
    packed = shape.prefixes * packed_nodes(subnet.prefixlen, shape.prefixes, most)
    for bound, used, limit in (
        ("pod-prefixes", nodes * shape.prefixes, held),
        ("pod-prefixes-fragmented", nodes * shape.prefixes, fragmented),
        ("pod-prefixes-packed", nodes * shape.prefixes, packed),
        ("pod-prefixes-blue-green", twice, held),
    ):
        yield entries.usage(
            bound,
            used,
            Limit(value=limit, source=str(subnet)),
            per_node=shape.prefixes,
            scope=scope,
        )
    yield entries.usage(
        "pod-interface-addresses",
        interfaces,
        Limit(value=unreserved_addresses(subnet, reserved, kept), source=str(subnet)),
        per_node=interfaces / nodes,
        scope=scope,
    )


def _routable_subnets(entries: CellEntries, zone: str) -> Iterator[Usage]:
    shape, scope, facts = entries.shape, entries.scope("zone", zone), entries.facts
    blocks = shape.zones[zone]
    control_plane = blocks["control_plane"]
    kept = int(facts.parameter("reserved-addresses-per-subnet"))
    yield entries.usage(
        "node-addresses",
        shape.peak_per_zone,
        Limit(value=usable_addresses(blocks["node"], kept), source=str(blocks["node"])),
        per_node=1,
        scope=scope,
    )
    yield entries.usage(
        "endpoint-addresses",
        shape.endpoints + (1 if shape.ingress else 0),
        Limit(value=usable_addresses(blocks["endpoint"], kept), source=str(blocks["endpoint"])),
        scope=scope,
        path=shape.type_path,
    )
    yield entries.usage(
        "control-plane-addresses",
        int(facts.parameter("cluster-subnet-free-addresses-least")),
        Limit(value=usable_addresses(control_plane, kept), source=str(control_plane)),
        scope=scope,
        path=shape.type_path,
    )


def _vpc(entries: CellEntries) -> Iterator[Usage]:
    shape = entries.shape
    cell_path = ("cells", shape.name)
    public = 1 if shape.nat_gateways else 0
    kinds = subnet_kinds(
        egress=bool(public), gateway=shape.peers.has_gateway, pods=not shape.ipv6_pods
    )
    subnets = len(shape.zones) * len(kinds)
    for bound, used in (("blocks-per-vpc", shape.blocks), ("subnets-per-vpc", subnets)):
        yield entries.usage(
            bound, used, entries.quota(bound), scope=entries.scope("vpc"), path=cell_path
        )
    yield size_routes(entries)
    yield entries.usage(
        "rules-per-security-group",
        shape.peers.hub_blocks + OWN_CONTROL_PLANE_RULES,
        entries.quota("rules-per-security-group"),
        scope=entries.scope("vpc"),
        path=cell_path,
    )


def size_routes(entries: CellEntries) -> Usage:
    """Size the route table of a cell's nodes.

    It holds a local route for each block, one for each block of a peer, those of the gateway
    endpoints and, where there is egress, the default route.
    """
    shape, bound = entries.shape, "routes-per-route-table"
    public = 1 if shape.nat_gateways or shape.has_central_egress else 0
    return entries.usage(
        bound,
        shape.blocks + shape.peers.blocks + shape.gateways + public,
        entries.quota(bound),
        scope=entries.scope("vpc"),
        path=("cells", shape.name),
    )

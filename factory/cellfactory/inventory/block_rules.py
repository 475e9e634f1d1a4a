"""Blocks that people write: pools, hubs and the service block, apart from each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, collapse_addresses

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import Facts
from cellfactory.inventory.overlaps import Owned, crossing, overlapping
from cellfactory.inventory.schema import Inventory
from cellfactory.inventory.unreadable import as_far_as_readable, peek, readable

PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))  # RFC 1918
NEVER = tuple(
    map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"))
)
BENCHMARK = IPv4Network("198.19.0.0/16")
DEFAULT_VPC = IPv4Network("172.31.0.0/16")


def check_blocks(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield blocks that overlap, and blocks that AWS does not take where they stand.

    `reserved` may overlap everything: it only says what no cell gets. What of a hub lies in a pool
    must be reserved there; hubs must be apart from each other where one mesh reaches both.

    Rules:
        F118: blocks overlap.
        F119: a block that AWS does not take there.
    """
    pools = [*_pool(inventory, "node"), *_pool(inventory, "pod")]
    hubs = {name: _hub(inventory, name) for name in peek(inventory, "hubs") or ()}
    meshes = (peek(inventory, "meshes") or {}).values()
    together = {tuple(sorted({hub for _, hub in readable(peek(m, "hubs") or ())})) for m in meshes}
    for first, second in overlapping(pools):
        yield _overlap(first, second)
    kept = _reserved(inventory)
    free = (one for blocks in hubs.values() for one in blocks if not _is_within(one[0], kept))
    for first, second in crossing(pools, free):
        hint = f"no cell may use it: add {second[0]} to address_pools.reserved"
        yield _overlap(first, second, hint)
    for names in sorted(together):
        for first, second in overlapping(owned for n in names for owned in hubs.get(n, ())):
            yield _overlap(first, second, "a cell cannot route one block to both")
    for block, path, _ in (*pools, *(owned for name in hubs for owned in hubs[name])):
        yield from check_usable(block, path, facts)
    yield from _check_together(inventory)
    yield from _check_services(inventory, pools, hubs, facts)


def _pool(inventory: Inventory, kind: str) -> list[Owned]:
    blocks = peek(peek(inventory, "address_pools"), kind) or ()
    path = ("address_pools", kind)
    return [(block, (*path, index), f"the {kind} pool") for index, block in readable(blocks)]


def _reserved(inventory: Inventory) -> list[IPv4Network]:
    """What no cell gets, in as few blocks as it takes."""
    blocks = peek(peek(inventory, "address_pools"), "reserved") or ()
    return list(collapse_addresses(block for _, block in readable(blocks)))


def _is_within(block: IPv4Network, kept: Iterable[IPv4Network]) -> bool:
    return any(block.subnet_of(one) for one in kept)


def _hub(inventory: Inventory, name: str) -> list[Owned]:
    blocks = peek(inventory.hubs[name], "blocks") or ()
    path = ("hubs", name, "blocks")
    return [(block, (*path, index), f"hub {name!r}") for index, block in readable(blocks)]


def _overlap(first: Owned, second: Owned, hint: str = "") -> Finding:
    message = f"{second[0]} of {second[2]} overlaps {first[0]} of {first[2]}"
    if (first[0], first[2]) == (second[0], second[2]):
        message = f"{second[0]} is duplicated in {second[2]}"
    return Finding(rule="F118", path=second[1], message=message, hint=hint)


def check_usable(block: IPv4Network, path: KeyPath, facts: Facts) -> Iterator[Finding]:
    """Yield what keeps a block from being one of a VPC: F119."""
    smallest = int(facts.parameter("block-longest-prefix-length"))
    if block.prefixlen > smallest:
        message = f"{block} is smaller than a /{smallest}, the smallest VPC block"
        yield Finding(rule="F119", path=path, message=message)
    for never in NEVER:
        if block.overlaps(never):
            message = f"{block} overlaps {never}, which no VPC can use"
            yield Finding(rule="F119", path=path, message=message)
            return


def _check_together(inventory: Inventory) -> Iterator[Finding]:
    """Yield pod pools that a VPC with a primary block of a node pool cannot have besides.

    Source:
        https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
    """
    for pod, path, _ in _pool(inventory, "pod"):
        for node, _, _ in _pool(inventory, "node"):
            reason = _apart(node, pod)
            if reason:
                yield Finding(
                    rule="F119",
                    path=path,
                    message=f"a VPC with a primary block of {node} cannot add {pod}: {reason}",
                    hint="take pods from 100.64.0.0/10",
                )
                break


def _apart(node: IPv4Network, pod: IPv4Network) -> str:
    homes = [private for private in PRIVATE if private.overlaps(node)]
    others = [private for private in PRIVATE if private not in homes and private.overlaps(pod)]
    if others:
        return f"AWS does not add blocks of {others[0]} to it"
    if homes and BENCHMARK.overlaps(pod):
        return f"AWS does not add blocks of {BENCHMARK} to it"
    if homes == [PRIVATE[1]] and DEFAULT_VPC.overlaps(pod):
        return f"AWS keeps {DEFAULT_VPC} for default VPCs"
    return ""


@as_far_as_readable
def _check_services(
    inventory: Inventory, pools: list[Owned], hubs: dict[str, list[Owned]], facts: Facts
) -> Iterator[Finding]:
    for name, cell_type in inventory.cell_types.items():
        block = peek(cell_type, "service_block")
        if block is not None:
            path = ("cell_types", name, "service_block")
            near = (owned for hub in sorted(_reached(inventory, name)) for owned in hubs[hub])
            ours: Owned = (block, path, f"the service block of cell type {name!r}")
            yield from _check_service(ours, (*pools, *near), facts)


def _reached(inventory: Inventory, cell_type: str) -> set[str]:
    """The hubs that cells of a type reach, as far as they can be read."""
    cells = (peek(inventory, "cells") or {}).values()
    used = {peek(cell, "mesh") for cell in cells if peek(cell, "type") == cell_type}
    meshes = [mesh for name, mesh in (peek(inventory, "meshes") or {}).items() if name in used]
    reached = {hub for mesh in meshes for _, hub in readable(peek(mesh, "hubs") or ())}
    return reached & set(peek(inventory, "hubs") or ())


def _check_service(ours: Owned, near: Iterable[Owned], facts: Facts) -> Iterator[Finding]:
    """Yield a service block that EKS refuses, or that hides an address which pods must reach.

    Source:
        https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html
    """
    block, path, _ = ours
    longest = int(facts.parameter("service-block-longest-prefix-length"))
    shortest = int(facts.parameter("service-block-shortest-prefix-length"))
    if not any(block.subnet_of(private) for private in PRIVATE):
        message = f"service_block must lie in {', '.join(map(str, PRIVATE))}, not {block}"
        yield Finding(rule="F119", path=path, message=message)
    if not shortest <= block.prefixlen <= longest:
        message = f"service_block must be a /{shortest} to a /{longest}, not {block}"
        yield Finding(rule="F119", path=path, message=message)
    for theirs in near:
        if block.overlaps(theirs[0]):
            yield _overlap(theirs, ours)
            break

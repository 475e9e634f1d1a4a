"""Blocks that people write: pools, hubs and the service block, apart from each other."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from factory.errors import Finding, KeyPath
from factory.facts.schema import Facts
from factory.inventory.overlaps import Owned, crossing, overlapping
from factory.inventory.schema import Inventory

PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))  # RFC 1918
NEVER = tuple(
    map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"))
)
BENCHMARK = IPv4Network("198.19.0.0/16")
DEFAULT_VPC = IPv4Network("172.31.0.0/16")


def check_blocks(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield blocks that overlap, and blocks that AWS does not take where they stand.

    `reserved` may overlap everything: it only says what no cell gets. Hubs must be apart from the
    pools, and from each other where one mesh reaches both.

    Rules:
        F118: blocks overlap.
        F119: a block that AWS does not take there.
    """
    pools = [*_pool(inventory, "node"), *_pool(inventory, "pod")]
    hubs = {name: _hub(inventory, name) for name in inventory.hubs}
    for first, second in overlapping(pools):
        yield _overlap(first, second)
    for first, second in crossing(pools, (owned for blocks in hubs.values() for owned in blocks)):
        yield _overlap(first, second, "a hub's blocks may be listed in address_pools.reserved")
    for names in sorted({tuple(sorted(set(mesh.hubs))) for mesh in inventory.meshes.values()}):
        for first, second in overlapping(owned for n in names for owned in hubs.get(n, ())):
            yield _overlap(first, second, "a cell cannot route the same block to both")
    for block, path, _ in (*pools, *(owned for name in hubs for owned in hubs[name])):
        yield from _check_usable(block, path, facts)
    yield from _check_together(inventory)
    yield from _check_services(inventory, pools, hubs, facts)


def _pool(inventory: Inventory, kind: str) -> list[Owned]:
    blocks: list[IPv4Network] = getattr(inventory.address_pools, kind)
    return [
        (block, ("address_pools", kind, index), f"the {kind} pool")
        for index, block in enumerate(blocks)
    ]


def _hub(inventory: Inventory, name: str) -> list[Owned]:
    return [
        (block, ("hubs", name, "blocks", index), f"hub {name!r}")
        for index, block in enumerate(inventory.hubs[name].blocks)
    ]


def _overlap(first: Owned, second: Owned, hint: str = "") -> Finding:
    message = f"{second[0]} of {second[2]} overlaps {first[0]} of {first[2]}"
    return Finding(rule="F118", path=second[1], message=message, hint=hint)


def _check_usable(block: IPv4Network, path: KeyPath, facts: Facts) -> Iterator[Finding]:
    smallest = int(facts.parameter("block-longest-prefix-length"))
    if block.prefixlen > smallest:
        message = f"{block} is smaller than a /{smallest}, the smallest block of a VPC"
        yield Finding(rule="F119", path=path, message=message)
    for never in NEVER:
        if block.overlaps(never):
            message = f"{block} overlaps {never}, which no VPC can have"
            yield Finding(rule="F119", path=path, message=message)
            return


def _check_together(inventory: Inventory) -> Iterator[Finding]:
    """Yield pod pools that a VPC with a primary block of a node pool cannot have besides.

    Source:
        https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
    """
    pools = inventory.address_pools
    for index, pod in enumerate(pools.pod):
        for node in pools.node:
            reason = _apart(node, pod)
            if reason:
                yield Finding(
                    rule="F119",
                    path=("address_pools", "pod", index),
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


def _check_services(
    inventory: Inventory, pools: list[Owned], hubs: dict[str, list[Owned]], facts: Facts
) -> Iterator[Finding]:
    """Yield service blocks that EKS refuses, or that hide an address which pods must reach.

    Source:
        https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html
    """
    longest = int(facts.parameter("service-block-longest-prefix-length"))
    shortest = int(facts.parameter("service-block-shortest-prefix-length"))
    for name, cell_type in inventory.cell_types.items():
        block, path = cell_type.service_block, ("cell_types", name, "service_block")
        if not any(block.subnet_of(private) for private in PRIVATE):
            message = f"service_block must lie in {', '.join(map(str, PRIVATE))}, not {block}"
            yield Finding(rule="F119", path=path, message=message)
        if not shortest <= block.prefixlen <= longest:
            message = f"service_block must be a /{shortest} to a /{longest}, not {block}"
            yield Finding(rule="F119", path=path, message=message)
        ours: Owned = (block, path, f"the service block of cell type {name!r}")
        used = {c.mesh for c in inventory.cells.values() if c.type == name}
        reached = {h for mesh in used & set(inventory.meshes) for h in inventory.meshes[mesh].hubs}
        near = (owned for hub in sorted(reached & set(hubs)) for owned in hubs[hub])
        for theirs in (*pools, *near):
            if block.overlaps(theirs[0]):
                yield _overlap(theirs, ours)
                break

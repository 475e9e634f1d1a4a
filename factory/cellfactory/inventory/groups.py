"""How many nodes a cell has, and how they are divided into EKS managed node groups.

A managed node group lies in one zone and holds a limited number of nodes: EKS has a quota
(L-BD136A63), and our policy `nodes-per-group` is smaller, so that a group that fails costs little.
Groups are filled one after the other, so that a pool which grows changes its last group and adds
new ones, and never renames or resizes the ones before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import CellType, NodeGroup
from cellfactory.naming import node_group_name

SECONDS_PER_MINUTE = 60


def nodes_per_zone(cell_type: CellType) -> int:
    """Count the nodes that all pools of a cell type declare in each zone (nodes)."""
    return sum(pool.nodes_per_zone for pool in cell_type.node_groups.values())


def declared_nodes(cell_type: CellType) -> int:
    """Count the nodes that a cell type declares in all its zones (nodes)."""
    return len(cell_type.zones) * nodes_per_zone(cell_type)


def group_size(facts: Facts) -> int:
    """Say how many nodes a full group has (nodes).

    Our policy, within what AWS allows everybody: a quota that is raised must not move a node.
    """
    quota = facts.quota("nodes-per-node-group").default
    return min(quota, round(facts.policy_value("nodes-per-group")))


def split_groups(nodes: int, size: int) -> tuple[int, ...]:
    """Divide the nodes of one pool and zone into groups of at most `size` nodes.

    Args:
        nodes: Nodes in the zone, 0 or more (nodes).
        size: Nodes that one managed node group may hold, 1 or more (nodes).

    Returns:
        Nodes of each group in the order of their names; all but the last are full.

    >>> split_groups(434, 450)
    (434,)
    >>> split_groups(1000, 450)
    (450, 450, 100)
    """
    if nodes < 0 or size < 1:
        msg = f"cannot divide {nodes} nodes into groups of {size}"
        raise ValueError(msg)
    full, rest = divmod(nodes, size)
    return (size,) * full + ((rest,) if rest else ())


def name_groups(
    pool: str, declared: NodeGroup, zones: Iterable[str], facts: Facts
) -> dict[str, tuple[str, int]]:
    """Name the groups of a pool, and say the zone and the nodes of each."""
    sizes = split_groups(declared.nodes_per_zone, group_size(facts))
    return {
        node_group_name(pool, zone, index): (zone, nodes)
        for zone in zones
        for index, nodes in enumerate(sizes)
    }


def unavailable_nodes(nodes: int, max_unavailable: int) -> int:
    """Say how many nodes of a group an update replaces at a time; never more than it has (nodes).

    Args:
        nodes: Nodes of the managed node group, 1 or more (nodes).
        max_unavailable: What the pool declares (nodes).
    """
    return min(max_unavailable, nodes)


def update_minutes(nodes: int, max_unavailable: int, facts: Facts) -> float:
    """Say how long EKS may take to update a group before it gives up, at most (minutes).

    Batch after batch of nodes is drained and waits a while; its successors have their time to join.

    Args:
        nodes: Nodes of the managed node group, 1 or more (nodes).
        max_unavailable: What the pool declares (nodes).
        facts: What EKS waits for.

    Source:
        https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
    """
    batches = ceil(nodes / unavailable_nodes(nodes, max_unavailable))
    join = facts.parameter("update-bootstrap-minutes")
    drain = facts.parameter("update-drain-minutes")
    settle = facts.parameter("update-settle-seconds") / SECONDS_PER_MINUTE
    return batches * (join + drain + settle)


def group_surge(nodes: int, max_unavailable: int, per_zone: int, zones: int = 1) -> int:
    """Count the nodes by which one managed node group grows while it is updated (nodes).

    Args:
        nodes: Nodes of the group, 1 or more (nodes).
        max_unavailable: What the pool declares (nodes).
        per_zone: Nodes for each of the group's zones that EKS adds at least.
        zones: Zones of the group.

    Source:
        https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html

    >>> group_surge(100, max_unavailable=20, per_zone=2)
    20
    >>> group_surge(3, max_unavailable=20, per_zone=2)
    3
    """
    return max(per_zone * zones, unavailable_nodes(nodes, max_unavailable))


def groups_surge(groups: Iterable[int], max_unavailable: int, per_zone: int) -> int:
    """Count the nodes by which groups of one zone grow while all are updated at once (nodes).

    Args:
        groups: Nodes of each group (nodes).
        max_unavailable: Nodes that an update of one group replaces at a time (nodes).
        per_zone: Nodes that EKS adds to a group at least.
    """
    return sum(group_surge(nodes, max_unavailable, per_zone) for nodes in groups)


def least_surge(facts: Facts) -> int:
    """Say by how many nodes EKS grows a group of one zone at least (nodes)."""
    return int(facts.parameter("update-surge-per-zone"))


def pool_surge(nodes: int, max_unavailable: int, facts: Facts) -> int:
    """Count the nodes by which a pool grows in one zone while all its groups are updated (nodes).

    Args:
        nodes: Nodes of the pool in the zone (nodes).
        max_unavailable: Nodes that an update of one group replaces at a time (nodes).
        facts: What AWS allows.
    """
    groups = split_groups(nodes, group_size(facts))
    return groups_surge(groups, max_unavailable, least_surge(facts))

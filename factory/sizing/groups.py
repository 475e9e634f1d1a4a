"""How a pool's nodes in one zone are divided into EKS managed node groups.

A managed node group holds a limited number of nodes: EKS has a quota (L-BD136A63), and our policy
`nodes-per-group` is smaller, so that one group that fails is a small loss. Groups are filled one
after the other, so that a pool which grows changes its last group and adds new ones, and never
renames or resizes the ones before it.
"""

from __future__ import annotations


def split_groups(nodes: int, quota: int) -> tuple[int, ...]:
    """Divide the nodes of one pool and zone into groups of at most `quota` nodes.

    Args:
        nodes: Nodes in the zone, 0 or more (nodes).
        quota: Nodes that one managed node group may hold, 1 or more (nodes).

    Returns:
        Nodes of each group in the order of `group_name`; all but the last are full.

    >>> split_groups(434, 450)
    (434,)
    >>> split_groups(1000, 450)
    (450, 450, 100)
    """
    if nodes < 0 or quota < 1:
        msg = f"cannot divide {nodes} nodes into groups of {quota}"
        raise ValueError(msg)
    full, rest = divmod(nodes, quota)
    return (quota,) * full + ((rest,) if rest else ())


def group_name(pool: str, zone: str, index: int) -> str:
    """Name the group at a position of `split_groups`; the first carries no number.

    >>> group_name("executor", "use1-az1", 0)
    'executor-use1-az1'
    >>> group_name("executor", "use1-az1", 1)
    'executor-use1-az1-2'
    """
    return f"{pool}-{zone}" if index == 0 else f"{pool}-{zone}-{index + 1}"

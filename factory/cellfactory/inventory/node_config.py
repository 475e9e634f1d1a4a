"""The configuration that a node reads when it starts, as nodeadm of Amazon Linux 2023 wants it.

It is made here and not beside the launch template, so that its length can be checked together
with everything else that an inventory can get wrong.
"""

from __future__ import annotations

import json

from cellfactory.facts.schema import ADDRESSES_PER_PREFIX, Facts
from cellfactory.inventory.schema import CellType, NodeGroup
from cellfactory.naming import cluster_name

_BOUNDARY = "CELLFACTORY"


def prefixes_per_node(cell_type: CellType, facts: Facts) -> int:
    """Count the /28 prefixes that a node gets: those declared, or as many as our policy says."""
    declared = cell_type.prefixes_per_node
    return int(facts.policy_value("prefixes-per-node")) if declared is None else declared


def pod_addresses_per_node(cell_type: CellType, facts: Facts) -> int:
    """Count the addresses that the prefixes of a node hold (addresses)."""
    return ADDRESSES_PER_PREFIX * prefixes_per_node(cell_type, facts)


def pods_per_node(cell_type: CellType, facts: Facts) -> int:
    """Count the pods that a node runs at most: those declared, or all its prefixes hold.

    An IPv6 prefix holds any number: such a node runs as many as one of IPv4 would by our policy.
    """
    return cell_type.max_pods or pod_addresses_per_node(cell_type, facts)


_REPELLING = ("NoSchedule", "NoExecute")


def is_open(group: NodeGroup) -> bool:
    """Tell whether pods that tolerate nothing, such as those of CoreDNS, may run on a group.

    Source:
        https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
    """
    return all(taint.effect not in _REPELLING for taint in group.taints)


def label_flag(group: NodeGroup) -> str:
    """Write a group's labels as the kubelet takes them; nothing where there are none."""
    labels = ",".join(f"{key}={value}" for key, value in sorted(group.labels.items()))
    return f"--node-labels={labels}" if labels else ""


def taint_flag(group: NodeGroup) -> str:
    """Write a group's taints as the kubelet takes them; nothing where there are none."""
    taints = ",".join(f"{t.key}={t.value}:{t.effect}" for t in group.taints)
    return f"--register-with-taints={taints}" if taints else ""


def render_node_config(
    cell: str,
    cell_type: CellType,
    group: NodeGroup,
    facts: Facts,
    *,
    endpoint: str,
    certificate: str,
    services: str | None = None,
) -> str:
    """Render the user data of a group's nodes (raw, not in base64).

    The number of pods is set twice: nodeadm reserves kubelet's memory by `maxPodsExpression`,
    kubelet obeys `maxPods`. Labels and taints are kubelet's own flags, because EKS would add
    them only after the node has joined. NVMe disks of the instance become one file system for
    images and for what pods write, which is where Spark shuffles; an instance without any is
    left as it is.

    Args:
        cell: name of the cell.
        cell_type: the cell's.
        group: one of its node groups.
        facts: our policy, for what the cell type leaves open.
        endpoint: the cluster's, or an expression or a stand-in for it.
        certificate: the cluster's, in base64; likewise.
        services: block of the cluster's IPv6 services, likewise, for EKS chooses it; that of the
            cell type when None. The node's own address is of the same family.

    Source:
        https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/doc/api.md
    """
    pods = pods_per_node(cell_type, facts)
    flags = [flag for flag in (label_flag(group), taint_flag(group)) if flag]
    config = {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {
            "cluster": {
                "name": cluster_name(cell),
                "apiServerEndpoint": endpoint,
                "certificateAuthority": certificate,
                "cidr": services or str(cell_type.service_block),
            },
            "instance": {"localStorage": {"strategy": "RAID0"}},
            "kubelet": {
                "maxPodsExpression": str(pods),
                "config": {"maxPods": pods},
                **({"flags": flags} if flags else {}),
            },
        },
    }
    lines = [
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"',
        "",
        f"--{_BOUNDARY}",
        "Content-Type: application/node.eks.aws",
        "",
        json.dumps(config, sort_keys=True),  # JSON is YAML, and has one way to write a value
        f"--{_BOUNDARY}--",
        "",
    ]
    return "\n".join(lines)

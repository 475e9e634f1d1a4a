"""The configuration that a node reads when it starts, as nodeadm of Amazon Linux 2023 wants it."""

from __future__ import annotations

import json

from factory.constructs.cell import CellSpec
from factory.inventory.schema import NodeGroup

_BOUNDARY = "CELLFACTORY"


def render_user_data(cell: CellSpec, group: NodeGroup) -> str:
    """Render a pool's user data as a Terraform expression of text (not yet base64).

    The number of pods is set twice: nodeadm reserves kubelet's memory by `maxPodsExpression`,
    kubelet obeys `maxPods`. Labels and taints are kubelet's own flags, because EKS would add
    them only after the node has joined.

    Source:
        https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/doc/api.md
    """
    flags = []
    if group.labels:
        labels = ",".join(f"{key}={value}" for key, value in sorted(group.labels.items()))
        flags.append(f"--node-labels={labels}")
    if group.taints:
        taints = ",".join(f"{t.key}={t.value}:{t.effect}" for t in group.taints)
        flags.append(f"--register-with-taints={taints}")
    config = {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {
            "cluster": {
                "name": cell.name,
                "apiServerEndpoint": "${aws_eks_cluster.cell.endpoint}",
                "certificateAuthority": "${aws_eks_cluster.cell.certificate_authority[0].data}",
                "cidr": str(cell.cell_type.service_block),
            },
            "kubelet": {
                "maxPodsExpression": str(cell.max_pods),
                "config": {"maxPods": cell.max_pods},
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
    # A JSON string is a Terraform string but for `%{`, which no value above can hold.
    return json.dumps("\n".join(lines))

"""A node's configuration as Terraform takes it, with what EKS makes up as expressions."""

from __future__ import annotations

import json

from factory.constructs.cell import CellSpec
from factory.inventory.node_config import render_node_config
from factory.inventory.schema import NodeGroup


def render_user_data(cell: CellSpec, group: NodeGroup) -> str:
    """Render a pool's user data as a Terraform expression of text (not yet base64)."""
    text = render_node_config(
        cell.name,
        cell.cell_type,
        group,
        endpoint="${aws_eks_cluster.cell.endpoint}",
        certificate="${aws_eks_cluster.cell.certificate_authority[0].data}",
    )
    # A JSON string is a Terraform string but for `%{`, which no value above can hold.
    return json.dumps(text)

"""What the layer `egress` is made of: the central way out of a mesh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cellfactory.inventory.schema import FlowLogs
from cellfactory.layers.leaf import Leaf, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressSpec:
    """The VPC that cells of a mesh reach the internet through."""

    name: Leaf  # of the mesh
    region: str
    account_id: Leaf  # twelve digits
    block: Leaf
    public: Mapping[str, Leaf]  # block of the NAT gateway's subnet, by zone id
    attachment: Mapping[str, Leaf]  # block of the attachment's subnet, by zone id
    attachments: Rows  # by the mesh's name: one, or none as long as nothing is attached
    back: Rows  # by cell: its routable block
    flow_logs: FlowLogs

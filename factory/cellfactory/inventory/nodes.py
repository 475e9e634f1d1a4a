"""Nodes and flow logs of a cell type, as `cells.yaml` says them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cellfactory.inventory import patterns
from cellfactory.inventory.values import LabelKey, LabelValue, Model


class Taint(Model):
    """A Kubernetes taint of every node in a group."""

    key: LabelKey = Field(description="Key.")
    value: LabelValue = Field(default="", description="Value.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = Field(description="Effect.")


class NodeGroup(Model):
    """A static pool of nodes: one EKS node group in each zone, split where EKS wants it."""

    instance_type: str = Field(
        pattern=patterns.INSTANCE_TYPE,
        max_length=40,
        description="EC2 instance type, such as r6gd.8xlarge.",
    )
    nodes_per_zone: int = Field(ge=1, le=5000, description="Nodes in each zone (nodes).")
    labels: dict[LabelKey, LabelValue] = Field(default={}, description="Kubernetes labels.")
    taints: list[Taint] = Field(default=[], description="Kubernetes taints.")
    capacity: Literal["on_demand", "spot"] = Field(
        default="on_demand", description="How the instances are bought."
    )
    root_volume_gib: int = Field(
        default=100, ge=20, le=16384, description="Size of the root volume, gp3 (GiB)."
    )
    max_unavailable: int = Field(
        default=1,
        ge=1,
        le=100,
        description="Nodes of each EKS group that an update replaces at a time (nodes).",
    )
    repair: bool = Field(
        default=True,
        description="EKS replaces a node that stays unhealthy; it stops by itself where more than "
        "a fifth of a group is.",
    )
    reservations: str | None = Field(
        default=None,
        pattern=patterns.RESOURCE_GROUP,
        description="Resource group of capacity reservations in the cell's account and Region "
        "that its instances are started from.",
    )


class FlowLogs(Model):
    """VPC flow logs, written to a bucket of the cell's account."""

    traffic: Literal["ACCEPT", "REJECT", "ALL"] = Field(
        default="REJECT", description="Which flows are written."
    )
    retention_days: int = Field(default=30, ge=1, le=3650, description="Kept for (days).")

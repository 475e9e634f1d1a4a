"""A few actions of IAM without which a layer cannot be applied: enough to tell a wrong role.

They are not all that a layer takes. Each stands for a family of calls that is granted together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cellfactory.layers.rows import Layer

MANAGEMENT_ACTIONS: tuple[str, ...] = (
    "organizations:CreateAccount",
    "organizations:DescribeAccount",
    "organizations:DescribeCreateAccountStatus",
    "organizations:ListParents",
    "organizations:MoveAccount",
    "organizations:TagResource",
)
"""What `account` takes of the provisioning role where an account is made."""

REGION_ACTIONS: tuple[str, ...] = ("account:EnableRegion", "account:GetRegionOptStatus")
"""What it takes on top where the account has to have a Region enabled."""

MEMBER_ACTIONS: Mapping[Layer, tuple[str, ...]] = {
    "network": (
        "ec2:CreateVpc",
        "ec2:CreateSubnet",
        "ec2:CreateSubnetCidrReservation",
        "ec2:CreateVpcEndpoint",
        "ec2:CreateFlowLogs",
        "s3:CreateBucket",
    ),
    "peering": ("ec2:CreateVpcPeeringConnection",),
    "accept": ("ec2:AcceptVpcPeeringConnection", "ec2:ModifyVpcPeeringConnectionOptions"),
    "routes": ("ec2:CreateRoute",),
    "cluster": (
        "eks:CreateCluster",
        "eks:CreateNodegroup",
        "eks:CreateAddon",
        "eks:CreateAccessEntry",
        "ec2:CreateLaunchTemplate",
        "elasticloadbalancing:CreateLoadBalancer",
        "iam:CreateRole",
        "iam:PassRole",
        "iam:CreateServiceLinkedRole",
        "kms:CreateKey",
    ),
}
"""What each layer takes of the member role; `platform` takes none of IAM, the cluster knows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a layer takes of IAM, and why."""

    sid: str
    reason: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, str | tuple[str, ...]]] = field(default_factory=dict)


def statements(layer: Layer) -> tuple[Statement, ...]:
    """What an apply of a layer takes."""
    actions = MANAGEMENT_ACTIONS if layer == "account" else MEMBER_ACTIONS.get(layer, ())
    if not actions:
        return ()
    services = dict.fromkeys(action.partition(":")[0] + ":*" for action in actions)
    made = Statement(
        sid=layer.title(), reason="all of it", actions=tuple(services), resources=("*",)
    )
    return (made,)


def read_statements(layer: Layer) -> tuple[Statement, ...]:
    """What a plan of a layer takes."""
    found = statements(layer)
    services = dict.fromkeys(a.partition(":")[0] for one in found for a in one.actions)
    reads = tuple(
        f"{service}:{verb}*" for service in services for verb in ("Describe", "Get", "List")
    )
    return (
        (
            Statement(
                sid=f"Read{layer.title()}", reason="all of it", actions=reads, resources=("*",)
            ),
        )
        if reads
        else ()
    )

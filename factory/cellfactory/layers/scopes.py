"""What each layer is made of, and how the things of a cell are told from those of others.

A policy binds an action to things by what AWS lets it be bound by: EC2's and KMS's by the tags that
every resource of ours has, those of other services by their names, which begin with the cell's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cellfactory.layers.rows import ROWS, Layer
from cellfactory.naming import (
    balancer_name,
    control_plane_log_group,
    event_log_bucket,
    flow_log_bucket,
    key_alias,
    owner_tag,
    role_name,
    short_name,
)

ANY = "*"

_PRIVATE_BUCKET = (
    *("aws_s3_bucket", "aws_s3_bucket_lifecycle_configuration"),
    *("aws_s3_bucket_ownership_controls", "aws_s3_bucket_policy"),
    *("aws_s3_bucket_public_access_block", "aws_s3_bucket_server_side_encryption_configuration"),
)

TYPES: Mapping[Layer, tuple[str, ...]] = {
    "account": ("aws_account_region", "aws_organizations_account"),
    "network": (
        *("aws_cloudwatch_log_group", "aws_default_route_table", "aws_default_security_group"),
        *("aws_ec2_subnet_cidr_reservation", "aws_egress_only_internet_gateway", "aws_eip"),
        *("aws_flow_log", "aws_internet_gateway"),
        *("aws_nat_gateway", "aws_route", "aws_route_table", "aws_route_table_association"),
        *_PRIVATE_BUCKET,
        *("aws_security_group", "aws_subnet", "aws_vpc", "aws_vpc_endpoint"),
        "aws_vpc_ipv4_cidr_block_association",
        *("aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule"),
        *("command.look", "command.orphans", "command.wait"),
    ),
    "gateway": (
        *("aws_ec2_transit_gateway", "aws_ram_principal_association"),
        *("aws_ram_resource_association", "aws_ram_resource_share", "command.orphans"),
    ),
    "egress": (
        *("aws_default_route_table", "aws_default_security_group"),
        *("aws_ec2_transit_gateway_vpc_attachment", "aws_eip", "aws_flow_log"),
        *("aws_internet_gateway", "aws_nat_gateway", "aws_route", "aws_route_table"),
        *("aws_route_table_association", *_PRIVATE_BUCKET, "aws_subnet", "aws_vpc"),
        "command.orphans",
    ),
    "peering": ("aws_vpc_peering_connection",),
    "accept": ("aws_vpc_peering_connection_accepter", "aws_vpc_peering_connection_options"),
    "transit": ("aws_ec2_transit_gateway_vpc_attachment", "aws_ram_resource_share_accepter"),
    "link": ("aws_ec2_transit_gateway_peering_attachment",),
    "linked": ("aws_ec2_transit_gateway_peering_attachment_accepter",),
    "segments": (
        *("aws_ec2_transit_gateway_route", "aws_ec2_transit_gateway_route_table"),
        *("aws_ec2_transit_gateway_route_table_association",),
        *("aws_ec2_transit_gateway_vpc_attachment_accepter",),
    ),
    "routes": (
        *("aws_route", "aws_vpc_peering_connection_options"),
        *("data.aws_vpc_peering_connection",),
    ),
    "cluster": (
        *("aws_autoscaling_attachment", "aws_eks_access_entry"),
        *("aws_eks_access_policy_association", "aws_eks_addon", "aws_eks_cluster"),
        *("aws_eks_node_group", "aws_eks_pod_identity_association", "aws_iam_role"),
        *("aws_iam_role_policy", "aws_iam_role_policy_attachment", "aws_kms_alias"),
        *("aws_kms_key", "aws_launch_template", "aws_lb", "aws_lb_listener"),
        *_PRIVATE_BUCKET,
        *("aws_lb_target_group", "aws_s3_object"),
        *("command.health", "data.aws_ami"),
    ),
    "platform": ("command.charts", "command.hubs"),
}
"""Every resource type and data source that a layer can hold; a test holds it against `synth`.

What begins with `command.` is no type: it stands for what our own commands ask for the layer.
"""

ADOPTED: Mapping[str, str] = {
    "aws_ec2_transit_gateway_peering_attachment_accepter": "transit-gateway-attachment",
    "aws_ec2_transit_gateway_vpc_attachment_accepter": "transit-gateway-attachment",
    "aws_default_route_table": "route-table",
    "aws_default_security_group": "security-group",
    "aws_vpc_peering_connection_accepter": "vpc-peering-connection",
}
"""Types whose things AWS or a peer made, and what they are to EC2: untagged until we tag them."""

OF_OTHERS: Mapping[Layer, tuple[str, ...]] = {"transit": ("resource-share", "transit-gateway")}
"""What a layer uses of another account's: the tags that it has there are seen nowhere else."""

ROLE_USES = (
    *("cluster", "node", "vpc-cni", "ebs-csi-controller-sa", "cloudwatch-agent"),
    *("spark-history", "spark-job-*"),
)
"""What the IAM roles of a cell are for; names end so."""

MANAGED_POLICIES = tuple(
    f"arn:aws:iam::aws:policy/{name}"
    for name in (
        *("AmazonEC2ContainerRegistryPullOnly", "AmazonEKSClusterPolicy"),
        *("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonSSMManagedInstanceCore"),
        *("CloudWatchAgentServerPolicy", "service-role/AmazonEBSCSIDriverPolicy"),
    )
)
"""What the roles of services get attached; a test holds it against `synth`."""

TOO_MUCH = (
    *("arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/IAMFullAccess"),
    *("arn:aws:iam::aws:policy/PowerUserAccess", "arn:aws:iam::aws:policy/job-function/*"),
)
"""What no job may get."""

_BUCKETS: Mapping[Layer, str] = {
    "network": flow_log_bucket("{cell}", ANY),
    "egress": flow_log_bucket("{cell}", ANY),
    "cluster": event_log_bucket("{cell}", ANY),
}
_CLUSTER, _BALANCER = "arn:aws:eks:*:*", "arn:aws:elasticloadbalancing:*:*"
_LOGS = f"arn:aws:logs:*:*:log-group:{control_plane_log_group('{cell}')}"

KINDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "autoscaling": {"autoScalingGroup": ("arn:aws:autoscaling:*:*:autoScalingGroup:*",)},
    "ec2": {
        kind: (f"arn:aws:ec2:*:*:{kind}/*",)
        for kind in (
            *("egress-only-internet-gateway", "elastic-ip", "image", "instance"),
            *("internet-gateway", "launch-template"),
            *("natgateway", "network-interface", "route-table", "security-group"),
            *("security-group-rule", "subnet", "transit-gateway", "transit-gateway-attachment"),
            *("transit-gateway-route-table", "volume", "vpc", "vpc-endpoint"),
            *("vpc-flow-log", "vpc-peering-connection"),
        )
    },
    "ecr": {"repository": ("arn:aws:ecr:*:*:repository/*",)},
    "eks": {
        "access-entry": (f"{_CLUSTER}:access-entry/{{cell}}/*",),
        "addon": (f"{_CLUSTER}:addon/{{cell}}/*",),
        "cluster": (f"{_CLUSTER}:cluster/{{cell}}",),
        "nodegroup": (f"{_CLUSTER}:nodegroup/{{cell}}/*",),
        "podidentityassociation": (f"{_CLUSTER}:podidentityassociation/{{cell}}/*",),
    },
    "elasticloadbalancing": {
        "listener/net": (f"{_BALANCER}:listener/net/{balancer_name('{cell}')}/*",),
        "loadbalancer": (f"{_BALANCER}:loadbalancer/net/{balancer_name('{cell}')}/*",),
        "loadbalancer/net": (f"{_BALANCER}:loadbalancer/net/{balancer_name('{cell}')}/*",),
        "targetgroup": (
            f"{_BALANCER}:targetgroup/{balancer_name('{cell}')}/*",
            f"{_BALANCER}:targetgroup/{{short}}-3????/*",  # with a node port that is not the usual
        ),
    },
    "iam": {
        "role": tuple(f"arn:aws:iam::*:role/{role_name('{cell}', use)}" for use in ROLE_USES),
    },
    "kms": {
        "alias": (f"arn:aws:kms:*:*:{key_alias('{cell}')}",),
        "key": ("arn:aws:kms:*:*:key/*",),
    },
    "logs": {"log-group": (_LOGS, f"{_LOGS}:*")},
    "ram": {
        kind: (f"arn:aws:ram:*:*:{kind}/*",)
        for kind in ("resource-share", "resource-share-invitation")
    },
    "s3": {
        "bucket": ("arn:aws:s3:::{bucket}",),
        "object": ("arn:aws:s3:::{bucket}/*",),
    },
}
"""By service and kind, as the Service Authorization Reference calls them: the ARNs of a cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What statements are for."""

    layer: Layer
    cell: str  # the name of the owner, a cell or a mesh, or `*` for every one
    region: str = ANY  # where the owner lies, or `*` for everywhere
    sharers: tuple[str, ...] = ()  # accounts whose shares are taken up; none: anybody's

    @property
    def owner_tag(self) -> str:
        """The tag that says whose something is: of a cell or of a mesh."""
        return owner_tag(ROWS[self.layer].owner)

    def sid(self, what: str) -> str:
        """Name a statement of the layer."""
        return f"{self.layer.title()}{what}"

    def arns(self, service: str, kind: str) -> Iterator[str]:
        """Yield the ARNs of one kind of thing."""
        bucket = _BUCKETS.get(self.layer, "").replace("{cell}", self.cell)
        for pattern in KINDS[service][kind]:
            named = pattern.replace("{bucket}", bucket).replace("{short}", short_name(self.cell))
            yield named.replace("{cell}", self.cell)

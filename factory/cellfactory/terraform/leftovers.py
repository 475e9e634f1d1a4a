"""What Terraform did not make and what keeps a network from being destroyed.

Once its cluster is gone, nobody works in the VPC of a cell any more, and yet things lie there that
others made: interfaces that the VPC CNI had detached and not yet deleted when their instance went,
the security group of the cluster which they hold, the endpoint and group that GuardDuty puts into
each VPC, load balancers and groups of controllers. EC2 then refuses to delete a subnet, a group or
the VPC, and the provider asks again for twenty minutes.

Each is told by what its maker writes on it. What cannot be told so is a stranger: it is named and
never touched.

Source:
    https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/awsutils/awsutils.go
    https://github.com/aws/amazon-vpc-resource-controller-k8s/blob/master/pkg/config/type.go
    https://github.com/hashicorp/terraform-provider-aws/pull/46953
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/
    https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cellfactory.naming import TAG_STACK

Kind = Literal[
    "load balancer", "classic load balancer", "VPC endpoint", "network interface", "security group"
]
"""In the order in which they can be deleted: each may be held by those before it."""

CLUSTER = "EKS cluster"
"""The kind of what stands in a VPC in which nothing is a leftover yet."""

Row = Mapping[str, Any]
"""What a describe call of AWS answers of one thing."""

CNI_PREFIXES = ("aws-K8S-", "aws-k8s-")  # descriptions of the VPC CNI, and of EKS for its pods
CNI_OWNERS = frozenset({"amazon-vpc-cni", "eks-vpc-resource-controller"})
OWNER_TAG, INSTANCE_TAG = "eks:eni:owner", "node.k8s.amazonaws.com/instance_id"
CLUSTER_TAGS = ("cluster.k8s.amazonaws.com/name", "aws:eks:cluster-name", "elbv2.k8s.aws/cluster")
OWNED_PREFIX, OWNED = "kubernetes.io/cluster/", "owned"
GUARDDUTY_TAG = "GuardDutyManaged"
GUARDDUTY_SERVICES = (".guardduty-data", ".guardduty-data-fips")
GUARDDUTY_GROUP, CLUSTER_GROUP = "GuardDutyManagedSecurityGroup-", "eks-cluster-sg-"
OF_OTHERS = frozenset({"vpc_endpoint", "nat_gateway", "network_load_balancer", "load_balancer"})
"""Interfaces that go with what they belong to, which is looked at in their place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A VPC that is to be destroyed."""

    vpc: str
    cluster: str  # the name that the cell's own cluster had


@dataclass(frozen=True, slots=True, order=True)
class Leftover:
    """Something that Terraform did not make and that lies in a VPC."""

    kind: str  # one of `Kind`, or what else a stranger is
    id: str
    told: str  # who made it, as far as is known
    certain: bool = True  # whether nobody can miss it; a stranger is never touched

    def __str__(self) -> str:
        return f"{self.kind} {self.id} ({self.told})"


def interface(row: Row, place: Place) -> Leftover | None:
    """Tell what an interface is; None for one that goes with something else.

    It is a leftover when no instance has it, and the CNI made it for the cell's cluster.
    """
    if row["VpcId"] != place.vpc or row.get("InterfaceType") in OF_OTHERS:
        return None
    tags, described = tags_of(row), str(row.get("Description") or "")
    by_cni = described.startswith(CNI_PREFIXES) and (
        tags.get(OWNER_TAG) in CNI_OWNERS or INSTANCE_TAG in tags
    )
    is_free = row.get("Status") == "available" and not row.get("Attachment")
    certain = by_cni and is_free and _is_of(tags, place)
    told = f"{described or 'no description'}, {row.get('Status')}"
    kind: Kind = "network interface"
    return Leftover(
        kind, row["NetworkInterfaceId"], f"VPC CNI: {told}" if by_cni else told, certain
    )


def endpoint(row: Row, place: Place) -> Leftover | None:
    """Tell what an endpoint is; None for one of ours, and for one that is going."""
    if row["VpcId"] != place.vpc or str(row.get("State", "")).lower() in ("deleting", "deleted"):
        return None
    tags, service = tags_of(row), str(row["ServiceName"])
    if TAG_STACK in tags:
        return None
    certain = tags.get(GUARDDUTY_TAG) == "true" and service.endswith(GUARDDUTY_SERVICES)
    told = f"GuardDuty: {service}" if certain else service
    return Leftover("VPC endpoint", row["VpcEndpointId"], told, certain)


def group(row: Row, place: Place) -> Leftover | None:
    """Tell what a security group is; None for ours, and the default one."""
    tags, name = tags_of(row), str(row["GroupName"])
    if row.get("VpcId") != place.vpc or name == "default" or TAG_STACK in tags:
        return None
    guards = tags.get(GUARDDUTY_TAG) == "true" and name.startswith(GUARDDUTY_GROUP)
    by_eks = name.startswith(CLUSTER_GROUP) and tags.get("aws:eks:cluster-name") == place.cluster
    by_controller = _is_marked(tags) and _is_of(tags, place) and not by_eks
    makers = {"GuardDuty": guards, "EKS": by_eks, "a controller of the cluster": by_controller}
    maker = next((who for who, made in makers.items() if made), "")
    told = f"{maker}: {name}" if maker else name
    return Leftover("security group", row["GroupId"], told, bool(maker))


def balancer(row: Row, tags: Mapping[str, str], place: Place) -> Leftover | None:
    """Tell what a load balancer is, of either generation; None for one of ours."""
    if row.get("VpcId", row.get("VPCId")) != place.vpc or TAG_STACK in tags:
        return None
    certain = _is_marked(tags) and _is_of(tags, place)
    name = str(row["LoadBalancerName"])
    told = f"a controller of the cluster: {name}" if certain else name
    kind: Kind = "load balancer" if "LoadBalancerArn" in row else "classic load balancer"
    return Leftover(kind, row.get("LoadBalancerArn", name), told, certain)


def tags_of(row: Row) -> dict[str, str]:
    """The tags of what a describe call answers, by key."""
    return {one["Key"]: one["Value"] for one in row.get("TagSet", row.get("Tags")) or ()}


def _is_marked(tags: Mapping[str, str]) -> bool:
    return any(_clusters(tags))


def _is_of(tags: Mapping[str, str], place: Place) -> bool:
    """Whether nothing says that it was made for another cluster than the cell's."""
    return set(_clusters(tags)) <= {place.cluster}


def _clusters(tags: Mapping[str, str]) -> Iterator[str]:
    """Yield the clusters that tags name."""
    yield from (tags[key] for key in CLUSTER_TAGS if key in tags)
    for key, value in tags.items():
        if key.startswith(OWNED_PREFIX) and value == OWNED:
            yield key.removeprefix(OWNED_PREFIX)


def in_order(found: Collection[Leftover]) -> list[Leftover]:
    """Sort what was found: as it can be deleted, what is certain first."""
    kinds = ("load balancer", "classic load balancer", "VPC endpoint", "network interface")
    rank = {kind: number for number, kind in enumerate(kinds)}
    return sorted(found, key=lambda one: (not one.certain, rank.get(one.kind, len(rank)), one.id))

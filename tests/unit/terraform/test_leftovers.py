"""What lies in the VPC of a cell: what is certainly a leftover, and what is a stranger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cellfactory.terraform.leftovers import (
    Leftover,
    Place,
    balancer,
    endpoint,
    group,
    in_order,
    interface,
)

PLACE = Place(vpc="vpc-1", cluster="alpha")
OURS = {"cellfactory:stack": "alpha-network"}
LEAKED = {
    "eks:eni:owner": "amazon-vpc-cni",
    "node.k8s.amazonaws.com/instance_id": "i-0123",
    "node.k8s.amazonaws.com/createdAt": "2026-11-28T09:00:00Z",
    "cluster.k8s.amazonaws.com/name": "alpha",
}
BRANCH = {"eks:eni:owner": "eks-vpc-resource-controller", "kubernetes.io/cluster/alpha": "owned"}


def tagged(tags: dict[str, str], key: str = "Tags") -> dict[str, Any]:
    return {key: [{"Key": k, "Value": v} for k, v in tags.items()]}


def eni(tags: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    row = {
        "NetworkInterfaceId": "eni-1",
        "VpcId": "vpc-1",
        "Status": "available",
        "InterfaceType": "interface",
        "Description": "aws-K8S-i-0123",
        **tagged(LEAKED if tags is None else tags, "TagSet"),
    }
    return {**row, **changes}


def certain(found: Leftover | None) -> bool | None:
    """True for a leftover, False for a stranger, None for what is of no concern."""
    return None if found is None else found.certain


@pytest.mark.parametrize(
    ("row", "is_one"),
    [
        (eni(), True),
        (eni({"node.k8s.amazonaws.com/instance_id": "i-0123"}), True),  # of a CNI before 1.8
        (eni(BRANCH, Description="aws-k8s-branch-eni"), True),
        (eni(Status="in-use"), False),
        (eni(Attachment={"InstanceId": "i-0123", "Status": "detaching"}), False),
        (eni({**LEAKED, "cluster.k8s.amazonaws.com/name": "beta"}), False),
        (eni({**BRANCH, "kubernetes.io/cluster/beta": "owned"}, Description="aws-k8s-x"), False),
        (eni({}), False),  # a name that anybody can give
        (eni(Description="my own"), False),
        (eni({}, Description="AWS Lambda VPC ENI-x"), False),
        (eni(VpcId="vpc-2"), None),
        (eni({}, Description="VPC Endpoint Interface vpce-1", InterfaceType="vpc_endpoint"), None),
        (eni({}, Description="Interface for NAT Gateway", InterfaceType="nat_gateway"), None),
        (eni({}, Description="ELB net/x", InterfaceType="network_load_balancer"), None),
    ],
)
def test_an_interface_is_a_leftover_when_the_cni_made_it_and_nobody_has_it(
    row: dict[str, Any], is_one: bool | None
) -> None:
    assert certain(interface(row, PLACE)) is is_one


def vpce(tags: dict[str, str], service: str = "guardduty-data", **changes: Any) -> dict[str, Any]:
    row = {
        "VpcEndpointId": "vpce-1",
        "VpcId": "vpc-1",
        "ServiceName": f"com.amazonaws.us-east-1.{service}",
        "State": "available",
        **tagged(tags),
    }
    return {**row, **changes}


@pytest.mark.parametrize(
    ("row", "is_one"),
    [
        (vpce({"GuardDutyManaged": "true"}), True),
        (vpce({"GuardDutyManaged": "true"}, "guardduty-data-fips"), True),
        (vpce({"GuardDutyManaged": "true"}, VpcId="vpc-2"), None),
        (vpce({"GuardDutyManaged": "true"}, State="deleting"), None),
        (vpce({"GuardDutyManaged": "false"}), False),
        (vpce({}), False),
        (vpce({"GuardDutyManaged": "true"}, "ecr.api"), False),
        (vpce(OURS, "ecr.api"), None),
        (vpce(OURS), None),
    ],
)
def test_of_endpoints_the_one_of_guardduty_is_a_leftover(
    row: dict[str, Any], is_one: bool | None
) -> None:
    assert certain(endpoint(row, PLACE)) is is_one


def sg(name: str, tags: dict[str, str], vpc: str = "vpc-1") -> dict[str, Any]:
    return {"GroupId": "sg-1", "GroupName": name, "VpcId": vpc, **tagged(tags)}


@pytest.mark.parametrize(
    ("row", "is_one"),
    [
        (sg("GuardDutyManagedSecurityGroup-vpc-1", {"GuardDutyManaged": "true"}), True),
        (sg("eks-cluster-sg-alpha-77", {"aws:eks:cluster-name": "alpha"}), True),
        (sg("k8s-traffic-alpha-1", {"elbv2.k8s.aws/cluster": "alpha"}), True),
        (sg("k8s-elb-a1", {"kubernetes.io/cluster/alpha": "owned"}), True),
        (sg("eks-cluster-sg-beta-77", {"aws:eks:cluster-name": "beta"}), False),
        (sg("k8s-elb-a1", {"kubernetes.io/cluster/alpha": "shared"}), False),
        (sg("k8s-traffic-x", {"elbv2.k8s.aws/cluster": "alpha"}, "vpc-2"), None),
        (sg("GuardDutyManagedSecurityGroup-vpc-1", {}), False),
        (sg("somebody's", {}), False),
        (sg("alpha-nodes", OURS), None),
        (sg("default", {}), None),
    ],
)
def test_a_group_is_a_leftover_when_its_maker_says_so(
    row: dict[str, Any], is_one: bool | None
) -> None:
    assert certain(group(row, PLACE)) is is_one


NEW = {"LoadBalancerArn": "arn:x", "LoadBalancerName": "k8s-x", "VpcId": "vpc-1"}
OLD = {"LoadBalancerName": "a1b2", "VPCId": "vpc-1"}


@pytest.mark.parametrize(
    ("row", "tags", "is_one"),
    [
        (NEW, {"elbv2.k8s.aws/cluster": "alpha"}, True),
        (OLD, {"kubernetes.io/cluster/alpha": "owned"}, True),
        (NEW, {"elbv2.k8s.aws/cluster": "beta"}, False),
        (NEW, {}, False),
        (NEW, OURS, None),
        ({**OLD, "VPCId": "vpc-2"}, {"kubernetes.io/cluster/alpha": "owned"}, None),
    ],
)
def test_a_load_balancer_is_a_leftover_when_a_controller_of_the_cluster_made_it(
    row: dict[str, Any], tags: dict[str, str], is_one: bool | None
) -> None:
    assert certain(balancer(row, tags, PLACE)) is is_one


def test_what_holds_others_goes_first_and_strangers_come_last() -> None:
    made: list[Callable[[], Leftover | None]] = [
        lambda: group(sg("eks-cluster-sg-a", {"aws:eks:cluster-name": "alpha"}), PLACE),
        lambda: interface(eni({}), PLACE),
        lambda: interface(eni(), PLACE),
        lambda: endpoint(vpce({"GuardDutyManaged": "true"}), PLACE),
        lambda: balancer(NEW, {"elbv2.k8s.aws/cluster": "alpha"}, PLACE),
    ]
    found = [one for make in made if (one := make())]
    assert [(one.kind, one.certain) for one in in_order(found)] == [
        ("load balancer", True),
        ("VPC endpoint", True),
        ("network interface", True),
        ("security group", True),
        ("network interface", False),
    ]
    assert str(in_order(found)[2]) == (
        "network interface eni-1 (VPC CNI: aws-K8S-i-0123, available)"
    )

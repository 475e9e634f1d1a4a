"""Looks for what lies in a VPC that Terraform did not make, with the credentials of its cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cellfactory.credentials import Session
from cellfactory.terraform.leftovers import (
    CLUSTER,
    Leftover,
    Place,
    balancer,
    endpoint,
    group,
    in_order,
    interface,
    tags_of,
)

TAGS_AT_A_TIME = 20  # load balancers, of which DescribeTags takes no more


def find_vpc(session: Session, region: str, tags: Mapping[str, str]) -> str | None:
    """Find the one VPC that bears tags; None when there is none, or several."""
    ec2 = session.client("ec2", region_name=region)
    wanted = [{"Name": f"tag:{key}", "Values": [value]} for key, value in tags.items()]
    found = ec2.describe_vpcs(Filters=wanted)["Vpcs"]
    return str(found[0]["VpcId"]) if len(found) == 1 else None


def look(session: Session, region: str, place: Place) -> list[Leftover]:
    """List what lies in a VPC and is not Terraform's, in the order in which it can be deleted.

    While a cluster lies in the VPC nothing is a leftover: only that cluster is told, as a stranger.

    Args:
        session: in the account of the cell.
        region: where it lies.
        place: the VPC.
    """
    standing = list(_clusters(session, region, place))
    if standing:
        return standing
    ec2 = session.client("ec2", region_name=region)
    here = {"Filters": [{"Name": "vpc-id", "Values": [place.vpc]}]}
    found = [
        *_balancers(session, region, place),
        *(endpoint(row, place) for row in _pages(ec2, "describe_vpc_endpoints", **here)),
        *(interface(row, place) for row in _pages(ec2, "describe_network_interfaces", **here)),
        *(group(row, place) for row in _pages(ec2, "describe_security_groups", **here)),
    ]
    return in_order([one for one in found if one is not None])


def _clusters(session: Session, region: str, place: Place) -> Iterator[Leftover]:
    eks = session.client("eks", region_name=region)
    for name in _pages(eks, "list_clusters"):
        config = eks.describe_cluster(name=name)["cluster"]["resourcesVpcConfig"]
        if config.get("vpcId") == place.vpc:
            yield Leftover(CLUSTER, name, "it lies in the VPC", certain=False)


def _balancers(session: Session, region: str, place: Place) -> Iterator[Leftover | None]:
    """Yield load balancers of both generations; only those of the VPC are asked for their tags."""
    new = session.client("elbv2", region_name=region)
    rows = [r for r in _pages(new, "describe_load_balancers") if r.get("VpcId") == place.vpc]
    tags = _tags(new, "ResourceArns", "ResourceArn", [row["LoadBalancerArn"] for row in rows])
    yield from (balancer(row, tags.get(row["LoadBalancerArn"], {}), place) for row in rows)
    old = session.client("elb", region_name=region)
    rows = [r for r in _pages(old, "describe_load_balancers") if r.get("VPCId") == place.vpc]
    names = [row["LoadBalancerName"] for row in rows]
    tags = _tags(old, "LoadBalancerNames", "LoadBalancerName", names)
    yield from (balancer(row, tags.get(row["LoadBalancerName"], {}), place) for row in rows)


def _tags(client: Any, asked: str, told: str, names: Sequence[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for start in range(0, len(names), TAGS_AT_A_TIME):
        answer = client.describe_tags(**{asked: list(names[start : start + TAGS_AT_A_TIME])})
        found |= {row[told]: tags_of(row) for row in answer["TagDescriptions"]}
    return found


def _pages(client: Any, operation: str, **asked: Any) -> Iterator[Any]:
    """Yield what a describe or list call answers, over all of its pages."""
    paginator = client.get_paginator(operation)
    (key,) = (key.expression for key in paginator.result_keys)
    for page in paginator.paginate(**asked):
        yield from page[key]

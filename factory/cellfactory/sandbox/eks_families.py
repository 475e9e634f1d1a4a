"""The IP family of a cluster: what EKS asks of its subnets, and the services that it gives.

Source:
    https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html
    https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from cellfactory.sandbox.dual_stack import block_of_subnet
from cellfactory.sandbox.eks_errors import invalid

Document = dict[str, Any]


def service_network(asked: Document) -> Document:
    """Say what services of a new cluster have; EKS chooses the block of IPv6 services."""
    service: Document = {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"}
    if asked.get("ipFamily") == "ipv6":
        if asked.get("serviceIpv4Cidr"):
            message = "serviceIpv4Cidr cannot be specified when ipFamily is ipv6"
            raise invalid(message)
        digits = uuid4().hex
        service = {"serviceIpv6Cidr": f"fd{digits[:2]}:{digits[2:6]}:{digits[6:10]}::/108"}
    return {**service, "elasticLoadBalancing": {"enabled": False}, **asked}


def require_dual_stack(subnets: list[Any]) -> None:
    """Refuse subnets without an IPv6 block."""
    for subnet in subnets:
        if block_of_subnet(subnet) is None:
            message = f"Subnet {subnet.id} has no IPv6 CIDR block, which ipFamily ipv6 needs"
            raise invalid(message)


def require_assigned(subnets: list[Any]) -> None:
    """Refuse subnets that give the nodes of an IPv6 cluster no address."""
    for subnet in subnets:
        if str(subnet.assign_ipv6_address_on_creation).lower() != "true":
            message = f"Subnet {subnet.id} does not assign IPv6 addresses on creation"
            raise invalid(message)

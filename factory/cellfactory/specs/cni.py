"""How the VPC CNI of a cell is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def cni_environment(pod_addresses_per_node: int, interfaces: int) -> Mapping[str, str]:
    """The VPC CNI's settings for a node that holds a fixed number of addresses and never more.

    MINIMUM_IP_TARGET makes a node attach all its prefixes while it starts; WARM_IP_TARGET=0
    counts as set and outranks WARM_PREFIX_TARGET, so that nothing is attached or freed later;
    MAX_ENI keeps even a node without prefix delegation to as few pod interfaces as it needs.

    Args:
        pod_addresses_per_node: what the prefixes of a node hold (addresses).
        interfaces: what the CNI may use, the primary one included (interfaces).

    Source:
        https://github.com/aws/amazon-vpc-cni-k8s/blob/master/README.md
    """
    return {
        "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true",
        "AWS_VPC_K8S_CNI_EXTERNALSNAT": "false",
        "ENABLE_PREFIX_DELEGATION": "true",
        "ENI_CONFIG_LABEL_DEF": "topology.kubernetes.io/zone",
        "MAX_ENI": str(interfaces),
        "MINIMUM_IP_TARGET": str(pod_addresses_per_node),
        "WARM_IP_TARGET": "0",
        "WARM_PREFIX_TARGET": "1",
    }


def ipv6_environment() -> Mapping[str, str]:
    """The VPC CNI's settings for a node whose pods have addresses of one IPv6 prefix.

    It is attached to the primary interface once, while the node starts; there are no targets, no
    further interfaces and no ENIConfigs. Pods reach IPv4 from the node's own address.

    Source:
        https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html
        https://github.com/aws/amazon-vpc-cni-k8s/blob/b5218838/README.md
    """
    return {
        "ENABLE_IPv4": "false",
        "ENABLE_IPv6": "true",
        "ENABLE_PREFIX_DELEGATION": "true",
        "ENABLE_V4_EGRESS": "true",
    }


def cni_settings(environment: Mapping[str, str]) -> Mapping[str, Any]:
    """What a cell asks of the VPC CNI; `enableNetworkPolicy` is text in the add-on's schema.

    Without it, network policies are stored and nobody enforces them.

    Source:
        https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html
    """
    return {"enableNetworkPolicy": "true", "env": environment}

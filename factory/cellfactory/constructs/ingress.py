"""The static way in: one internal network load balancer for all jobs of a cell.

Its targets are the nodes of one pool, which join the target group as their Auto Scaling group
starts them. A job that starts or ends changes nothing here.
"""

from __future__ import annotations

from cellfactory.constructs.cdk import (
    AutoscalingAttachment,
    Lb,
    LbListener,
    LbListenerDefaultAction,
    LbTargetGroup,
    LbTargetGroupHealthCheck,
    TerraformStack,
)
from cellfactory.constructs.guards import replaced_before
from cellfactory.inventory.spark import Ingress
from cellfactory.naming import balancer_name
from cellfactory.specs.layers import ClusterSpec

_DEREGISTRATION_SECONDS = 60


def add_ingress(stack: TerraformStack, cell: ClusterSpec, ingress: Ingress, vpc_id: str) -> str:
    """Add the load balancer, its target group, and the nodes that answer; its name in the DNS.

    Where services have IPv6 addresses, nodes answer on theirs alone; callers still use IPv4.
    """
    is_ipv6 = cell.service_block is None
    balancer = Lb(
        stack,
        "ingress",
        name=balancer_name(cell.name),
        load_balancer_type="network",
        internal=True,
        ip_address_type="dualstack" if is_ipv6 else None,
        enable_cross_zone_load_balancing=True,
        security_groups=['${var.security_group_ids["ingress"]}'],
        subnets=[f'${{var.endpoint_subnet_ids["{zone}"]}}' for zone in cell.zones],
    )
    target_group = LbTargetGroup(
        stack,
        "ingress-targets",
        name=cell.target_group,
        port=ingress.node_port,
        protocol="TCP",
        target_type="instance",
        ip_address_type="ipv6" if is_ipv6 else None,
        vpc_id=vpc_id,
        deregistration_delay=str(_DEREGISTRATION_SECONDS),
        health_check=_health_check(cell),
        lifecycle=replaced_before(),
    )
    LbListener(
        stack,
        "ingress-listener",
        load_balancer_arn=balancer.arn,
        port=ingress.listener_port,
        protocol="TCP",
        default_action=[LbListenerDefaultAction(type="forward", target_group_arn=target_group.arn)],
    )
    for name in cell.pools[ingress.node_group].groups:
        group = f"aws_eks_node_group.group-{name}.resources[0].autoscaling_groups[0].name"
        AutoscalingAttachment(
            stack,
            f"targets-{name}",
            autoscaling_group_name=f"${{{group}}}",
            lb_target_group_arn=target_group.arn,
            lifecycle=replaced_before(),
        )
    return str(balancer.dns_name)


def _health_check(cell: ClusterSpec) -> LbTargetGroupHealthCheck:
    """Ask the gateway where there is one; elsewhere only whether anything answers."""
    if not cell.is_gateway_asked:
        return LbTargetGroupHealthCheck(protocol="TCP", port="traffic-port")
    return LbTargetGroupHealthCheck(
        protocol="HTTP", port="traffic-port", path="/readyz", matcher="200"
    )

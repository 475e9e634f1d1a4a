"""The layer `cluster`: EKS, its nodes, the way in and the event logs of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from cellfactory.facts.schema import Facts
from cellfactory.inventory.addons import merged
from cellfactory.inventory.groups import name_groups, update_minutes
from cellfactory.inventory.node_config import is_open, pod_addresses_per_node, render_node_config
from cellfactory.inventory.schema import Addon, CellType
from cellfactory.inventory.spark import Ingress
from cellfactory.layers import Stack
from cellfactory.layers.access import deployer_role
from cellfactory.layers.bootstrap import roles_boundary
from cellfactory.naming import (
    job_role_name,
    policy_arn,
    resource_group_arn,
    stack_tags,
    target_group_name,
)
from cellfactory.sizing.dns import dns_configuration, dns_size
from cellfactory.sizing.shape import shape_of
from cellfactory.specs.cni import cni_environment, cni_settings, ipv6_environment
from cellfactory.specs.layers import (
    AddonSpec,
    ClusterSpec,
    ControlPlaneSpec,
    EventLogsSpec,
    JobsSpec,
    NodePool,
)
from cellfactory.specs.parts import Parts

_NAME = "${aws_eks_cluster.cell.name}"
_ENDPOINT = "${aws_eks_cluster.cell.endpoint}"
_CERTIFICATE = "${aws_eks_cluster.cell.certificate_authority[0].data}"
_IPV6_SERVICES = "${aws_eks_cluster.cell.kubernetes_network_config[0].service_ipv6_cidr}"


def describe(parts: Parts, stack: Stack) -> ClusterSpec:
    """Collect what the cluster of a cell is made of."""
    cell = stack.id.owner
    cell_type, deployer = parts.inventory.type_of(cell), deployer_role(parts.inventory, cell)
    return ClusterSpec(
        name=cell,
        region=stack.access.region,
        zones=tuple(parts.plan.cells[cell].zones),
        deployer=deployer,
        boundary=roles_boundary(parts.inventory, cell),
        control_plane=_control_plane(cell_type),
        service_block=cell_type.service_block if cell_type.has_pod_blocks else None,
        admins=tuple(sorted(set(cell_type.admins) - {deployer})),
        addons=_addons(parts, cell),
        node_image=cell_type.node_image,
        pools={pool: _pool(parts, stack, pool) for pool in cell_type.node_groups},
        session_manager=cell_type.session_manager,
        ingress=cell_type.ingress,
        target_group=_target_group(cell, cell_type.ingress),
        is_gateway_asked=cell_type.ingress is not None and cell_type.spark.ui is not None,
        jobs=_jobs(parts, stack),
        tags=stack_tags(stack.id.kind, cell, stack.id.layer),
    )


def _target_group(cell: str, ingress: Ingress | None) -> str:
    usual = int(Ingress.model_fields["node_port"].default)
    return cell if ingress is None else target_group_name(cell, ingress.node_port, usual)


def _control_plane(cell_type: CellType) -> ControlPlaneSpec:
    return ControlPlaneSpec(
        kubernetes_version=cell_type.kubernetes_version,
        support=cell_type.support,
        tier=cell_type.control_plane_tier,
        logs=tuple(sorted(set(cell_type.control_plane_logs))),
        deletion_protection=cell_type.deletion_protection,
        zonal_shift=cell_type.zonal_shift,
    )


def _addons(parts: Parts, cell: str) -> dict[str, AddonSpec]:
    """Collect the add-ons: how the VPC CNI is set stands, how large CoreDNS is may be asked for."""
    cell_type, facts = parts.inventory.type_of(cell), parts.facts
    shape = shape_of(parts.inventory, cell, parts.plan.cells[cell], facts)
    settings = cni_settings(_cni_environment(cell_type, facts))
    made = {}
    for name, entry in cell_type.addons.items():
        asked: Mapping[str, Any] = entry.configuration if isinstance(entry, Addon) else {}
        if name == "vpc-cni":
            asked = merged(asked, settings)
        elif name == "coredns":
            asked = merged(dns_configuration(dns_size(shape, facts), facts), asked)
        version = entry.version if isinstance(entry, Addon) else entry
        made[str(name)] = AddonSpec(version=version, configuration=asked)
    return made


def _cni_environment(cell_type: CellType, facts: Facts) -> Mapping[str, str]:
    if not cell_type.has_pod_blocks:
        return ipv6_environment()
    interfaces = int(facts.policy_value("interfaces-per-node"))
    return cni_environment(pod_addresses_per_node(cell_type, facts), interfaces)


def _pool(parts: Parts, stack: Stack, pool: str) -> NodePool:
    cell, facts, access = stack.id.owner, parts.facts, stack.access
    cell_type = parts.inventory.type_of(cell)
    declared = cell_type.node_groups[pool]
    groups = name_groups(pool, declared, sorted(cell_type.zones), facts)
    return NodePool(
        declared=declared,
        is_open=is_open(declared),
        reservations=(
            resource_group_arn(access.account, access.region, declared.reservations)
            if declared.reservations
            else None
        ),
        image=facts.image_build(facts.instance(declared.instance_type)),
        groups=groups,
        update_hours={
            name: ceil(update_minutes(nodes, declared.max_unavailable, facts) / 60)
            for name, (_, nodes) in groups.items()
        },
        user_data=render_node_config(
            _NAME,
            cell_type,
            declared,
            facts,
            endpoint=_ENDPOINT,
            certificate=_CERTIFICATE,
            services=None if cell_type.ip_family == "ipv4" else _IPV6_SERVICES,
        ),
    )


def _jobs(parts: Parts, stack: Stack) -> JobsSpec:
    cell, account = stack.id.owner, stack.access.account
    cell_type, deployer = parts.inventory.type_of(cell), deployer_role(parts.inventory, cell)
    most = int(parts.facts.parameter("role-name-characters"))
    spark = cell_type.spark
    policies = {
        f"{namespace} {arn}": {"namespace": namespace, "policy": arn}
        for namespace in spark.namespaces
        for arn in sorted({policy_arn(account, name) for name in spark.policies_of(namespace)})
    }
    return JobsSpec(
        roles={each: job_role_name(cell, each, most) for each in spark.namespaces},
        policies=policies or None,
        submitters=tuple(sorted(set(cell_type.submitters) - {deployer})),
        viewers=tuple(sorted(set(cell_type.viewers) - {deployer})),
        event_logs=_event_logs(cell_type, account),
    )


def _event_logs(cell_type: CellType, account: str) -> EventLogsSpec | None:
    history = cell_type.spark.history
    if history is None:
        return None
    return EventLogsSpec(account_id=account, retention_days=history.retention_days)

"""The layer `cluster`: EKS, its nodes, the way in and the event logs of a cell."""

from __future__ import annotations

from factory.constructs.cdk import TerraformStack
from factory.constructs.cluster import CellCluster
from factory.constructs.ingress import add_ingress
from factory.constructs.node_groups import CellNodeGroups
from factory.constructs.spark_events import add_event_logs
from factory.constructs.specs import ClusterSpec, EventLogsSpec, NodePool
from factory.facts.schema import Facts
from factory.inventory.groups import name_groups
from factory.inventory.node_config import pod_addresses_per_node, render_node_config
from factory.inventory.schema import CellType
from factory.layers import Stack
from factory.layers.access import deployer_role
from factory.naming import stack_tags
from factory.stacks.frame import Outputs
from factory.stacks.parts import Parts

_ENDPOINT = "${aws_eks_cluster.cell.endpoint}"
_CERTIFICATE = "${aws_eks_cluster.cell.certificate_authority[0].data}"


def describe(parts: Parts, stack: Stack) -> ClusterSpec:
    """Collect what the cluster of a cell is made of."""
    cell = stack.id.owner
    cell_type = parts.inventory.type_of(cell)
    return ClusterSpec(
        name=cell,
        region=stack.access.region,
        zones=tuple(parts.plan.cells[cell].zones),
        deployer=deployer_role(parts.inventory, cell),
        kubernetes_version=cell_type.kubernetes_version,
        service_block=cell_type.service_block,
        admins=tuple(cell_type.admins),
        addons={str(name): version for name, version in cell_type.addons.items()},
        pod_addresses_per_node=pod_addresses_per_node(cell_type, parts.facts),
        interfaces_per_node=int(parts.facts.policy_value("interfaces-per-node")),
        node_image=cell_type.node_image,
        pools={pool: _pool(cell, cell_type, parts.facts, pool) for pool in cell_type.node_groups},
        ingress=cell_type.ingress,
        is_gateway_asked=cell_type.ingress is not None and cell_type.spark.ui is not None,
        event_logs=_event_logs(cell_type, stack.access.account),
        tags=stack_tags(stack.id.kind, cell, stack.id.layer),
    )


def build(terraform: TerraformStack, spec: ClusterSpec) -> Outputs:
    """Add the control plane, its add-ons and nodes in the order that makes nodes useful."""
    cluster = CellCluster(terraform, spec)
    addons = cluster.add_boot_addons()
    nodes = CellNodeGroups(terraform, spec, cluster.cluster, addons)
    cluster.add_late_addons(nodes.all_groups)
    if spec.ingress is not None:
        add_ingress(terraform, spec, spec.ingress, "${var.vpc_id}")
    outputs = {
        "cluster_name": cluster.cluster.name,
        "cluster_endpoint": cluster.cluster.endpoint,
        "cluster_ca": _CERTIFICATE,
    }
    if spec.event_logs is not None:
        bucket = add_event_logs(terraform, spec.name, spec.event_logs, cluster.cluster.name)
        outputs["event_log_bucket"] = bucket
    return outputs


def _pool(cell: str, cell_type: CellType, facts: Facts, pool: str) -> NodePool:
    declared = cell_type.node_groups[pool]
    return NodePool(
        declared=declared,
        image=facts.image_build(facts.instance(declared.instance_type)),
        groups=name_groups(pool, declared, sorted(cell_type.zones), facts),
        user_data=render_node_config(
            cell, cell_type, declared, facts, endpoint=_ENDPOINT, certificate=_CERTIFICATE
        ),
    )


def _event_logs(cell_type: CellType, account: str) -> EventLogsSpec | None:
    history = cell_type.spark.history
    if history is None:
        return None
    return EventLogsSpec(
        account_id=account,
        retention_days=history.retention_days,
        namespaces=tuple(cell_type.spark.namespaces),
    )

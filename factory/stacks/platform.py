"""The layer `platform`: what Helm installs in the cluster of a cell."""

from __future__ import annotations

from factory.addressing.blocks import CellAddresses
from factory.constructs.cdk import TerraformStack
from factory.constructs.spark_gateway import add_gateway
from factory.constructs.spark_history import add_history_server
from factory.constructs.spark_operator import (
    add_helm_provider,
    add_namespaces,
    add_spark_operator,
)
from factory.constructs.specs import GatewaySpec, HistorySpec, PlatformSpec
from factory.constructs.yunikorn import add_yunikorn
from factory.inventory.schema import CellType
from factory.layers import Stack
from factory.stacks.frame import Outputs
from factory.stacks.parts import Parts


def describe(parts: Parts, stack: Stack) -> PlatformSpec:
    """Collect what is installed."""
    cell = stack.id.owner
    cell_type = parts.inventory.type_of(cell)
    spark = cell_type.spark
    return PlatformSpec(
        name=stack.id.name,
        access=stack.access,
        namespaces=tuple(spark.namespaces),
        operator=spark.operator,
        scheduler=spark.scheduler.yunikorn if spark.scheduler else None,
        history=_history(cell_type),
        gateway=_gateway(cell_type, parts.plan.cells[cell]),
    )


def build(terraform: TerraformStack, spec: PlatformSpec) -> Outputs:
    """Install the namespaces first, and what works in them when they are there."""
    add_helm_provider(terraform, spec)
    namespaces = add_namespaces(terraform, spec)
    before = [namespaces]
    if spec.scheduler:
        before.append(add_yunikorn(terraform, spec.scheduler))
    version = add_spark_operator(terraform, spec, before)
    shown = [namespaces]
    if spec.history:
        bucket = "${var.event_log_bucket}"
        shown.append(add_history_server(terraform, spec.access.region, spec.history, bucket))
    if spec.gateway:
        add_gateway(terraform, spec, spec.gateway, shown)
    return {"operator_version": version}


def _history(cell_type: CellType) -> HistorySpec | None:
    history = cell_type.spark.history
    if history is None:
        return None
    return HistorySpec(
        image=history.image,
        replicas=history.replicas,
        memory_gib=history.memory_gib,
        disk_gib=history.disk_gib,
    )


def _gateway(cell_type: CellType, addresses: CellAddresses) -> GatewaySpec | None:
    ui, ingress = cell_type.spark.ui, cell_type.ingress
    if ui is None or ingress is None:
        return None
    return GatewaySpec(ui=ui, node_port=ingress.node_port, pod_blocks=addresses.pod_blocks)

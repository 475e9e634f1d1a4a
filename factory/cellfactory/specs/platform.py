"""The layer `platform`: what Helm installs in the cluster of a cell."""

from __future__ import annotations

from cellfactory.addressing.blocks import CellAddresses
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import CellType
from cellfactory.layers import Stack
from cellfactory.sizing.history import scan_seconds
from cellfactory.specs.charts import GATEWAY, HISTORY_SERVER, NAMESPACES
from cellfactory.specs.layers import GatewaySpec, HistorySpec, OperatorSpec, Placement, PlatformSpec
from cellfactory.specs.parts import Parts


def describe(parts: Parts, stack: Stack) -> PlatformSpec:
    """Collect what is installed."""
    cell = stack.id.owner
    cell_type = parts.inventory.type_of(cell)
    spark = cell_type.spark
    return PlatformSpec(
        name=stack.id.name,
        access=stack.access,
        ipv6_pods=not cell_type.has_pod_blocks,
        charts=_charts(parts, cell_type),
        namespaces=tuple(spark.namespaces),
        placement=_placement(cell_type, spark.node_group),
        operator=_operator(cell_type),
        scheduler=spark.scheduler.yunikorn if spark.scheduler else None,
        history=_history(cell_type, parts.facts),
        gateway=_gateway(cell_type, parts.plan.cells[cell]),
        monitoring=spark.monitoring,
    )


def _charts(parts: Parts, cell_type: CellType) -> dict[str, str]:
    """Collect the files of those of our charts that the cell installs."""
    spark = cell_type.spark
    asked = {
        NAMESPACES: True,
        HISTORY_SERVER: spark.history is not None,
        GATEWAY: spark.ui is not None and cell_type.ingress is not None,
    }
    return {name: file for name, file in parts.charts.items() if asked[name]}


def _placement(cell_type: CellType, name: str | None) -> Placement | None:
    if name is None:
        return None
    group = cell_type.node_groups[name]
    return Placement(labels=group.labels, taints=tuple(group.taints))


def _operator(cell_type: CellType) -> OperatorSpec:
    spark, operator = cell_type.spark, cell_type.spark.operator
    shared_out = {namespace for shard in operator.shards.values() for namespace in shard}
    return OperatorSpec(
        chart_repository=operator.chart_repository,
        chart_version=operator.chart_version,
        image_registry=operator.image_registry,
        replicas=operator.replicas,
        workers=operator.workers,
        cpu=operator.cpu,
        memory_gib=operator.memory_gib,
        kube_api_qps=operator.kube_api_qps,
        kube_api_burst=operator.kube_api_burst,
        placement=_placement(cell_type, operator.node_group or spark.node_group),
        values=operator.values,
        first=tuple(name for name in spark.namespaces if name not in shared_out),
        shards={name: tuple(shard) for name, shard in sorted(operator.shards.items())},
    )


def _history(cell_type: CellType, facts: Facts) -> HistorySpec | None:
    history = cell_type.spark.history
    if history is None:
        return None
    return HistorySpec(
        image=history.image,
        replicas=history.replicas,
        memory_gib=history.memory_gib,
        disk_gib=history.disk_gib,
        scan_seconds=scan_seconds(history, facts),
        values=history.values,
    )


def _gateway(cell_type: CellType, addresses: CellAddresses) -> GatewaySpec | None:
    ui, ingress = cell_type.spark.ui, cell_type.ingress
    if ui is None or ingress is None:
        return None
    return GatewaySpec(
        ui=ui, node_port=ingress.node_port, pod_blocks=tuple(map(str, addresses.pod_blocks))
    )

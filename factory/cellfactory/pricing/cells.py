"""What a cell costs by itself: nodes, control plane, load balancer, logs and its way out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from cellfactory.facts.schema import Facts, KubernetesVersion
from cellfactory.inventory.schema import CellType, Inventory
from cellfactory.pricing.egress import egress_lines
from cellfactory.pricing.lines import Line, Pen
from cellfactory.sizing.control_plane import PRICES
from cellfactory.sizing.history import kept_logs, lists_per_second

SECONDS_PER_HOUR = 3600
THOUSAND = 1000


def price_cell(inventory: Inventory, cell: str, facts: Facts) -> tuple[Line, ...]:
    """List what a cell costs in a month, apart from what joins it to others."""
    cell_type = inventory.type_of(cell)
    pen = Pen(cell, inventory.region_of(cell), facts)
    return (
        *_nodes(cell_type, pen),
        *_control_plane(cell_type, pen),
        *_load_balancer(cell_type, pen),
        *egress_lines(cell_type.egress, inventory, cell, facts),
        *_history(cell_type, pen),
        _flow_logs(pen),
    )


def _nodes(cell_type: CellType, pen: Pen) -> Iterator[Line]:
    for group in cell_type.node_groups.values():
        count = group.nodes_per_zone * len(cell_type.zones)
        if group.capacity == "spot":
            yield pen.hourly("nodes", "spot-instance-hour", count, f"{group.instance_type} (Spot)")
        else:
            yield Line(
                owner=pen.owner,
                group="nodes",
                item=group.instance_type,
                title=group.instance_type,
                region=pen.region,
                unit="h",
                quantity=count * pen.hours,
                price=pen.facts.prices.instance(group.instance_type, pen.region),
            )
    kept = sum(g.nodes_per_zone * g.root_volume_gib for g in cell_type.node_groups.values())
    volumes = pen.hourly("volumes", "root-volume-gib-month", 0, "root volumes, gp3")
    yield replace(volumes, unit="GiB", quantity=Decimal(kept * len(cell_type.zones)))


def _control_plane(cell_type: CellType, pen: Pen) -> Iterator[Line]:
    yield pen.hourly("control plane", "cluster-hour", 1)
    if item := PRICES.get(cell_type.control_plane_tier):
        tier = f"control plane, tier {cell_type.control_plane_tier}"
        yield pen.hourly("control plane", item, 1, tier)
    version = pen.facts.kubernetes.get(cell_type.kubernetes_version)
    if version is not None and is_extended(version):
        title = f"extended support of {version.id}"
        yield pen.hourly("control plane", "extended-support-hour", 1, title)


def is_extended(version: KubernetesVersion) -> bool:
    """Tell whether a version was in extended support on the day that its page was read."""
    return version.standard_until is not None and version.standard_until <= version.checked


def _load_balancer(cell_type: CellType, pen: Pen) -> Iterator[Line]:
    """Yield the load balancer of the ingress; how many units it takes, nobody declares."""
    if cell_type.ingress is not None:
        yield pen.hourly("load balancer", "network-load-balancer-hour", 1)
        units = pen.hourly("load balancer", "network-load-balancer-unit-hour", 0, "its NLCUs")
        yield replace(units, quantity=None, asks_for="traffic to live UIs")


def _history(cell_type: CellType, pen: Pen) -> Iterator[Line]:
    """Yield what the History Server's looks at its logs cost, where their number is declared."""
    history = cell_type.spark.history
    if history is not None:
        line = pen.hourly("logs", "s3-list-thousand", 0, "LIST requests of the History Server")
        if kept_logs(history) is None:
            yield replace(line, unit="k", quantity=None, asks_for="spark.history.logs_per_day")
        else:
            requests = Decimal(str(lists_per_second(history, pen.facts))) * SECONDS_PER_HOUR
            yield replace(line, unit="k", quantity=requests * pen.hours / THOUSAND)


def _flow_logs(pen: Pen) -> Line:
    return replace(
        pen.moved("logs", "flow-log-gb", None, "the size of flow logs", "flow logs"),
        is_transfer=True,
    )

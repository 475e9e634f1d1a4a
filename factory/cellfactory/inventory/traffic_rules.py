"""Traffic that a cell cannot have, since it has no way for it."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import Facts
from cellfactory.inventory.endpoints import endpoint_services
from cellfactory.inventory.groups import nodes_per_zone
from cellfactory.inventory.schema import CellType, Inventory, Traffic
from cellfactory.inventory.unreadable import as_far_as_readable

BITS_PER_GB = 8 * 10**9
BITS_PER_GBIT = 10**9
SECONDS_PER_HOUR = 3600


def check_traffic(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield traffic that has no way, or that no network card of the cell could carry.

    Rules:
        F157: traffic between cells, and the cell has no peers (a warning).
        F159: traffic with hubs, and the mesh has none (a warning).
        F161: traffic with the internet, and the cell has no way there (a warning).
        F162: traffic through interface endpoints, and the cell has none (a warning).
        F165: a share of no traffic (a warning).
        F166: more traffic than the nodes can carry.
    """
    for name in inventory.cells:
        yield from _check_cell(inventory, name, facts)


@as_far_as_readable
def _check_cell(inventory: Inventory, name: str, facts: Facts) -> Iterator[Finding]:
    cell = inventory.cells[name]
    if cell.type not in inventory.cell_types or cell.mesh not in inventory.meshes:
        return  # told by another rule
    traffic = inventory.traffic_of(name)
    path: KeyPath = ("cell_types", cell.type, "traffic")
    if cell.traffic is not None:
        path = ("cells", name, "traffic")
    yield from _check_ways(inventory, name, traffic, path)
    yield from _check_own_ways(inventory.type_of(name), name, traffic, path, facts)
    yield from _check_rate(inventory.type_of(name), name, traffic, path, facts)


def _check_ways(
    inventory: Inventory, name: str, traffic: Traffic, path: KeyPath
) -> Iterator[Finding]:
    mesh = inventory.cells[name].mesh
    if traffic.to_cells_gb and not inventory.peers_of(name):
        yield _without("F157", (*path, "to_cells_gb"), name, f"it has no peers in mesh {mesh}")
    if traffic.with_hubs_gb and not inventory.hubs_of(name):
        yield _without("F159", (*path, "with_hubs_gb"), name, f"mesh {mesh} has no hubs")
    if traffic.same_zone_percentage is not None and not (
        traffic.to_cells_gb or traffic.with_hubs_gb
    ):
        yield Finding(
            rule="F165",
            path=(*path, "same_zone_percentage"),
            message=f"same_zone_percentage of cell {name} is a share of nothing",
            hint="declare to_cells_gb or with_hubs_gb",
            severity="warning",
            about=("cells", name),
        )


def _check_own_ways(
    cell_type: CellType, name: str, traffic: Traffic, path: KeyPath, facts: Facts
) -> Iterator[Finding]:
    for key in ("to_internet_gb", "from_internet_gb"):
        if getattr(traffic, key) and cell_type.egress == "none":
            yield _without("F161", (*path, key), name, "its egress is none")
    if traffic.endpoints_gb and not endpoint_services(cell_type, facts):
        yield _without("F162", (*path, "endpoints_gb"), name, "it has no interface endpoints")


def _without(rule: str, path: KeyPath, cell: str, why: str) -> Finding:
    return Finding(
        rule=rule,
        path=path,
        message=f"{path[-1]} of cell {cell} has no way: {why}",
        hint="remove it, or give the cell the way",
        severity="warning",
        about=("cells", cell),
    )


def _check_rate(
    cell_type: CellType, name: str, traffic: Traffic, path: KeyPath, facts: Facts
) -> Iterator[Finding]:
    """Yield a typing mistake: bytes for gigabytes, as a rule."""
    total = sum(value for key, value in traffic if key.endswith("_gb") and value)
    needed = mean_gbps(total, facts)
    pools = tuple(cell_type.node_groups.values())
    if not total or any(pool.instance_type not in facts.instances for pool in pools):
        return
    cards = sum(pool.nodes_per_zone * facts.instance(pool.instance_type).gbps for pool in pools)
    there = cards * len(cell_type.zones)
    if needed > there:
        nodes = nodes_per_zone(cell_type) * len(cell_type.zones)
        yield Finding(
            rule="F166",
            path=path,
            message=f"the traffic of cell {name} is {needed:,.0f} Gbit/s on average; "
            f"its {nodes:,} nodes have {there:,.0f} Gbit/s",
            hint="numbers are gigabytes per month, of one cell",
            about=("cells", name),
        )


def mean_gbps(gigabytes: int, facts: Facts) -> float:
    """Say at which rate so much goes in a month, were it spread evenly (Gbit/s)."""
    seconds = facts.policy_value("hours-per-month") * SECONDS_PER_HOUR
    return gigabytes * BITS_PER_GB / BITS_PER_GBIT / seconds

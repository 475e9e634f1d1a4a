"""Inventories with traffic, whose costs tests ask for."""

from __future__ import annotations

from typing import Any

from cellfactory.inventory.schema import Inventory
from tests import inventories

PETABYTE = 10**15
GIGABYTE = 10**9
PUBLISHED_GB = 120 * PETABYTE // GIGABYTE
"""What Spark and other services of the published design exchange in a month (GB)."""
HUB = {
    "account": "333333333333",
    "vpc": "vpc-0f00ba12",
    "region": "us-east-1",
    "blocks": ["10.0.0.0/16"],
}


def data(cells: int = 1, nodes: int = 433, **traffic: Any) -> dict[str, Any]:
    """Make cells with a hub, as plain data; what is not said of their traffic is none."""
    made = inventories.data(cells, nodes)
    group = made["cell_types"]["plain"]["node_groups"]["all"]
    group["instance_type"] = "r6gd.8xlarge"
    made["hubs"] = {"shared": dict(HUB)}
    made["meshes"]["east"]["hubs"] = ["shared"]
    none = {"to_cells_gb": 0, "with_hubs_gb": 0, "to_internet_gb": 0, "from_internet_gb": 0}
    declared = {**none, "endpoints_gb": 0, **traffic}
    made["cell_types"]["plain"]["traffic"] = {k: v for k, v in declared.items() if v is not None}
    made["cell_types"]["plain"]["quotas"] = {"L-CD17FD4B": 512000, "L-BB24F6E5": 256000}
    return made


def inventory(cells: int = 1, nodes: int = 433, **traffic: Any) -> Inventory:
    """Make the same as an inventory, every rule included."""
    return inventories.inventory(data(cells, nodes, **traffic))

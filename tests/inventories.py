"""Small inventories that tests start from and then change."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cellfactory.documents import render_data
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.reader import parse_inventory
from cellfactory.inventory.schema import Inventory

ADDONS = {
    "vpc-cni": "v1.20.4-eksbuild.1",
    "kube-proxy": "v1.34.0-eksbuild.4",
    "eks-pod-identity-agent": "v1.3.9-eksbuild.3",
    "coredns": "v1.12.4-eksbuild.1",
}
CELL_TYPE: Mapping[str, Any] = {
    "kubernetes_version": "1.34",
    "zones": ["use1-az1", "use1-az2", "use1-az4"],
    "node_image": "v20251103",
    "addons": ADDONS,
    "egress": "nat_gateway",
    "node_groups": {"all": {"instance_type": "r6i.4xlarge", "nodes_per_zone": 10}},
    "spark": {"namespaces": ["jobs"], "operator": {"chart_version": "2.5.2"}},
}
INVENTORY: Mapping[str, Any] = {
    "version": 1,
    "organizations": {
        "one": {"management_account": "111111111111", "provisioning_role": "CellFactory"}
    },
    "state": {"bucket": "example-cells-tfstate", "region": "us-east-1"},
    "address_pools": {"node": ["10.128.0.0/10"], "pod": ["100.64.0.0/10"]},
    "meshes": {"east": {"region": "us-east-1", "hubs": []}},
    "cell_types": {"plain": CELL_TYPE},
    "cells": {},
}


def data(cells: int = 1, nodes: int = 10, **changes: Any) -> dict[str, Any]:
    """Make an inventory of equal cells as plain data.

    Args:
        cells: how many (cells); their names are cell-000 and so on.
        nodes: of each in each zone (nodes).
        changes: of the cell type.
    """
    made: dict[str, Any] = copy.deepcopy(dict(INVENTORY))
    made["cell_types"]["plain"] |= changes
    made["cell_types"]["plain"]["node_groups"]["all"]["nodes_per_zone"] = nodes
    made["cells"] = {f"cell-{number:03}": cell(number) for number in range(cells)}
    return made


def cell(number: int, mesh: str = "east", type_: str = "plain") -> dict[str, Any]:
    """Make one cell, whose account follows from a number."""
    account = {"id": f"{444444444444 + number}"}
    return {
        "type": type_,
        "mesh": mesh,
        "organization": "one",
        "ring": "first",
        "account": account,
    }


def render(made: Mapping[str, Any]) -> str:
    """Write plain data as a file would have it."""
    return render_data(made)


def inventory(made: Mapping[str, Any]) -> Inventory:
    """Read plain data as an inventory, every rule included."""
    return parse_inventory(render(made), "cells.yaml", load_facts())[0]


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything in plain data, parents first."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(inner, (*path, key))


def changed(
    data: Mapping[str, Any], path: tuple[Any, ...], change: Callable[[Any, Any], None]
) -> dict[str, Any]:
    """Copy the data of an inventory and change what holds the value at a path."""
    made = copy.deepcopy(dict(data))
    parent: Any = made
    for key in path[:-1]:
        parent = parent[key]
    change(parent, path[-1])
    return made

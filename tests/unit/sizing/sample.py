"""A small inventory and its addresses, made in memory, for the tests of sizing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

from cellfactory.addressing.blocks import AddressPlan, CellAddresses, ZoneBlocks
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.schema import Inventory

FACTS = replace(
    load_facts(),
    policy={
        **load_facts().policy,
        "nodes-per-group": replace(load_facts().policy["nodes-per-group"], value=450),
    },
)
"""The facts, with groups as large as EKS allows: the derivation's vectors are made for these."""

ZONES = ["use1-az1", "use1-az2", "use1-az4"]
RAISED = {"L-BB24F6E5": 256_000, "L-CD17FD4B": 512_000, "L-1216C47A": 100_000, "L-7A658B76": 900}


def pool(nodes_per_zone: int, instance: str = "r6gd.8xlarge", **more: Any) -> dict[str, Any]:
    return {"instance_type": instance, "nodes_per_zone": nodes_per_zone, **more}


def inventory(
    cells: Mapping[str, int] | None = None,
    *,
    quotas: Mapping[str, int] | None = None,
    hubs: Mapping[str, Any] | None = None,
    cell_to_cell: str = "full",
    groups: Mapping[str, Any] | None = None,
    type_quotas: Mapping[str, int] | None = None,
    **cell_type: Any,
) -> Inventory:
    """Make an inventory of one mesh; `cells` gives the nodes in each zone by cell name."""
    sizes = {"cell-a": 400} if cells is None else cells
    hubs = hubs or {}
    base = {
        "kubernetes_version": "1.34",
        "zones": ZONES,
        "node_image": "v20251103",
        "addons": {"vpc-cni": "v1.20.4-eksbuild.1"},
        "spark": {"namespaces": ["jobs"], "operator": {"chart_version": "2.5.2"}},
        "quotas": dict(type_quotas or {}),
        **cell_type,
    }
    types = {
        f"type-{name}": {**base, "node_groups": groups or {"executor": pool(nodes)}}
        for name, nodes in sizes.items()
    }
    return Inventory.model_validate(
        {
            "version": 1,
            "organizations": {"one": {"management_account": "1" * 12, "provisioning_role": "P"}},
            "state": {"bucket": "states", "region": "us-east-1"},
            "address_pools": {"node": ["10.0.0.0/8"], "pod": ["100.64.0.0/10"]},
            "hubs": hubs,
            "meshes": {
                "mesh": {"region": "us-east-1", "hubs": list(hubs), "cell_to_cell": cell_to_cell}
            },
            "cell_types": types,
            "cells": {
                name: {
                    "type": f"type-{name}",
                    "mesh": "mesh",
                    "organization": "one",
                    "ring": "canary",
                    "account": {"id": f"{index + 1:012d}"},
                    "quotas": dict(RAISED if quotas is None else quotas),
                }
                for index, name in enumerate(sizes)
            },
        }
    )


def hub(nau: int = 21_000, blocks: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "account": "3" * 12,
        "vpc": "vpc-0f00ba12",
        "region": "us-east-1",
        "blocks": [f"10.{index}.0.0/16" for index in range(blocks)],
        "nau": nau,
        **more,
    }


def addresses(cell: str, index: int = 0, pod_length: int = 16) -> CellAddresses:
    """Give each zone a /21 for nodes and a pod block of its own."""
    primary = IPv4Network((int(IPv4Network("10.16.0.0/18").network_address) + (index << 14), 18))
    zones: dict[str, ZoneBlocks] = {}
    for number, zone in enumerate(ZONES):
        start = int(primary.network_address) + (number << 12)
        pods = int(IPv4Network("100.64.0.0/10").network_address) + ((3 * index + number) << 16)
        zones[zone] = {
            "node": IPv4Network((start, 21)),
            "endpoint": IPv4Network((start + 2048, 26)),
            "control_plane": IPv4Network((start + 2112, 28)),
            "public": IPv4Network((start + 2128, 28)),
            "transit": IPv4Network((start + 2144, 28)),
            "pod": IPv4Network((pods, pod_length)),
        }
    pod_blocks = tuple(blocks["pod"] for blocks in zones.values())
    return CellAddresses(cell=cell, primary=primary, pod_blocks=pod_blocks, zones=zones)


def plan(declared: Inventory) -> AddressPlan:
    """Plan blocks for every cell by hand, in the order of names; more than 21 overlap."""
    cells = {n: addresses(n, i % 21) for i, n in enumerate(sorted(declared.cells))}
    return AddressPlan(cells=cells)

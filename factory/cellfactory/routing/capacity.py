"""What a cell holds when it is empty, from the same model that sized it."""

from __future__ import annotations

from dataclasses import dataclass

from cellfactory.addressing.blocks import AddressPlan
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory
from cellfactory.sizing.shape import CellShape, shape_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Room of a whole cell, before anything runs in it."""

    pods: int  # pods that all kubelets together admit, those of the system included
    cores: int  # vCPU of all nodes, what the kubelets reserve included


def cell_capacities(inventory: Inventory, plan: AddressPlan, facts: Facts) -> dict[str, Capacity]:
    """Say what each cell holds, by name.

    Raises:
        UnknownInstanceType: when a pool names one; the inventory's rules report it first.
    """
    names = sorted(inventory.cells)
    return {n: _capacity(shape_of(inventory, n, plan.cells[n], facts)) for n in names}


def _capacity(shape: CellShape) -> Capacity:
    zones = len(shape.zones)
    cores = sum((zones * pool.per_zone - pool.missing) * pool.instance.vcpu for pool in shape.pools)
    return Capacity(pods=shape.nodes * shape.max_pods, cores=cores)

"""From an inventory, its addresses and the facts to what the constructs of a cell are told."""

from __future__ import annotations

from factory.addressing.blocks import AddressPlan
from factory.addressing.need import pod_reservations
from factory.constructs.cell import CellSpec, NodePool
from factory.facts.schema import ADDRESSES_PER_PREFIX, Facts
from factory.inventory.endpoints import endpoint_services
from factory.inventory.schema import CellType, Inventory
from factory.sizing.groups import group_name, split_groups
from factory.stacks.frame import account_id


def describe_cell(inventory: Inventory, plan: AddressPlan, facts: Facts, cell: str) -> CellSpec:
    """Collect everything that the stacks of one cell are made of."""
    cell_type = inventory.type_of(cell)
    addresses = plan.cells[cell]
    per_node = ADDRESSES_PER_PREFIX * cell_type.prefixes_per_node
    return CellSpec(
        name=cell,
        region=inventory.region_of(cell),
        account_id=account_id(inventory, cell),
        member_role=inventory.organization_of(cell).member_role,
        cell_type=cell_type,
        addresses=addresses,
        hub_blocks={h: tuple(inventory.hubs[h].blocks) for h in inventory.hubs_of(cell)},
        endpoints=endpoint_services(cell_type),
        pools={pool: _node_pool(cell_type, facts, pool) for pool in cell_type.node_groups},
        pod_reservations={
            zone: pod_reservations(addresses.zones[zone].pod, cell_type.prefixes_per_node)
            for zone in cell_type.zones
        },
        pod_addresses_per_node=per_node,
    )


def _node_pool(cell_type: CellType, facts: Facts, pool: str) -> NodePool:
    declared = cell_type.node_groups[pool]
    most = facts.quota("nodes-per-node-group").default
    groups = {
        group_name(pool, zone, index): (zone, nodes)
        for zone in cell_type.zones
        for index, nodes in enumerate(split_groups(declared.nodes_per_zone, most))
    }
    image = facts.image_build(facts.instance(declared.instance_type))
    return NodePool(image=image, groups=groups)

"""The layers of a cell for itself: its account, network, cluster and platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory
from cellfactory.layers.access import (
    ACCOUNT_VARIABLE,
    is_new_account,
    management_access,
    member_access,
)
from cellfactory.layers.stack import Input, Stack, StackId, VariableType
from cellfactory.layers.wiring import whole

ACCOUNT_OUTPUTS: Mapping[str, VariableType] = {ACCOUNT_VARIABLE: "string"}
TRANSIT_OUTPUTS: Mapping[str, VariableType] = {"transit_subnet_ids": "map(string)"}
NETWORK_OUTPUTS: Mapping[str, VariableType] = {
    "vpc_id": "string",
    "zone_names": "map(string)",
    "node_subnet_ids": "map(string)",
    "pod_subnet_ids": "map(string)",
    "ipv6_block": "string",
    "endpoint_subnet_ids": "map(string)",
    "control_plane_subnet_ids": "map(string)",
    "node_route_table_ids": "map(string)",
    "security_group_ids": "map(string)",
}
CLUSTER_OUTPUTS: Mapping[str, VariableType] = {
    "cluster_name": "string",
    "cluster_endpoint": "string",
    "cluster_ca": "string",
}
INGRESS_NAME = "ingress_dns_name"
"""The output that says where the load balancer of a cell answers."""

PLATFORM_OUTPUTS: Mapping[str, VariableType] = {"operator_version": "string"}

_OF_POD_BLOCKS = ("zone_names", "pod_subnet_ids")
_OF_IPV6_PODS = ("ipv6_block",)
_CLUSTER_TAKES = (
    *("zone_names", "node_subnet_ids", "pod_subnet_ids", "control_plane_subnet_ids"),
    "security_group_ids",
)
_INGRESS_TAKES = ("vpc_id", "endpoint_subnet_ids")


def account_inputs(inventory: Inventory, cell: str) -> dict[str, Input]:
    """The variable that holds the account of a cell, where a stack makes it."""
    return whole(cell, "account", ACCOUNT_OUTPUTS) if is_new_account(inventory, cell) else {}


def network_outputs(*names: str) -> dict[str, VariableType]:
    """Some of what a network hands on, with their types."""
    return {name: NETWORK_OUTPUTS[name] for name in names}


def cell_stacks(inventory: Inventory, facts: Facts, cell: str) -> Iterator[Stack]:
    """Yield the stacks of a cell but for those of its edges."""
    account = account_inputs(inventory, cell)
    if account:
        access = management_access(inventory, facts, cell)
        yield Stack(id=StackId(cell, "account"), access=access, outputs=ACCOUNT_OUTPUTS)
    access = member_access(inventory, facts, cell)
    yield Stack(
        id=StackId(cell, "network"),
        access=access,
        inputs=account,
        outputs={**_network_hands_on(inventory, cell), **_transit_subnets(inventory, cell)},
    )
    hands_on = _cluster_hands_on(inventory, cell)
    yield Stack(
        id=StackId(cell, "cluster"),
        access=access,
        inputs={**account, **whole(cell, "network", _cluster_takes(inventory, cell))},
        outputs={**hands_on, **_cluster_tells(inventory, cell)},
    )
    yield Stack(
        id=StackId(cell, "platform"),
        access=access,
        inputs={
            **account,
            **whole(cell, "cluster", hands_on),
            **whole(cell, "network", _platform_takes(inventory, cell)),
        },
        outputs=PLATFORM_OUTPUTS,
        after=_ways_in(inventory, cell),
    )


def _transit_subnets(inventory: Inventory, cell: str) -> Mapping[str, VariableType]:
    """What a network hands on besides, where there is a gateway to attach it to."""
    return TRANSIT_OUTPUTS if inventory.mesh_of(cell).step.gateway else {}


def _ways_in(inventory: Inventory, cell: str) -> tuple[StackId, ...]:
    """The stack without which nobody reaches the cluster's API: it is private, behind a hub."""
    return (StackId(cell, "routes"),) if inventory.hubs_of(cell) else ()


def _network_hands_on(inventory: Inventory, cell: str) -> Mapping[str, VariableType]:
    has_blocks = inventory.type_of(cell).has_pod_blocks
    others = _OF_IPV6_PODS if has_blocks else _OF_POD_BLOCKS
    return {name: kind for name, kind in NETWORK_OUTPUTS.items() if name not in others}


def _cluster_takes(inventory: Inventory, cell: str) -> dict[str, VariableType]:
    more = _INGRESS_TAKES if inventory.type_of(cell).ingress is not None else ()
    there = _network_hands_on(inventory, cell)
    return network_outputs(*(name for name in (*_CLUSTER_TAKES, *more) if name in there))


def _platform_takes(inventory: Inventory, cell: str) -> dict[str, VariableType]:
    """The block of IPv6 pods, which AWS makes up: the gateway asks drivers in it alone."""
    cell_type = inventory.type_of(cell)
    has_gateway = cell_type.spark.ui is not None and cell_type.ingress is not None
    return network_outputs(*(_OF_IPV6_PODS if has_gateway and not cell_type.has_pod_blocks else ()))


def _cluster_tells(inventory: Inventory, cell: str) -> Mapping[str, VariableType]:
    """What a cluster tells people, and hands to no other stack."""
    return {} if inventory.type_of(cell).ingress is None else {INGRESS_NAME: "string"}


def _cluster_hands_on(inventory: Inventory, cell: str) -> Mapping[str, VariableType]:
    if inventory.type_of(cell).spark.history is None:
        return CLUSTER_OUTPUTS
    return {**CLUSTER_OUTPUTS, "event_log_bucket": "string"}

"""`show`: one cell with all that is known of it, from the inventory, its lock and the registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cellfactory.addressing.blocks import CellAddresses, subnet_kinds
from cellfactory.design import Design
from cellfactory.inventory.groups import name_groups
from cellfactory.inventory.schema import NewAccount
from cellfactory.layers import Stack, StackId, list_stacks
from cellfactory.layers.access import member_access
from cellfactory.layers.cell import INGRESS_NAME
from cellfactory.naming import (
    OWNER_FOLDERS,
    balancer_name,
    cluster_name,
    event_log_bucket,
    flow_log_bucket,
)
from cellfactory.runs.described_ways import GatewayRow, HubRow, gateway_row, hub_rows, is_shared
from cellfactory.runs.listing import CellRow, StackRow, cell_row, stack_rows
from cellfactory.runs.standing import Known
from cellfactory.terraform.messages import Value
from cellfactory.terraform.sessions import filled

UNKNOWN = "ACCOUNT"
"""Stands for the id of an account that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetRow:
    """One subnet of a cell."""

    zone: str
    kind: str
    block: str
    id: str | None  # None where it is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRow:
    """One pool of nodes of a cell."""

    name: str
    instance_type: str
    nodes_per_zone: int
    groups: tuple[str, ...]  # names of its EKS node groups


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRow:
    """A cell that a cell reaches; hubs have rows of their own."""

    name: str
    blocks: tuple[str, ...]
    connection: str | None  # id of the peering; None where it is not known
    over: str  # peering or gateway: what the way there leads over


@dataclass(frozen=True, slots=True, kw_only=True)
class CellShown:
    """All that is known of a cell."""

    row: CellRow
    email: str | None  # of an account that is made
    roles: tuple[str, ...]  # assumed one after the other
    addresses: CellAddresses
    subnets: tuple[SubnetRow, ...]
    pools: tuple[PoolRow, ...]
    peers: tuple[PeerRow, ...]
    hubs: tuple[HubRow, ...]
    gateway: GatewayRow | None  # of its mesh; None without one
    buckets: Mapping[str, str]  # by what they hold
    states: str  # where they lie
    vpc: str | None
    endpoint: str | None
    kubeconfig: str  # the command that writes it
    ui: str | None  # URL of the Spark gateway; None without one
    ui_of: str | None  # the command that asks AWS for it, where it is not known
    stacks: tuple[StackRow, ...]
    outputs: Mapping[str, Mapping[str, Value]]  # by layer and name, as the registry has them
    shared: tuple[StackRow, ...]  # of its mesh and its hubs, which other cells have, too
    shared_outputs: Mapping[str, Mapping[str, Value]]  # of those, by stack and name
    why_not: str  # why the registry tells nothing; empty where it does


@dataclass(frozen=True, slots=True, kw_only=True)
class CellStacks:
    """The stacks that say something of a cell, each in the order of work."""

    own: tuple[Stack, ...]
    shared: tuple[Stack, ...]  # of its mesh and its hubs

    @property
    def wanted(self) -> frozenset[StackId]:
        """The stacks whose records tell of the cell: these, and those that its own wait for."""
        own = (i for stack in self.own for i in (stack.id, *stack.waits_for))
        return frozenset(own).union(stack.id for stack in self.shared)


def find_stacks(design: Design, cell: str) -> CellStacks:
    """Find the stacks that say something of a cell."""
    every = list_stacks(design.inventory, design.facts)
    return CellStacks(
        own=tuple(stack for stack in every if stack.id.cell == cell),
        shared=tuple(stack for stack in every if is_shared(stack, design.inventory, cell)),
    )


def describe_cell(design: Design, cell: str, stacks: CellStacks, known: Known) -> CellShown:
    """Put together what is known of a cell.

    Args:
        design: with the addresses.
        cell: its name.
        stacks: what `find_stacks` finds.
        known: their records.
    """
    row = cell_row(design.inventory, cell, stacks.own, known)
    account = design.inventory.cells[cell].account
    ui, ask = _ui(design, cell, known)
    return CellShown(
        row=row,
        email=account.email if isinstance(account, NewAccount) else None,
        roles=_roles(design, cell, row.account),
        addresses=design.plan.cells[cell],
        subnets=tuple(_subnets(design, cell, known)),
        pools=tuple(_pools(design, cell)),
        peers=tuple(_peers(design, cell, known)),
        hubs=hub_rows(design.inventory, cell, known),
        gateway=gateway_row(design.inventory, cell, known),
        buckets=dict(_buckets(design, cell, row.account)),
        states=f"s3://{design.inventory.state.bucket}/{OWNER_FOLDERS['cell']}/{cell}/",
        vpc=known.output(cell, "network", "vpc_id"),
        endpoint=known.output(cell, "cluster", "cluster_endpoint"),
        kubeconfig=_kubeconfig(design, cell, row.account),
        ui=ui,
        ui_of=ask,
        stacks=tuple(stack_rows(stacks.own, known)),
        outputs={
            stack.layer: record.outputs
            for stack, record in sorted(known.records.items(), key=lambda kept: kept[0].name)
            if stack.cell == cell and record.outputs
        },
        shared=tuple(stack_rows(stacks.shared, known)),
        shared_outputs={
            stack.id.name: record.outputs
            for stack in stacks.shared
            if (record := known.records.get(stack.id)) and record.outputs
        },
        why_not=known.why_not,
    )


def _roles(design: Design, cell: str, account: str | None) -> tuple[str, ...]:
    access = member_access(design.inventory, design.facts, cell)
    return filled(access, account or UNKNOWN).roles


def _subnets(design: Design, cell: str, known: Known) -> Iterator[SubnetRow]:
    inventory = design.inventory
    made = subnet_kinds(
        egress=inventory.type_of(cell).egress == "nat_gateway",
        pods=inventory.type_of(cell).has_pod_blocks,
        gateway=inventory.mesh_of(cell).step.gateway,
    )
    for zone, blocks in design.plan.cells[cell].zones.items():
        for kind in made:
            ids = known.output(cell, "network", f"{kind}_subnet_ids") or {}
            yield SubnetRow(zone=zone, kind=kind, block=str(blocks[kind]), id=ids.get(zone))


def _pools(design: Design, cell: str) -> Iterator[PoolRow]:
    cell_type = design.inventory.type_of(cell)
    for name, pool in cell_type.node_groups.items():
        groups = name_groups(name, pool, design.plan.cells[cell].zones, design.facts)
        yield PoolRow(
            name=name,
            instance_type=pool.instance_type,
            nodes_per_zone=pool.nodes_per_zone,
            groups=tuple(groups),
        )


def _peers(design: Design, cell: str, known: Known) -> Iterator[PeerRow]:
    inventory = design.inventory
    asked = known.output(cell, "peering", "connection_ids") or {}
    took = known.output(cell, "accept", "accepted_ids") or {}
    for peer in inventory.peers_of(cell):
        block = design.plan.cells[peer].primary
        connection = asked.get(peer) or took.get(peer)
        yield PeerRow(
            name=peer,
            blocks=(str(block),),
            connection=connection,
            over=inventory.way_over(cell, peer),
        )


def _buckets(design: Design, cell: str, account: str | None) -> Iterator[tuple[str, str]]:
    number = account or UNKNOWN
    yield "flow logs", flow_log_bucket(cell, number)
    if design.inventory.type_of(cell).spark.history is not None:
        yield "event logs", event_log_bucket(cell, number)


def _kubeconfig(design: Design, cell: str, account: str | None) -> str:
    name, region = cluster_name(cell), design.inventory.region_of(cell)
    role = _roles(design, cell, account)[-1]
    return f"aws eks update-kubeconfig --region {region} --name {name} --role-arn {role}"


def _ui(design: Design, cell: str, known: Known) -> tuple[str | None, str | None]:
    """Say where the Spark gateway answers, or how AWS is asked for that."""
    cell_type = design.inventory.type_of(cell)
    if cell_type.ingress is None or cell_type.spark.ui is None:
        return None, None
    host, port = known.output(cell, "cluster", INGRESS_NAME), cell_type.ingress.listener_port
    if isinstance(host, str):
        return f"http://{host}/" if port == 80 else f"http://{host}:{port}/", None
    return None, (
        f"aws elbv2 describe-load-balancers --region {design.inventory.region_of(cell)} "
        f"--names {balancer_name(cell)} --query LoadBalancers[0].DNSName"
    )

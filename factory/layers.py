"""Which states a cell has, what each takes from others and what it hands on.

Whatever can be known beforehand (blocks, names, account ids that were given) is computed at
synth. Only ids that AWS makes up cross from one state to another, and this module says which:
as typed Terraform variables without defaults, each filled from another stack's outputs. The
order of work follows from them; nothing else orders the stacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Literal

from factory.inventory.schema import ExistingAccount, Inventory
from factory.naming import LAYERS, Layer, stack_name

VariableType = Literal["string", "map(string)", "list(string)"]


@dataclass(frozen=True, slots=True, order=True)
class StackId:
    """One Terraform state."""

    cell: str
    layer: Layer

    @property
    def name(self) -> str:
        """Name of the stack, of its folder and of its tag."""
        return stack_name(self.cell, self.layer)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the value of a variable comes from: an output of another stack."""

    stack: StackId
    output: str
    key: str | None = None  # the entry of a map output; None takes the whole output


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A typed variable of a stack and where its value comes from.

    `sources` is one `Source` for the whole value, or, for a map that is put together from
    several stacks, a `Source` for each of its keys.
    """

    type: VariableType
    sources: Source | Mapping[str, Source]

    def all_sources(self) -> tuple[Source, ...]:
        """Every source, in the order of keys."""
        if isinstance(self.sources, Source):
            return (self.sources,)
        return tuple(self.sources[key] for key in sorted(self.sources))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A state, the account and Region it works in, what it takes and what it hands on."""

    id: StackId
    region: str
    inputs: Mapping[str, Input] = field(default_factory=dict)  # by variable name
    outputs: Mapping[str, VariableType] = field(default_factory=dict)  # by output name

    @property
    def waits_for(self) -> tuple[StackId, ...]:
        """The stacks whose outputs it takes, sorted."""
        sources = (s for given in self.inputs.values() for s in given.all_sources())
        return tuple(sorted({source.stack for source in sources}))


NETWORK_OUTPUTS: Mapping[str, VariableType] = {
    "vpc_id": "string",
    "zone_names": "map(string)",
    "node_subnet_ids": "map(string)",
    "pod_subnet_ids": "map(string)",
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


def plan_stacks(inventory: Inventory) -> tuple[Stack, ...]:
    """List every stack of every cell, in an order in which they can be applied.

    Returns:
        Stacks sorted so that each comes after those it waits for; where that leaves a choice,
        by layer and then by cell.
    """
    stacks = {s.id: s for cell in sorted(inventory.cells) for s in _stacks_of(inventory, cell)}
    return tuple(stacks[i] for i in order_stacks(stacks.values()))


def order_stacks(stacks: Iterable[Stack]) -> tuple[StackId, ...]:
    """Order stacks so that each comes after those it waits for.

    Stacks that are waited for but not given are left out.
    """
    known = {stack.id: stack for stack in stacks}
    graph = {i: [w for w in s.waits_for if w in known] for i, s in known.items()}
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    ordered: list[StackId] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda i: (LAYERS.index(i.layer), i.cell))
        ordered.extend(ready)
        sorter.done(*ready)
    return tuple(ordered)


def lower_peers(inventory: Inventory, cell: str) -> tuple[str, ...]:
    """The cells whose peering requests this cell accepts: those with a lower name."""
    return tuple(peer for peer in inventory.peers_of(cell) if peer < cell)


def higher_peers(inventory: Inventory, cell: str) -> tuple[str, ...]:
    """The cells that this cell sends a peering request to: those with a higher name."""
    return tuple(peer for peer in inventory.peers_of(cell) if peer > cell)


def resolving_hubs(inventory: Inventory, cell: str) -> tuple[str, ...]:
    """The hubs of a cell over which private names are resolved."""
    return tuple(h for h in inventory.hubs_of(cell) if inventory.hubs[h].dns_resolution)


def _stacks_of(inventory: Inventory, cell: str) -> Iterator[Stack]:
    region = inventory.region_of(cell)
    account = _account_inputs(inventory, cell)
    if account:
        yield Stack(id=StackId(cell, "account"), region=region, outputs={"account_id": "string"})
    yield Stack(id=StackId(cell, "network"), region=region, inputs=account, outputs=NETWORK_OUTPUTS)
    yield from _edge_stacks(inventory, cell, region, account)
    yield Stack(
        id=StackId(cell, "cluster"),
        region=region,
        inputs={**account, **_from(cell, "network", _cluster_takes(inventory, cell))},
        outputs=_cluster_gives(inventory, cell),
    )
    yield Stack(
        id=StackId(cell, "platform"),
        region=region,
        inputs={**account, **_from(cell, "cluster", _cluster_gives(inventory, cell))},
        outputs={"operator_version": "string"},
    )


_CLUSTER_TAKES = (
    *("zone_names", "node_subnet_ids", "pod_subnet_ids", "control_plane_subnet_ids"),
    "security_group_ids",
)
_INGRESS_TAKES = ("vpc_id", "endpoint_subnet_ids")
_ROUTE_TABLES = {"node_route_table_ids": NETWORK_OUTPUTS["node_route_table_ids"]}
_VPC_AND_ROUTE_TABLES = {"vpc_id": NETWORK_OUTPUTS["vpc_id"], **_ROUTE_TABLES}


def _edge_stacks(
    inventory: Inventory, cell: str, region: str, account: Mapping[str, Input]
) -> Iterator[Stack]:
    lower, higher = lower_peers(inventory, cell), higher_peers(inventory, cell)
    if higher or inventory.hubs_of(cell):
        peers = {"peer_vpc_ids": _of_each(higher, "network", "vpc_id")}
        unknown = [peer for peer in higher if _is_new(inventory, peer)]
        accounts = (
            {"peer_account_ids": _of_each(unknown, "account", "account_id")} if unknown else {}
        )
        yield Stack(
            id=StackId(cell, "peering"),
            region=region,
            inputs={
                **account,
                **_from(cell, "network", _VPC_AND_ROUTE_TABLES),
                **(peers if higher else {}),
                **accounts,
            },
            outputs={"connection_ids": "map(string)"},
        )
    if lower:
        connections = _of_each(lower, "peering", "connection_ids", key=cell)
        yield Stack(
            id=StackId(cell, "accept"),
            region=region,
            inputs={
                **account,
                **_from(cell, "network", _ROUTE_TABLES),
                "connection_ids": connections,
            },
            outputs={"accepted_ids": "map(string)"},
        )
    hubs = resolving_hubs(inventory, cell)
    if higher or hubs:
        accepted = {
            peer: Source(stack=StackId(peer, "accept"), output="accepted_ids", key=cell)
            for peer in higher
        }
        requested = {
            hub: Source(stack=StackId(cell, "peering"), output="connection_ids", key=hub)
            for hub in hubs
        }
        yield Stack(
            id=StackId(cell, "options"),
            region=region,
            inputs={
                **account,
                "connection_ids": Input(type="map(string)", sources={**accepted, **requested}),
            },
        )


def _cluster_takes(inventory: Inventory, cell: str) -> dict[str, VariableType]:
    more = _INGRESS_TAKES if inventory.type_of(cell).ingress is not None else ()
    return {name: NETWORK_OUTPUTS[name] for name in (*_CLUSTER_TAKES, *more)}


def _cluster_gives(inventory: Inventory, cell: str) -> Mapping[str, VariableType]:
    if inventory.type_of(cell).spark.history is None:
        return CLUSTER_OUTPUTS
    return {**CLUSTER_OUTPUTS, "event_log_bucket": "string"}


def _is_new(inventory: Inventory, cell: str) -> bool:
    return not isinstance(inventory.cells[cell].account, ExistingAccount)


def _account_inputs(inventory: Inventory, cell: str) -> dict[str, Input]:
    if not _is_new(inventory, cell):
        return {}
    return _from(cell, "account", {"account_id": "string"})


def _from(cell: str, layer: Layer, outputs: Mapping[str, VariableType]) -> dict[str, Input]:
    stack = StackId(cell, layer)
    return {n: Input(type=t, sources=Source(stack=stack, output=n)) for n, t in outputs.items()}


def _of_each(peers: Iterable[str], layer: Layer, output: str, *, key: str | None = None) -> Input:
    """A map by peer name: the same output of each peer, or one entry of it."""
    sources = {p: Source(stack=StackId(p, layer), output=output, key=key) for p in peers}
    return Input(type="map(string)", sources=sources)

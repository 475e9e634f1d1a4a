"""What the ways between cells lead over, as it was applied, held against the step that is next.

A step that removes something comes after the one that took every way off it. The records of the
cells' `routes` tell what each way leads over, so that nothing is removed that a way still needs,
whatever part of the inventory a run is about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cellfactory.design import Design
from cellfactory.errors import Finding, InventoryError
from cellfactory.inventory.interconnect import STEPS, Over, step_towards
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import Layer, StackId
from cellfactory.layers.edges import WAYS
from cellfactory.runs.standing import READERS
from cellfactory.runs.way_ends import check_ends
from cellfactory.terraform.kept_ways import route_rows
from cellfactory.terraform.record import Record
from cellfactory.terraform.registry import Registry
from cellfactory.words import counted

RULES = {
    "F770": "A mesh gives up its peerings while applied routes lead over one.",
    "F771": "A mesh gives up its gateway while applied routes lead over it, or a cell is attached.",
    "F772": "Routes of a mesh would move to where one of their ends is not ready yet.",
    "F773": "A mesh leaves its peerings to no state while connections are there.",
}
"""What each rule says; a number is never used again for something else."""

PLACE_RULES = {
    "F781": "A mesh names another network account than the one that its gateway stands in.",
}
"""What is said of where a gateway stands."""

PEERING: Over = "peering"
GATEWAY: Over = "gateway"
LAYERS: tuple[Layer, ...] = ("peering", "accept", "transit", "routes")
"""Those of a cell whose records tell where its ways are; and of a mesh: `segments`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellWays:
    """What is applied of the ways of a cell."""

    cell: str
    over: Mapping[str, str]  # what each way leads over, by peer and hub; empty where nothing is
    is_attached: bool  # to a gateway
    is_settled: bool  # no apply of its routes was broken off
    begun: Mapping[str, str]  # what that was to have each way lead over; empty where all is settled

    def may(self, what: str) -> bool:
        """Whether some way may lead over something: by what stood, or what was begun since."""
        if not self.is_settled and not self.begun:
            return bool(self.over)
        return what in self.over.values() or what in self.begun.values()


def read_ways(inventory: Inventory, mesh: str, registry: Registry) -> dict[str, CellWays]:
    """Read what is applied of the ways of each cell of a mesh, and of hubs we work in, by name.

    Raises:
        TerraformError: when the registry cannot be read (F603, F605).
    """
    cells = {
        cell: ways_of(
            inventory,
            cell,
            registry.read(StackId(cell, "routes")),
            registry.read(StackId(cell, "transit")),
        )
        for cell in inventory.members_of(mesh)
    }
    hubs = {
        hub: hub_ways_of(inventory, mesh, hub, registry.read(StackId(hub, "hub")))
        for hub in inventory.meshes[mesh].hubs
        if inventory.hubs[hub].route_tables
    }
    return cells | hubs


def hub_ways_of(inventory: Inventory, mesh: str, hub: str, record: Record | None) -> CellWays:
    """Put together what the record of a hub tells of its ways back to the cells of a mesh."""
    cells = inventory.members_of(mesh)
    over: Mapping[str, str] = {}
    if record is not None and record.outputs:
        told = record.outputs.get(WAYS)
        over = told if isinstance(told, dict) else dict.fromkeys(cells, PEERING)
    begun = {} if record is None or record.complete else _begun(record)
    return CellWays(
        cell=hub,
        over={cell: way for cell, way in over.items() if cell in cells},
        is_attached=False,
        is_settled=record is None or record.complete,
        begun={cell: way for cell, way in begun.items() if cell in cells},
    )


def ways_of(
    inventory: Inventory, cell: str, routes: Record | None, transit: Record | None
) -> CellWays:
    """Put together what the records of a cell tell; routes older than a gateway are of peerings."""
    over: dict[str, str] = {}
    if routes is not None and (routes.complete or routes.outputs):
        told = routes.outputs.get(WAYS)
        others = inventory.reached_from(cell)
        over = dict(told) if isinstance(told, dict) else dict.fromkeys(others, PEERING)
    attached = transit.outputs.get("attachment_ids") if transit is not None else None
    return CellWays(
        cell=cell,
        over=over,
        is_attached=bool(attached) or (transit is not None and not transit.complete),
        is_settled=routes is None or routes.complete,
        begun={} if routes is None or routes.complete else _begun(routes),
    )


def _begun(routes: Record) -> dict[str, str]:
    """Read what an apply that was broken off was to have each way lead over."""
    rows = route_rows(routes.sources).values()
    if not all("peer" in row for row in rows):
        return {}
    return {row["peer"]: row.get("over", PEERING) for row in rows}


def require_ways(design: Design, registry: Registry) -> None:
    """Refuse a step that removes what an applied way leads over.

    Raises:
        InventoryError: with every problem.
        TerraformError: when the registry cannot be read (F603, F605).
    """
    there = registry.stacks()
    meshes = _with_gateways(design.inventory, there)
    if meshes:
        _read_at_once(design.inventory, meshes, there, registry)
    found = [finding for mesh in meshes for finding in check_ways(design.inventory, mesh, registry)]
    if found:
        raise InventoryError(design.source.locate_all(found))


def _with_gateways(inventory: Inventory, there: Collection[StackId]) -> list[str]:
    """The meshes that describe a gateway, or have an attachment of one."""
    attached = {stack.owner for stack in there if stack.layer == "transit"}
    return [
        mesh
        for mesh, declared in inventory.meshes.items()
        if declared.gateway is not None or attached.intersection(inventory.members_of(mesh))
    ]


def _read_at_once(
    inventory: Inventory, meshes: list[str], there: Collection[StackId], registry: Registry
) -> None:
    """Have the registry know what is asked for next: one record at a time takes minutes of S3."""
    wanted = {StackId(mesh, layer) for mesh in meshes for layer in ("gateway", "segments")}
    wanted |= {
        StackId(cell, layer)
        for mesh in meshes
        for cell in inventory.members_of(mesh)
        for layer in LAYERS
    }
    with ThreadPoolExecutor(READERS) as pool:
        list(pool.map(registry.read, sorted(wanted.intersection(there))))


def check_ways(inventory: Inventory, mesh: str, registry: Registry) -> Iterator[Finding]:
    """Yield what a mesh gives up too early, or moves to too early.

    Rules:
        F770: its peerings. F771: its gateway. F772: routes. F773: states of connections.
        F781: the account that its gateway stands in.
    """
    yield from _check_account(inventory, mesh, registry)
    ways = read_ways(inventory, mesh, registry)
    given_up = tuple(_given_up(inventory, mesh, ways, registry))
    yield from given_up
    if not given_up:
        over = {c: told.over for c, told in ways.items() if c in inventory.cells}
        yield from check_ends(inventory, mesh, over, registry.read)


def _given_up(
    inventory: Inventory, mesh: str, ways: Mapping[str, CellWays], registry: Registry
) -> Iterator[Finding]:
    step = inventory.meshes[mesh].step
    if not step.peerings:
        yield from _still_over(inventory, mesh, ways, PEERING, "F770")
    if not step.attached:
        yield from _still_over(inventory, mesh, ways, GATEWAY, "F771")
    if not step.gateway:
        yield from _still_attached(inventory, mesh, ways)
    if inventory.meshes[mesh].interconnect == STEPS[-1]:
        yield from _still_connected(inventory, mesh, registry)


def _check_account(inventory: Inventory, mesh: str, registry: Registry) -> Iterator[Finding]:
    """Yield that a gateway stands elsewhere: another would be made, and every attachment of it."""
    declared = inventory.meshes[mesh]
    record = registry.read(StackId(mesh, "gateway"))
    if record is None or declared.gateway is None or record.account == declared.gateway.account:
        return
    yield Finding(
        rule="F781",
        path=("meshes", mesh, "gateway", "account"),
        message=f"the gateway of mesh {mesh!r} stands in account {record.account}, not in "
        f"{declared.gateway.account}",
        hint=f'write account: "{record.account}" again: a gateway does not move\n'
        f"for one in another account, go back to {STEPS[0]} step by step, and run cellfactory "
        "destroy --gone first",
    )


def _still_connected(inventory: Inventory, mesh: str, registry: Registry) -> Iterator[Finding]:
    """Yield that the states of connections leave the inventory with connections in them."""
    read = {cell: registry.read(StackId(cell, "peering")) for cell in inventory.members_of(mesh)}
    held = [cell for cell, told in read.items() if told and told.outputs.get("connection_ids")]
    if held:
        yield Finding(
            rule="F773",
            path=("meshes", mesh, "interconnect"),
            message=f"mesh {mesh!r} is at {STEPS[-1]}, and connections of "
            f"{counted(len(held), 'cell')} are still there: {_named(held)}",
            hint="write interconnect: retire again, and apply it: that deletes the connections",
        )


def _still_over(
    inventory: Inventory, mesh: str, ways: Mapping[str, CellWays], what: Over, rule: str
) -> Iterator[Finding]:
    """Yield the cells whose routes lead over what goes; of a broken apply any may."""
    late = [cell for cell, told in ways.items() if told.may(what)]
    if not late:
        return
    declared = inventory.meshes[mesh]
    back = step_towards(declared.interconnect, "soak" if what == PEERING else "both")
    words = " ".join(
        f"--{'cell' if one in inventory.cells else 'hub'} {one}" for one in late[:_SHOWN]
    )
    yield Finding(
        rule=rule,
        path=("meshes", mesh, "interconnect"),
        message=f"mesh {mesh!r} is at {declared.interconnect}, and routes of "
        f"{_named(late)} still lead over {_NAMES[what]}",
        hint=f"write interconnect: {back} again, then lock, synth and apply {words}",
    )


def _still_attached(
    inventory: Inventory, mesh: str, ways: Mapping[str, CellWays]
) -> Iterator[Finding]:
    attached = [cell for cell, told in ways.items() if told.is_attached]
    if attached:
        yield Finding(
            rule="F771",
            path=("meshes", mesh, "interconnect"),
            message=f"mesh {mesh!r} is at {inventory.meshes[mesh].interconnect}, and "
            f"{counted(len(attached), 'cell')} are attached to its gateway: {_named(attached)}",
            hint="write interconnect: prepare again, and apply it: that removes the attachments",
        )


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")


_SHOWN = 3
_NAMES = {PEERING: "a peering", GATEWAY: "the gateway"}

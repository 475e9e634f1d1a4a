"""Names that refer to something, and lists whose entries must differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import Facts
from cellfactory.inventory.endpoints import endpoint_services
from cellfactory.inventory.nearest import suggest
from cellfactory.inventory.schema import Cell, CellType, Inventory
from cellfactory.inventory.unreadable import (
    as_far_as_readable,
    at,
    lacks,
    names_of,
    peek,
    readable,
)

TYPE_LISTS = (
    *(("zones",), ("endpoints",), ("admins",), ("submitters",)),
    *(("viewers",), ("trusted_accounts",)),
    *(("control_plane_logs",), ("spark", "namespaces"), ("spark", "job_policies")),
)
"""Lists of a cell type in which an entry stands once."""

RESERVED_STARTS = {
    "amzn-s3-demo-": "flow log bucket",
    "internal-": "load balancer",
    "sg-": "security groups",
    "sthree-": "flow log bucket",
}
"""Beginnings that AWS keeps for itself, and what of a cell would begin so.

Source:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
"""


def check_references(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield names that nothing bears, and entries that stand twice.

    Rules:
        F110: a cell's type, mesh, organization or ring, a mesh's hub, or the node group of an
            ingress is not defined.
        F117: a hub lies in another Region than its mesh.
        F120: a cell's name is a hub's, too, or one that AWS refuses.
        F121: an entry is duplicated in a list.
    """
    yield from _check_cells(inventory)
    yield from _check_meshes(inventory)
    yield from _check_hubs(inventory)
    yield from _check_cell_types(inventory, facts)
    yield from _check_list(inventory, ("rings",), ())


@as_far_as_readable
def _check_cells(inventory: Inventory) -> Iterator[Finding]:
    for name in names_of(inventory.cells):
        yield from _check_reserved(name)
        yield from _check_apart(name, inventory)
    for name, cell in inventory.cells.items():
        for key in ("type", "mesh", "organization", "ring"):
            yield from _check_reference(inventory, cell, key, ("cells", name, key))


@as_far_as_readable
def _check_reference(
    inventory: Inventory, cell: Cell, key: str, path: KeyPath
) -> Iterator[Finding]:
    sections = {"type": "cell_types", "mesh": "meshes"}
    known = getattr(inventory, sections.get(key, f"{key}s"))
    yield from _unknown("cell type" if key == "type" else key, getattr(cell, key), known, path)


@as_far_as_readable
def _check_apart(name: str, inventory: Inventory) -> Iterator[Finding]:
    if name in names_of(inventory.hubs):
        message = f"{name!r} is also the name of a hub; peers need distinct names"
        yield Finding(rule="F120", path=("cells", name), message=message)


def _check_reserved(name: str) -> Iterator[Finding]:
    """Yield a name that cannot stand for a cell: what is named after it begins with it."""
    for start, bearer in RESERVED_STARTS.items():
        if name.startswith(start):
            message = f"the {bearer} of {name!r} cannot have a name that starts with {start!r}"
            yield Finding(rule="F120", path=("cells", name), message=message)


@as_far_as_readable
def _check_meshes(inventory: Inventory) -> Iterator[Finding]:
    for name, mesh in inventory.meshes.items():
        path = ("meshes", name, "hubs")
        yield from _check_list(mesh, ("hubs",), path[:-1])
        for index, hub in readable(peek(mesh, "hubs") or ()):
            yield from _check_hub(inventory, name, hub, (*path, index))


@as_far_as_readable
def _check_hub(inventory: Inventory, mesh: str, hub: str, path: KeyPath) -> Iterator[Finding]:
    yield from _unknown("hub", hub, inventory.hubs, path)
    region = inventory.meshes[mesh].region
    if hub in inventory.hubs and inventory.hubs[hub].region != region:
        message = f"hub {hub!r} is in {inventory.hubs[hub].region}, but mesh {mesh!r} in {region}"
        yield Finding(rule="F117", path=path, message=message)


@as_far_as_readable
def _check_hubs(inventory: Inventory) -> Iterator[Finding]:
    vpcs: dict[str, str] = {}
    for name, hub in inventory.hubs.items():
        vpc = peek(hub, "vpc")
        if vpc is not None and vpcs.setdefault(vpc, name) != name:
            message = f"hubs {vpcs[vpc]!r} and {name!r} are the same VPC, {vpc}"
            yield Finding(rule="F121", path=("hubs", name, "vpc"), message=message)


@as_far_as_readable
def _check_cell_types(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    for name, cell_type in inventory.cell_types.items():
        path = ("cell_types", name)
        for entries in TYPE_LISTS:
            yield from _check_list(cell_type, entries, path)
        yield from _check_alike(cell_type, facts, (*path, "endpoints"))
        yield from _check_ingress(cell_type, (*path, "ingress", "node_group"))


@as_far_as_readable
def _check_ingress(cell_type: CellType, path: KeyPath) -> Iterator[Finding]:
    if cell_type.ingress is not None:
        group = cell_type.ingress.node_group
        yield from _unknown("node group", group, cell_type.node_groups, path)


@as_far_as_readable
def _check_alike(cell_type: CellType, facts: Facts, path: KeyPath) -> Iterator[Finding]:
    """Yield endpoints that Terraform could not tell from another: it knows no dots in names."""
    services = endpoint_services(cell_type, facts)
    for index, service in readable(cell_type.endpoints):
        for other in services:
            if other != service and other.replace(".", "-") == service.replace(".", "-"):
                message = f"{service!r} and {other!r} are the same endpoint"
                yield Finding(rule="F121", path=(*path, index), message=message)


def _unknown(kind: str, name: str, known: Collection[str], path: KeyPath) -> Iterator[Finding]:
    if lacks(known, name):
        message = f"unknown {kind} {name!r}{suggest(name, names_of(known))}"
        yield Finding(rule="F110", path=path, message=message)


@as_far_as_readable
def _check_list(holder: object, keys: Sequence[str], path: KeyPath) -> Iterator[Finding]:
    """Yield what is duplicated in the list that is found below a value by its keys."""
    seen: dict[str, int] = {}
    for index, entry in readable(at(holder, keys) or ()):
        first = seen.setdefault(entry, index)
        if first != index:
            message = f"{entry!r} is duplicated in {keys[-1]}"
            yield Finding(rule="F121", path=(*path, *keys, index), message=message)

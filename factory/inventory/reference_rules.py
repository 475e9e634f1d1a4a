"""Names that refer to something, and lists whose entries must differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from factory.errors import Finding, KeyPath
from factory.inventory.endpoints import endpoint_services
from factory.inventory.nearest import suggest
from factory.inventory.schema import CellType, Inventory

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


def check_references(inventory: Inventory) -> Iterator[Finding]:
    """Yield names that nothing bears, and entries that stand twice.

    Rules:
        F110: a cell's type, mesh, organization or ring, a mesh's hub, or the node group of an
            ingress is not defined.
        F117: a hub lies in another Region than its mesh.
        F120: a cell's name is a hub's, too, or one that AWS refuses.
        F121: an entry stands twice in a list.
    """
    for name, cell in inventory.cells.items():
        yield from _check_name(name, inventory)
        for key, known in (
            ("type", inventory.cell_types),
            ("mesh", inventory.meshes),
            ("organization", inventory.organizations),
            ("ring", inventory.rings),
        ):
            kind = "cell type" if key == "type" else key
            yield from _unknown(kind, getattr(cell, key), known, ("cells", name, key))
    yield from _check_meshes(inventory)
    yield from _check_cell_types(inventory)
    yield from _twice(inventory.rings, ("rings",))


def _check_name(name: str, inventory: Inventory) -> Iterator[Finding]:
    """Yield a name that cannot stand for a cell: what is named after it begins with it."""
    if name in inventory.hubs:
        message = f"{name!r} is the name of a hub, too; peers are told apart by their names"
        yield Finding(rule="F120", path=("cells", name), message=message)
    for start, bearer in RESERVED_STARTS.items():
        if name.startswith(start):
            message = f"the {bearer} of {name!r} cannot bear a name that begins with {start!r}"
            yield Finding(rule="F120", path=("cells", name), message=message)


def _check_meshes(inventory: Inventory) -> Iterator[Finding]:
    for name, mesh in inventory.meshes.items():
        path = ("meshes", name, "hubs")
        yield from _twice(mesh.hubs, path)
        for index, hub in enumerate(mesh.hubs):
            yield from _unknown("hub", hub, inventory.hubs, (*path, index))
            region = inventory.hubs[hub].region if hub in inventory.hubs else mesh.region
            if region != mesh.region:
                message = f"hub {hub!r} is in {region}, but mesh {name!r} in {mesh.region}"
                yield Finding(rule="F117", path=(*path, index), message=message)
    vpcs: dict[str, str] = {}
    for name, known in inventory.hubs.items():
        if vpcs.setdefault(known.vpc, name) != name:
            message = f"hubs {vpcs[known.vpc]!r} and {name!r} are the same VPC, {known.vpc}"
            yield Finding(rule="F121", path=("hubs", name, "vpc"), message=message)


def _check_cell_types(inventory: Inventory) -> Iterator[Finding]:
    for name, cell_type in inventory.cell_types.items():
        path = ("cell_types", name)
        yield from _twice(cell_type.zones, (*path, "zones"))
        yield from _twice(cell_type.endpoints, (*path, "endpoints"))
        yield from _alike(cell_type, (*path, "endpoints"))
        yield from _twice(cell_type.admins, (*path, "admins"))
        yield from _twice(cell_type.spark.namespaces, (*path, "spark", "namespaces"))
        if cell_type.ingress is not None:
            group = cell_type.ingress.node_group
            where = (*path, "ingress", "node_group")
            yield from _unknown("node group", group, cell_type.node_groups, where)


def _alike(cell_type: CellType, path: KeyPath) -> Iterator[Finding]:
    """Yield endpoints that Terraform could not tell from another: it knows no dots in names."""
    services = endpoint_services(cell_type)
    for index, service in enumerate(cell_type.endpoints):
        for other in services:
            if other != service and other.replace(".", "-") == service.replace(".", "-"):
                message = f"{service!r} and {other!r} would be one endpoint; AWS knows one of them"
                yield Finding(rule="F121", path=(*path, index), message=message)


def _unknown(kind: str, name: str, known: Collection[str], path: KeyPath) -> Iterator[Finding]:
    if name not in known:
        message = f"unknown {kind} {name!r}{suggest(name, known)}"
        yield Finding(rule="F110", path=path, message=message)


def _twice(entries: Sequence[str], path: KeyPath) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for index, entry in enumerate(entries):
        first = seen.setdefault(entry, index)
        if first != index:
            message = f"{entry!r} stands twice in {path[-1]}"
            yield Finding(rule="F121", path=(*path, index), message=message)

"""Who may do what in a cluster, and how its instances are bought."""

from __future__ import annotations

from collections.abc import Iterator

from factory.errors import Finding, KeyPath
from factory.inventory.schema import CellType, Inventory, NodeGroup
from factory.inventory.unreadable import as_far_as_readable, peek, readable

_LISTS = ("admins", "submitters", "viewers")


def check_access(inventory: Inventory) -> Iterator[Finding]:
    """Yield what EKS or EC2 takes once only, or not together.

    Rules:
        F146: a principal in two of the lists of those who are let in.
        F147: capacity reservations for Spot instances.
    """
    yield from _check_cell_types(inventory)


@as_far_as_readable
def _check_cell_types(inventory: Inventory) -> Iterator[Finding]:
    for name, cell_type in inventory.cell_types.items():
        path: KeyPath = ("cell_types", name)
        yield from _check_people(cell_type, path)
        for pool, group in (peek(cell_type, "node_groups") or {}).items():
            yield from _check_reservations(group, (*path, "node_groups", pool, "reservations"))


def _check_people(cell_type: CellType, path: KeyPath) -> Iterator[Finding]:
    """Yield principals with two entries: EKS takes one for each.

    Source:
        https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html
    """
    seen: dict[str, str] = {}
    for name in _LISTS:
        for index, principal in readable(peek(cell_type, name) or []):
            before = seen.setdefault(principal, name)
            if before != name:
                yield Finding(
                    rule="F146",
                    path=(*path, name, index),
                    message=f"{principal} is already one of the {before}, and EKS accepts one "
                    "entry per principal",
                    hint="list it once; admins can do everything the others can",
                )


@as_far_as_readable
def _check_reservations(group: NodeGroup, path: KeyPath) -> Iterator[Finding]:
    """Yield reservations that no instance is ever started from.

    Source:
        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-reservations.html
    """
    if group.reservations is not None and group.capacity == "spot":
        message = "Spot Instances cannot use capacity reservations"
        yield Finding(rule="F147", path=path, message=message, hint="set capacity: on_demand")

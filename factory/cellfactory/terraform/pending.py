"""What a run leaves for people to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cellfactory.addressing.blocks import AddressPlan
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import StackId
from cellfactory.terraform.results import Result
from cellfactory.words import counted


def hub_requests(
    inventory: Inventory, plan: AddressPlan, results: Iterable[Result]
) -> Iterator[str]:
    """Say which peering requests wait for the owner of a hub, and what else is theirs to do.

    Pods leave a cell by the addresses of their nodes: only its primary block is routed back.

    Only requests that these results made are told: of older ones it is not known here whether
    the owner has accepted them since.
    """
    for result in results:
        cell = result.stack.cell
        if cell is None or cell not in inventory.cells:
            continue
        hubs = inventory.hubs_of(cell)
        for change in result.applied:
            made = (change.resource_type, change.action) == ("aws_vpc_peering_connection", "create")
            if made and change.key in hubs:
                hub = inventory.hubs[change.key]
                if hub.role is not None:
                    continue
                yield (
                    f"{cell} -> hub {change.key}: account {hub.account} has to "
                    f"accept {change.id or 'the request'} for {hub.vpc}, and to route "
                    f"{plan.cells[cell].primary} to it in the route tables of that VPC"
                )


def edges_to_ask(results: Iterable[Result]) -> Iterator[str]:
    """Say which cells have not asked all their peers, because too many requests wait."""
    for result in results:
        if result.edges_left and not result.broken:
            left = counted(result.edges_left, "connection")
            are = "is" if result.edges_left == 1 else "are"
            yield (
                f"{result.stack}: {left} {are} still to be asked for, once those that wait are "
                "accepted; apply the peers, or have hubs accept, and then apply it again"
            )


def orphaned(recorded: Iterable[StackId], stacks: Iterable[StackId]) -> tuple[StackId, ...]:
    """List the stacks that have a state but no place in the inventory, sorted."""
    return tuple(sorted(set(recorded) - set(stacks)))

"""The layers that join the cells of a mesh by a transit gateway.

`gateway` makes it in a network account and shares it with the account of each cell and hub;
`egress` makes a VPC beside it, through which cells with central egress reach the internet;
`transit` attaches a cell; `segments`, in the network account again, takes the attachments up and
says which of them reach each other. What a cell itself sends that way stands in its `routes`.
`link` and `linked` peer the gateway with those of other meshes, in whatever Region.

On the way back the order turns round: `segments` lets go of a cell before `transit` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cellfactory.facts.schema import Facts
from cellfactory.inventory.central import CentralEgress
from cellfactory.inventory.schema import ExistingAccount, Inventory
from cellfactory.layers.access import is_new_account, member_access, network_access
from cellfactory.layers.cell import TRANSIT_OUTPUTS, account_inputs, network_outputs
from cellfactory.layers.stack import Input, Stack, StackId, VariableType
from cellfactory.layers.wiring import entry, of_each, put_together, stack_id, whole

SHARE: Mapping[str, VariableType] = {"share_arn": "string"}
SHARED = "shared_ids"
"""The output that says, by cell, which gateway its account may use."""

WAY_OUT = "egress_ids"
"""The output that says, by mesh, the attachment of the VPC that leads to the internet."""

LINKED = "linked_ids"
"""The output that says, by mesh, over which gateway of ours its cells are reached."""

READY = "gateway_ids"
"""The output that says, by cell and hub, over which gateway it is reached."""


def has_invitation(inventory: Inventory, cell: str) -> bool:
    """Whether the account of a cell has to take up the share of its mesh's gateway.

    One of the gateway's own organization need not, where the organization lets RAM share in it.

    Source: https://docs.aws.amazon.com/ram/latest/userguide/getting-started-sharing.html
    """
    gateway = inventory.mesh_of(cell).gateway
    assert gateway is not None  # F760 has said so
    same = inventory.cells[cell].organization == gateway.organization
    return not (same and inventory.organizations[gateway.organization].resource_sharing)


def attached_hubs(inventory: Inventory, mesh: str) -> tuple[str, ...]:
    """The hubs of a mesh whose owners have attached them to its gateway, sorted."""
    hubs = inventory.meshes[mesh].hubs
    return tuple(sorted(hub for hub in hubs if mesh in inventory.hubs[hub].attachments))


def unknown_hub_accounts(inventory: Inventory, mesh: str) -> tuple[str, ...]:
    """The accounts of a mesh's hubs, sorted, that are neither its gateway's nor a cell's."""
    gateway = inventory.meshes[mesh].gateway
    assert gateway is not None  # F760 has said so
    owners = (inventory.cells[cell].account for cell in inventory.members_of(mesh))
    known = {gateway.account, *(each.id for each in owners if isinstance(each, ExistingAccount))}
    hubs = {inventory.hubs[hub].account for hub in inventory.meshes[mesh].hubs}
    return tuple(sorted(hubs - known))


def is_shared_outside(inventory: Inventory, mesh: str) -> bool:
    """Whether the share of a gateway has to take accounts that are invited.

    To RAM those of other organizations are external, and those of one's own where the organization
    does not let RAM share in it; nobody says whose the account of a hub is.

    Source: https://docs.aws.amazon.com/ram/latest/userguide/getting-started-sharing.html
    """
    invited = any(has_invitation(inventory, cell) for cell in inventory.members_of(mesh))
    return invited or bool(unknown_hub_accounts(inventory, mesh))


def gateway_stacks(inventory: Inventory, facts: Facts) -> Iterator[Stack]:
    """Yield the stacks of every mesh that has a gateway, and of its cells."""
    for mesh, declared in sorted(inventory.meshes.items()):
        cells = inventory.members_of(mesh)
        if not declared.step.gateway or not cells:
            continue
        yield _gateway(inventory, facts, mesh)
        if central_egress(inventory, mesh) is not None:
            yield _egress(inventory, facts, mesh)
        for cell in cells:
            yield _transit(inventory, facts, cell)
        yield from _links(inventory, facts, mesh)
        yield _segments(inventory, facts, mesh)


def _gateway(inventory: Inventory, facts: Facts, mesh: str) -> Stack:
    new = [cell for cell in inventory.members_of(mesh) if is_new_account(inventory, cell)]
    return Stack(
        id=stack_id(mesh, "gateway"),
        access=network_access(inventory, facts, mesh),
        inputs={"account_ids": put_together(of_each(new, "account", "account_id"))},
        outputs={"gateway_id": "string", **SHARE, SHARED: "map(string)"},
    )


def central_egress(inventory: Inventory, mesh: str) -> CentralEgress | None:
    """The way out of a mesh, which cells with central egress share; None where it has none."""
    gateway = inventory.meshes[mesh].gateway
    return None if gateway is None else gateway.egress


def _egress(inventory: Inventory, facts: Facts, mesh: str) -> Stack:
    is_attached = inventory.meshes[mesh].step.attached
    return Stack(
        id=stack_id(mesh, "egress"),
        access=network_access(inventory, facts, mesh),
        inputs=whole(mesh, "gateway", {"gateway_id": "string"}),
        outputs={WAY_OUT: "map(string)"},
        after=() if is_attached else (stack_id(mesh, "segments"),),
    )


def _transit(inventory: Inventory, facts: Facts, cell: str) -> Stack:
    mesh = inventory.cells[cell].mesh
    share = whole(mesh, "gateway", SHARE)
    return Stack(
        id=stack_id(cell, "transit"),
        access=member_access(inventory, facts, cell),
        inputs={
            **account_inputs(inventory, cell),
            **whole(cell, "network", {**network_outputs("vpc_id"), **TRANSIT_OUTPUTS}),
            "gateway_id": Input(type="string", sources=entry(mesh, "gateway", SHARED, cell)),
            **(share if has_invitation(inventory, cell) else {}),
        },
        outputs={"attachment_ids": "map(string)"},
        after=() if inventory.mesh_of(cell).step.attached else (stack_id(mesh, "segments"),),
    )


def higher_links(inventory: Inventory, mesh: str) -> tuple[str, ...]:
    """The meshes whose gateways are asked to peer: those with a higher name."""
    return tuple(peer for peer in inventory.linked_meshes(mesh) if peer > mesh)


def lower_links(inventory: Inventory, mesh: str) -> tuple[str, ...]:
    """The meshes whose requests to peer gateways are accepted: those with a lower name."""
    return tuple(peer for peer in inventory.linked_meshes(mesh) if peer < mesh)


def _links(inventory: Inventory, facts: Facts, mesh: str) -> Iterator[Stack]:
    """Yield the states that peer the gateway of a mesh with those of others, as cells peer."""
    higher, lower = higher_links(inventory, mesh), lower_links(inventory, mesh)
    access = network_access(inventory, facts, mesh)
    if higher:
        yield Stack(
            id=stack_id(mesh, "link"),
            access=access,
            inputs={
                **whole(mesh, "gateway", {"gateway_id": "string"}),
                "peer_gateway_ids": put_together(of_each(higher, "gateway", "gateway_id")),
            },
            outputs={"attachment_ids": "map(string)"},
        )
    if lower:
        asked = of_each(lower, "link", "attachment_ids", key=mesh)
        yield Stack(
            id=stack_id(mesh, "linked"),
            access=access,
            inputs={"attachment_ids": put_together(asked)},
            outputs={"accepted_ids": "map(string)"},
        )


def _link_inputs(inventory: Inventory, mesh: str) -> dict[str, Input]:
    """Take each link once both sides have it."""
    lower = {p: entry(mesh, "linked", "accepted_ids", p) for p in lower_links(inventory, mesh)}
    higher = of_each(higher_links(inventory, mesh), "linked", "accepted_ids", key=mesh)
    return {"link_ids": put_together(lower, higher)} if lower or higher else {}


def _segments(inventory: Inventory, facts: Facts, mesh: str) -> Stack:
    is_attached = inventory.meshes[mesh].step.attached
    ends = of_each([mesh] if is_attached else [], "egress", WAY_OUT, key=mesh)
    attached = inventory.members_of(mesh) if is_attached else ()
    links = _link_inputs(inventory, mesh)
    return Stack(
        id=StackId(mesh, "segments"),
        access=network_access(inventory, facts, mesh),
        inputs={
            **whole(mesh, "gateway", {"gateway_id": "string"}),
            "attachment_ids": put_together(
                {cell: entry(cell, "transit", "attachment_ids", cell) for cell in attached}
            ),
            **({WAY_OUT: put_together(ends)} if central_egress(inventory, mesh) else {}),
            **links,
        },
        outputs={READY: "map(string)", **({LINKED: "map(string)"} if links else {})},
        after=() if inventory.meshes[mesh].step.attached else _ways_around(inventory, mesh),
    )


def _ways_around(inventory: Inventory, mesh: str) -> tuple[StackId, ...]:
    """The routes that must have left the gateway before it lets go of the cells."""
    cells = inventory.members_of(mesh)
    joined = (cell for cell in cells if inventory.peers_of(cell) or inventory.hubs_of(cell))
    return tuple(stack_id(cell, "routes") for cell in joined)

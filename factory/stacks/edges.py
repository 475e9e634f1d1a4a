"""The layers `peering`, `accept` and `routes`: how a cell is joined to its peers and hubs."""

from __future__ import annotations

from factory.constructs.cdk import TerraformStack
from factory.constructs.peering import add_acceptances, add_requests
from factory.constructs.routes import add_requester_options, add_routes
from factory.constructs.specs import AcceptSpec, PeeringSpec, Request, RoutesSpec
from factory.layers import Stack
from factory.layers.access import account_id, is_new_account
from factory.layers.edges import higher_peers, lower_peers, resolving_hubs
from factory.stacks.frame import Outputs
from factory.stacks.parts import Parts


def describe_peering(parts: Parts, stack: Stack) -> PeeringSpec:
    """Collect the connections that a cell asks for: of its higher peers and of its hubs."""
    cell, inventory = stack.id.owner, parts.inventory
    peers = {
        peer: Request(vpc=f'${{var.peer_vpc_ids["{peer}"]}}', account=_account_of(parts, peer))
        for peer in higher_peers(inventory, cell)
    }
    hubs = {name: inventory.hubs[name] for name in inventory.hubs_of(cell)}
    asked = {name: Request(vpc=hub.vpc, account=hub.account) for name, hub in hubs.items()}
    return PeeringSpec(cell=cell, requests={**peers, **asked})


def build_peering(terraform: TerraformStack, spec: PeeringSpec) -> Outputs:
    """Add the requests."""
    return {"connection_ids": add_requests(terraform, spec)}


def describe_accept(parts: Parts, stack: Stack) -> AcceptSpec:
    """Collect the connections that a cell accepts: those of its lower peers."""
    return AcceptSpec(cell=stack.id.owner, peers=lower_peers(parts.inventory, stack.id.owner))


def build_accept(terraform: TerraformStack, spec: AcceptSpec) -> Outputs:
    """Add the acceptances."""
    return {"accepted_ids": add_acceptances(terraform, spec)}


def describe_routes(parts: Parts, stack: Stack) -> RoutesSpec:
    """Collect the ways of a cell to every peer and hub."""
    cell, inventory = stack.id.owner, parts.inventory
    peers = {peer: (parts.plan.cells[peer].primary,) for peer in inventory.peers_of(cell)}
    hubs = {name: tuple(inventory.hubs[name].blocks) for name in inventory.hubs_of(cell)}
    return RoutesSpec(
        zones=tuple(parts.plan.cells[cell].zones),
        blocks={**peers, **hubs},
        resolving=higher_peers(inventory, cell),
        resolving_hubs=resolving_hubs(inventory, cell),
    )


def build_routes(terraform: TerraformStack, spec: RoutesSpec) -> Outputs:
    """Add the routes, and the requesting side's names."""
    add_routes(terraform, spec)
    add_requester_options(terraform, spec)
    return {}


def _account_of(parts: Parts, peer: str) -> str:
    if is_new_account(parts.inventory, peer):
        return f'${{var.peer_account_ids["{peer}"]}}'
    return account_id(parts.inventory, peer)

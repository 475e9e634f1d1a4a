"""The layers `peering`, `accept`, `hub` and `routes`: how cells are joined to peers and hubs."""

from __future__ import annotations

from cellfactory.constructs.cdk import TerraformLocal, TerraformStack
from cellfactory.constructs.peering import add_acceptances, add_hub, add_requests
from cellfactory.constructs.routes import add_requester_options, add_routes
from cellfactory.layers.edges import WAYS
from cellfactory.layers.leaf import Rows
from cellfactory.specs.layers import AcceptSpec, HubSpec, PeeringSpec, RoutesSpec
from cellfactory.stacks.frame import Outputs


def build_peering(terraform: TerraformStack, spec: PeeringSpec) -> Outputs:
    """Add the requests."""
    return {"connection_ids": add_requests(terraform, spec)}


def build_accept(terraform: TerraformStack, spec: AcceptSpec) -> Outputs:
    """Add the acceptances."""
    return {"accepted_ids": add_acceptances(terraform, spec)}


def build_hub(terraform: TerraformStack, spec: HubSpec) -> Outputs:
    """Add the acceptances of a hub, and its routes back."""
    return {"accepted_ids": add_hub(terraform, spec), **_ways(terraform, spec.ways)}


def build_routes(terraform: TerraformStack, spec: RoutesSpec) -> Outputs:
    """Add the routes, and the requesting side's names."""
    add_routes(terraform, spec)
    add_requester_options(terraform, spec)
    return _ways(terraform, spec.ways)


def _ways(terraform: TerraformStack, ways: Rows | None) -> Outputs:
    if ways is None:
        return {}
    TerraformLocal(terraform, "over", ways)
    return {WAYS: "${{ for peer, way in local.over : peer => way.over }}"}

"""The one way from the spec of a stack to its Terraform; this starts Node.

The builder of a layer is told the spec and nothing else, so equal specs are equal Terraform.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cellfactory.constructs.cdk import App, TerraformStack
from cellfactory.layers import Layer
from cellfactory.specs.stack import StackSpec
from cellfactory.stacks import (
    access,
    account,
    cluster,
    edges,
    network,
    pipeline,
    platform,
    transit,
)
from cellfactory.stacks.frame import Outputs, close_stack, open_stack

_BUILD: Mapping[Layer, Callable[[TerraformStack, Any], Outputs]] = {
    "pipeline": pipeline.build,
    "bootstrap": access.build,
    "member": access.build,
    "netmember": access.build,
    "account": account.build,
    "network": network.build,
    "peering": edges.build_peering,
    "accept": edges.build_accept,
    "gateway": transit.build_gateway,
    "egress": transit.build_egress,
    "transit": transit.build_transit,
    "link": transit.build_link,
    "linked": transit.build_linked,
    "segments": transit.build_segments,
    "hub": edges.build_hub,
    "routes": edges.build_routes,
    "cluster": cluster.build,
    "platform": platform.build,
}


def build_stack(app: App, spec: StackSpec) -> None:
    """Add a stack to an app, by its spec alone."""
    terraform = open_stack(app, spec.frame)
    close_stack(terraform, spec.frame, _BUILD[spec.layer](terraform, spec.content))

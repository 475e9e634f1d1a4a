"""The spec of a whole stack: all that its Terraform is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cellfactory.layers import Layer, Stack
from cellfactory.specs import (
    access,
    account,
    cluster,
    edges,
    network,
    pipeline,
    platform,
    transit,
    way_out,
)
from cellfactory.specs.frame import Frame, describe_frame
from cellfactory.specs.layers import LayerSpec
from cellfactory.specs.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSpec:
    """Everything that a stack is made of."""

    layer: Layer
    frame: Frame
    content: LayerSpec


_DESCRIBE: Mapping[Layer, Callable[[Parts, Stack], LayerSpec]] = {
    "pipeline": pipeline.describe,
    "bootstrap": access.describe_organization,
    "member": access.describe_member,
    "netmember": access.describe_network_member,
    "account": account.describe,
    "network": network.describe,
    "peering": edges.describe_peering,
    "accept": edges.describe_accept,
    "gateway": transit.describe_gateway,
    "egress": way_out.describe_egress,
    "transit": transit.describe_transit,
    "link": transit.describe_link,
    "linked": transit.describe_linked,
    "segments": transit.describe_segments,
    "hub": edges.describe_hub,
    "routes": edges.describe_routes,
    "cluster": cluster.describe,
    "platform": platform.describe,
}


def describe_stack(parts: Parts, stack: Stack) -> StackSpec:
    """Collect everything that a stack is made of."""
    return StackSpec(
        layer=stack.id.layer,
        frame=describe_frame(parts.inventory.state, stack),
        content=_DESCRIBE[stack.id.layer](parts, stack),
    )

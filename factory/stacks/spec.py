"""The spec of a whole stack, and the one way from it to Terraform.

A stack is a row of `factory.layers.rows`, a frozen spec and a builder. The builder is told the
spec and nothing else, so equal specs are equal Terraform.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from factory.constructs.cdk import App, TerraformStack
from factory.constructs.specs import LayerSpec
from factory.layers import Layer, Stack
from factory.stacks import account, cluster, edges, network, platform
from factory.stacks.frame import Frame, Outputs, close_stack, describe_frame, open_stack
from factory.stacks.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSpec:
    """Everything that a stack is made of."""

    layer: Layer
    frame: Frame
    content: LayerSpec


@dataclass(frozen=True, slots=True)
class _Way:
    """How a layer's spec comes about, and what becomes of it."""

    describe: Callable[[Parts, Stack], LayerSpec]
    build: Callable[[TerraformStack, Any], Outputs]


_WAYS: Mapping[Layer, _Way] = {
    "account": _Way(account.describe, account.build),
    "network": _Way(network.describe, network.build),
    "peering": _Way(edges.describe_peering, edges.build_peering),
    "accept": _Way(edges.describe_accept, edges.build_accept),
    "routes": _Way(edges.describe_routes, edges.build_routes),
    "cluster": _Way(cluster.describe, cluster.build),
    "platform": _Way(platform.describe, platform.build),
}


def describe_stack(parts: Parts, stack: Stack) -> StackSpec:
    """Collect everything that a stack is made of."""
    return StackSpec(
        layer=stack.id.layer,
        frame=describe_frame(parts.inventory.state, stack),
        content=_WAYS[stack.id.layer].describe(parts, stack),
    )


def build_stack(app: App, spec: StackSpec) -> None:
    """Add a stack to an app, by its spec alone."""
    terraform = open_stack(app, spec.frame)
    close_stack(terraform, spec.frame, _WAYS[spec.layer].build(terraform, spec.content))

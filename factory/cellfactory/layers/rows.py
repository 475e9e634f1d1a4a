"""The table of layers: whose state each is, with which provider, and how it is treated.

What a layer is like stands here and nowhere else: no other module asks for a layer by its name to
find out. The order of rows is the order of work where nothing else decides it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

OwnerKind = Literal["factory", "organization", "mesh", "hub", "cell"]
"""Whose a state can be."""

Provider = Literal["aws", "helm"]
"""The one provider that a state configures, by its local name."""

Layer = Literal[
    "pipeline",
    "bootstrap",
    "member",
    "netmember",
    "account",
    "network",
    "gateway",
    "egress",
    "peering",
    "accept",
    "hub",
    "transit",
    "link",
    "linked",
    "segments",
    "routes",
    "cluster",
    "platform",
]
"""One Terraform state of its owner; a layer's name tells the kind of owner."""

LAYERS: tuple[Layer, ...] = get_args(Layer)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRow:
    """What is true of a layer, whoever owns it."""

    owner: OwnerKind = "cell"
    provider: Provider = "aws"
    kept_on_destroy: bool = False  # on real AWS given up only where the layer is named
    makes_account: bool = False
    holds_vpc: bool = False
    by_bootstrap: bool = False  # of the command `bootstrap` alone, with an administrator's keys
    needs_kubernetes: bool = False  # talks to the cluster's API, which no emulator has


ROWS: Mapping[Layer, LayerRow] = {
    "pipeline": LayerRow(owner="factory", kept_on_destroy=True, by_bootstrap=True),
    "bootstrap": LayerRow(owner="organization", kept_on_destroy=True, by_bootstrap=True),
    "member": LayerRow(kept_on_destroy=True, by_bootstrap=True),
    "netmember": LayerRow(owner="mesh", kept_on_destroy=True, by_bootstrap=True),
    "account": LayerRow(kept_on_destroy=True, makes_account=True),
    "network": LayerRow(holds_vpc=True),
    "gateway": LayerRow(owner="mesh"),
    "egress": LayerRow(owner="mesh"),
    "peering": LayerRow(),
    "accept": LayerRow(),
    "hub": LayerRow(owner="hub"),
    "transit": LayerRow(),
    "link": LayerRow(owner="mesh"),
    "linked": LayerRow(owner="mesh"),
    "segments": LayerRow(owner="mesh"),
    "routes": LayerRow(),
    "cluster": LayerRow(),
    "platform": LayerRow(provider="helm", needs_kubernetes=True),
}
"""Every layer."""

REBUILT: tuple[Layer, ...] = tuple(
    layer
    for layer in reversed(LAYERS)
    if ROWS[layer].owner == "cell" and not ROWS[layer].kept_on_destroy
)
"""What a cell is made of that can be destroyed and made again, as it is destroyed."""

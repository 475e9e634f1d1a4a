"""Hubs as `cells.yaml` says them: VPCs that exist already, and who accepts for them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from cellfactory.inventory import patterns
from cellfactory.inventory.values import (
    AccountId,
    AttachmentId,
    Block,
    Model,
    Name,
    Quotas,
    RegionName,
)


class HubRole(Model):
    """A role of a hub's account by which requests are accepted, and ways back made."""

    role: str = Field(
        pattern=patterns.HUB_ROLE,
        max_length=512,
        description="ARN of the role, in the hub's account. Plans take the one beside it whose "
        "name ends in Read.",
    )
    via: Name | None = Field(
        default=None,
        description="Organization whose provisioning role assumes it; whoever runs cellfactory "
        "assumes it by itself when unset.",
    )


def _kind_of_acceptance(value: Any) -> str:
    return HUB_ROLE if isinstance(value, HubRole | dict) else HUB_BY_HAND


HUB_BY_HAND, HUB_ROLE = "hub-by-hand", "hub-role"
Acceptance = Annotated[
    Annotated[Literal["manual"], Tag(HUB_BY_HAND)] | Annotated[HubRole, Tag(HUB_ROLE)],
    Discriminator(_kind_of_acceptance),
]
RouteTable = Annotated[str, Field(pattern=patterns.ROUTE_TABLE)]


class Hub(Model):
    """A VPC that exists already and that the factory does not own."""

    account: AccountId = Field(description="Account that owns the VPC.")
    vpc: str = Field(pattern=patterns.VPC_ID, description="Id of the VPC.")
    region: RegionName = Field(description="Region of the VPC.")
    blocks: list[Block] = Field(min_length=1, max_length=100, description="Every block of the VPC.")
    accept: Acceptance = Field(
        default="manual",
        description="Who accepts peering requests: `manual`, its owner by hand, or `{role: …}`, "
        "the factory by a role of the hub's account.",
    )
    route_tables: list[RouteTable] = Field(
        default=[],
        max_length=200,
        description="Route tables of the VPC that get a route back to each cell; needs "
        "`accept: {role: …}`.",
    )
    dns_resolution: bool = Field(
        default=False,
        description="Resolve private names over the peering, once it is accepted.",
    )
    attachments: dict[Name, AttachmentId] = Field(
        default={},
        description="Its attachment to the transit gateway of a mesh, by the mesh's name; its "
        "owner makes it.",
    )
    nau: int = Field(
        default=0, ge=0, le=10**9, description="Network address usage of the VPC now (NAU)."
    )
    quotas: Quotas

    @property
    def role(self) -> HubRole | None:
        """The role that accepts its requests; None where its owner does by hand."""
        return None if self.accept == "manual" else self.accept

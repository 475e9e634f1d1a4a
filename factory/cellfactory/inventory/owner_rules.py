"""Whose an account is: it belongs to one organization, whose roles lead there."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.errors import Finding
from cellfactory.inventory.schema import Inventory
from cellfactory.inventory.unreadable import as_far_as_readable, lacks, names_of, peek

RULES = {
    "F780": "The network account of a gateway would belong to two organizations.",
}
"""What each rule says; a number is never used again for something else."""


def check_owners(inventory: Inventory) -> Iterator[Finding]:
    """Yield gateways whose account belongs to another organization than they say.

    Rules:
        F780: see `RULES`.
    """
    owners = dict(_managed(inventory))
    for mesh in names_of(peek(inventory, "meshes") or ()):
        yield from _check_gateway(inventory, mesh, owners)


def _managed(inventory: Inventory) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each management account, its organization and what it is."""
    for name, organization in (peek(inventory, "organizations") or {}).items():
        account = peek(organization, "management_account")
        if account is not None:
            yield account, (name, "its management account")


@as_far_as_readable
def _check_gateway(
    inventory: Inventory, mesh: str, owners: dict[str, tuple[str, str]]
) -> Iterator[Finding]:
    """Hold one gateway against those before it, and remember whose its account is."""
    gateway = inventory.meshes[mesh].gateway
    if gateway is None or lacks(inventory.organizations, gateway.organization):
        return
    account, named = gateway.account, gateway.organization
    owner, by = owners.setdefault(account, (named, f"that of the gateway of mesh {mesh!r}"))
    if owner != named:
        yield Finding(
            rule="F780",
            path=("meshes", mesh, "gateway", "organization"),
            message=f"account {account} belongs to organization {owner!r} as {by}, and to "
            f"{named!r} as that of the gateway of mesh {mesh!r}",
            hint=f"write organization: {owner}, or give the gateway an account of {named!r}: the "
            "roles of one organization lead into an account",
        )

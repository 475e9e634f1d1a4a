"""The layer `account`: the account of a cell, where it is made."""

from __future__ import annotations

from cellfactory.inventory.schema import NewAccount
from cellfactory.layers import Stack
from cellfactory.specs.layers import AccountSpec
from cellfactory.specs.parts import Parts


def describe(parts: Parts, stack: Stack) -> AccountSpec:
    """Collect what the account is made of."""
    cell, inventory = stack.id.owner, parts.inventory
    account = inventory.cells[cell].account
    if not isinstance(account, NewAccount):
        msg = f"{stack.id} has an account already"
        raise TypeError(msg)
    region = inventory.region_of(cell)
    return AccountSpec(
        cell=cell,
        email=account.email,
        unit=account.ou,
        member_role=inventory.organization_of(cell).member_role,
        opt_in_region=region if parts.facts.regions[region].opt_in else None,
    )

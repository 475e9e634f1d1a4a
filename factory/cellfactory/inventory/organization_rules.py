"""How many accounts an organization may have, and where those go that are given up."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.errors import Finding
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory, NewAccount, Organization
from cellfactory.inventory.unreadable import as_far_as_readable, peek

QUOTA = "accounts-per-organization"


def organization_accounts(facts: Facts, organization: Organization) -> int:
    """Say how many accounts an organization may have, its management account included.

    A value above what AWS gives counts as the most that it gives.
    """
    quota = facts.quota(QUOTA)
    value = organization.quotas.get(quota.code, quota.default)
    return value if quota.maximum is None else min(value, quota.maximum)


def check_organizations(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield organizations that would hold more accounts than AWS lets them have.

    Only those that make an account are held against their quota: what exists already, fits.

    Rules:
        F138: more accounts than the quota of the organization.
        F168: the unit of accounts that are given up is one that cells are made in.
    """
    for name, organization in (peek(inventory, "organizations") or {}).items():
        yield from _check_organization(inventory, name, organization, facts)
        yield from _check_quarantine(inventory, name, organization)


@as_far_as_readable
def _check_quarantine(
    inventory: Inventory, name: str, organization: Organization
) -> Iterator[Finding]:
    unit = peek(organization, "quarantine_ou")
    for cell, declared in inventory.cells.items() if unit else ():
        account = peek(declared, "account")
        same = peek(declared, "organization") == name and isinstance(account, NewAccount)
        if same and account.ou == unit:
            yield Finding(
                rule="F168",
                path=("organizations", name, "quarantine_ou"),
                message=f"the account of cell {cell!r} is made in {unit}, which is the quarantine "
                f"of organization {name!r}",
                hint="name a unit of its own, whose policies deny what an account in quarantine "
                "must not do",
            )
            return


@as_far_as_readable
def _check_organization(
    inventory: Inventory, name: str, organization: Organization, facts: Facts
) -> Iterator[Finding]:
    cells = [cell for cell in inventory.cells.values() if peek(cell, "organization") == name]
    new = sum(isinstance(peek(cell, "account"), NewAccount) for cell in cells)
    most, count = organization_accounts(facts, organization), 1 + len(cells)
    if new and count > most:
        quota = facts.quota(QUOTA)
        yield Finding(
            rule="F138",
            path=("organizations", name),
            message=f"organization {name!r} has {count:,} accounts with its management account, "
            f"{new:,} of them still to be made; its quota is {most:,}",
            hint=f"have {quota.code} raised to {count:,} or more, counting accounts that are not "
            f"cells, and write it under quotas of the organization",
        )

"""What a cell was born with: what AWS or Terraform cannot change once it stands.

It stands in the lock beside the cell's blocks. Zones are not repeated here: they are those of the
cell's blocks. How an inventory is held against it is in `cellfactory.addressing.born`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network

from cellfactory.inventory.schema import ExistingAccount, Inventory, NewAccount
from cellfactory.inventory.values import IpFamily

EVERY_CELL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """What a cell was born with; the mesh is where it is now."""

    organization: str
    management_account: str  # twelve digits: what makes it that organization, whatever its name
    account: str | None  # twelve digits; None as long as the id of a made account is not known
    email: str | None  # of an account that was made; None where it was given
    member_role: str | None  # likewise: made with the account
    region: str
    mesh: str
    ip_family: IpFamily
    service_block: IPv4Network
    state_bucket: str
    state_region: str


Births = Mapping[str, Birth]
"""By cell name; a cell of an older lock has none until the lock is written anew."""


def birth_of(inventory: Inventory, cell: str) -> Birth:
    """Take from an inventory what a cell is being born with."""
    organization = inventory.organization_of(cell)
    account = inventory.cells[cell].account
    is_given = isinstance(account, ExistingAccount)
    return Birth(
        organization=inventory.cells[cell].organization,
        management_account=organization.management_account,
        account=account.id if isinstance(account, ExistingAccount) else None,
        email=account.email if isinstance(account, NewAccount) else None,
        member_role=None if is_given else organization.member_role,
        region=inventory.region_of(cell),
        mesh=inventory.cells[cell].mesh,
        ip_family=inventory.type_of(cell).ip_family,
        service_block=inventory.type_of(cell).service_block,
        state_bucket=inventory.state.bucket,
        state_region=inventory.state.region,
    )


def keep_births(
    births: Births, inventory: Inventory, accepted: Collection[str]
) -> dict[str, Birth]:
    """Keep what is known, add what is new, and take what people vouch for.

    Args:
        births: what the lock says, also of cells that left.
        inventory: every cell there is.
        accepted: cells whose organization, e-mail address, role and place of state were changed
            by hand, and are as the inventory says now; `all` is every cell, and the states of
            those that left, too.
    """
    kept = dict(births)
    for cell in inventory.cells:
        now, born = birth_of(inventory, cell), births.get(cell)
        if born is None:
            kept[cell] = now
        elif is_accepted(cell, accepted):
            kept[cell] = _vouched(born, now)
        else:
            kept[cell] = replace(born, mesh=now.mesh, organization=now.organization)
    for cell in births.keys() - inventory.cells.keys() if EVERY_CELL in accepted else ():
        kept[cell] = replace(
            births[cell],
            state_bucket=inventory.state.bucket,
            state_region=inventory.state.region,
        )
    return dict(sorted(kept.items()))


def is_accepted(cell: str, accepted: Collection[str]) -> bool:
    """Tell whether people vouch for a cell."""
    return cell in accepted or EVERY_CELL in accepted


def _vouched(born: Birth, now: Birth) -> Birth:
    """Take what can be changed by hand; an account that is known is never another one."""
    return replace(
        born,
        organization=now.organization,
        management_account=now.management_account,
        account=born.account or now.account,
        email=born.email and (now.email or born.email),
        member_role=born.member_role and (now.member_role or born.member_role),
        mesh=now.mesh,
        state_bucket=now.state_bucket,
        state_region=now.state_region,
    )


def learn_accounts(births: Births, accounts: Mapping[str, str]) -> dict[str, Birth]:
    """Add the ids of accounts that were made, by cell; one that is known never changes."""
    return {
        cell: born
        if born.account or cell not in accounts
        else replace(born, account=accounts[cell])
        for cell, born in births.items()
    }

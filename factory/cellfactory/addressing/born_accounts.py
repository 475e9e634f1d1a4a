"""Whether each cell has the account that it was born with, in the same organization."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.addressing.births import Birth
from cellfactory.addressing.ways import BESIDE, accept, renew
from cellfactory.errors import Finding, KeyPath
from cellfactory.inventory.schema import ExistingAccount, Inventory, NewAccount
from cellfactory.inventory.unreadable import as_far_as_readable

ANEW = f"everything would be created again in the other account: restore it, or {BESIDE}"


def check_organization(inventory: Inventory, cell: str, born: Birth) -> Iterator[Finding]:
    """Yield a cell whose organization has another management account; its name may change.

    Rules:
        F212: an account would have to move between organizations.
    """
    name = inventory.cells[cell].organization
    organization = inventory.organizations.get(name)
    if organization is None or organization.management_account == born.management_account:
        return
    edited: KeyPath = ("organizations", name, "management_account")
    yield Finding(
        rule="F212",
        path=edited if name == born.organization else ("cells", cell, "organization"),
        about=("cells", cell),
        message=f"cell {cell!r} was created in the organization of {born.management_account}, and "
        f"{name!r} is that of {organization.management_account}",
        hint="Terraform would lose track of the account, or not find its roles: restore it, or "
        f"{BESIDE}\nif the account was moved by invitation: {accept(cell)}",
    )


def check_role(inventory: Inventory, cell: str, born: Birth) -> Iterator[Finding]:
    """Yield an account that the factory made with another role; of an adopted one none is known.

    Rules:
        F220: `member_role` is another one than AWS made with the account.
    """
    name = inventory.cells[cell].organization
    organization = inventory.organizations.get(name)
    if organization is None or not isinstance(inventory.cells[cell].account, NewAccount):
        return
    is_same = organization.management_account == born.management_account
    if is_same and born.member_role and organization.member_role != born.member_role:
        yield Finding(
            rule="F220",
            path=("organizations", name, "member_role"),
            about=("cells", cell),
            message=f"the account of cell {cell!r} was made with the role {born.member_role}, not "
            f"{organization.member_role}",
            hint="AWS creates that role only with the account: restore the name\n"
            f"if you created the other role in the account yourself: {accept(cell)}",
        )


@as_far_as_readable
def check_account(
    inventory: Inventory, cell: str, born: Birth, *, vouched: bool
) -> Iterator[Finding]:
    """Yield a cell that would get another account.

    People can vouch for the id of an account whose id is not known, and for an e-mail address
    that they changed in AWS; an account that is known is never another one.

    Rules:
        F213: another id or e-mail address, or one in the place of the other.
    """
    account = inventory.cells[cell].account
    if isinstance(account, ExistingAccount):
        if account.id == born.account or (vouched and born.account is None):
            return
        now, own, hint = account.id, account.id, _ways_to_an_id(cell, born)
    else:
        if account.email == born.email or (vouched and born.email):
            return
        now, own, hint = f"a new one for {account.email}", account.email, _ways_anew(cell, born)
    stood = f"account {born.account}" if born.account else f"the account made for {born.email}"
    yield Finding(
        rule="F213",
        path=("cells", cell, "account"),
        message=f"cell {cell!r} was created in {stood}, but cells.yaml says {now}",
        hint=hint,
        own=tuple(filter(None, (born.account, born.email, own))),
    )


def _ways_to_an_id(cell: str, born: Birth) -> str:
    if born.account is None:
        return f"if that is its id: {accept(cell)}; otherwise restore it"
    return f"{ANEW}\n{renew(cell)}"


def _ways_anew(cell: str, born: Birth) -> str:
    if born.email is None:
        return f"{ANEW}\n{renew(cell)}"
    return f"{ANEW}\nif the e-mail address was changed in AWS: {accept(cell)}"

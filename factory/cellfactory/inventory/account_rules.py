"""One account is one cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cellfactory.errors import Finding, KeyPath
from cellfactory.inventory.schema import ExistingAccount, Inventory, NewAccount
from cellfactory.inventory.unreadable import as_far_as_readable, peek


def check_accounts(inventory: Inventory) -> Iterator[Finding]:
    """Yield accounts and e-mail addresses that are used twice.

    Rules:
        F116: two of all cells, hubs and organizations share an account, or two cells an e-mail
            address; hubs may share one with each other.
    """
    users: dict[str, str] = {}
    yield from _check_organizations(inventory, users)
    hub_users = dict(users)
    yield from _check_hubs(inventory, users, hub_users)
    yield from _check_cells(inventory, hub_users)


@as_far_as_readable
def _check_organizations(inventory: Inventory, users: dict[str, str]) -> Iterator[Finding]:
    for name, organization in inventory.organizations.items():
        user = f"the management account of organization {name!r}"
        path = ("organizations", name, "management_account")
        yield from _claim(users, peek(organization, "management_account"), user, path)


@as_far_as_readable
def _check_hubs(
    inventory: Inventory, users: Mapping[str, str], hub_users: dict[str, str]
) -> Iterator[Finding]:
    for name, hub in inventory.hubs.items():
        account = peek(hub, "account")
        yield from _claim(dict(users), account, f"hub {name!r}", ("hubs", name, "account"))
        hub_users.setdefault(account, f"the account of hub {name!r}")


@as_far_as_readable
def _check_cells(inventory: Inventory, users: dict[str, str]) -> Iterator[Finding]:
    for name, cell in inventory.cells.items():
        account, path = peek(cell, "account"), ("cells", name, "account")
        if isinstance(account, ExistingAccount):
            user = f"the account of cell {name!r}"
            yield from _claim(users, account.id, user, (*path, "id"))
        elif isinstance(account, NewAccount):
            user = f"the e-mail address of cell {name!r}"
            yield from _claim(users, account.email.lower(), user, (*path, "email"))


def _claim(users: dict[str, str], what: str | None, user: str, path: KeyPath) -> Iterator[Finding]:
    if what is None:  # it was refused
        return
    first = users.setdefault(what, user)
    if first is not user:
        message = f"{what} is already {first}"
        hint = "each cell needs its own account: an account's quotas bound its cell"
        yield Finding(rule="F116", path=path, message=message, hint=hint)

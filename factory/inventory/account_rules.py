"""One account is one cell."""

from __future__ import annotations

from collections.abc import Iterator

from factory.errors import Finding, KeyPath
from factory.inventory.schema import ExistingAccount, Inventory


def check_accounts(inventory: Inventory) -> Iterator[Finding]:
    """Yield accounts and e-mail addresses that are used twice.

    Rules:
        F116: two of all cells, hubs and organizations share an account, or two cells an e-mail
            address; hubs may share one with each other.
    """
    users: dict[str, str] = {}
    for name, organization in inventory.organizations.items():
        user = f"the management account of organization {name!r}"
        path: KeyPath = ("organizations", name, "management_account")
        yield from _claim(users, organization.management_account, user, path)
    hub_users = dict(users)
    for name, hub in inventory.hubs.items():
        yield from _claim(dict(users), hub.account, f"hub {name!r}", ("hubs", name, "account"))
        hub_users.setdefault(hub.account, f"the account of hub {name!r}")
    for name, cell in inventory.cells.items():
        path = ("cells", name, "account")
        if isinstance(cell.account, ExistingAccount):
            user, path = f"the account of cell {name!r}", (*path, "id")
            yield from _claim(hub_users, cell.account.id, user, path)
        else:
            user, path = f"the e-mail address of cell {name!r}", (*path, "email")
            yield from _claim(hub_users, cell.account.email.lower(), user, path)


def _claim(users: dict[str, str], what: str, user: str, path: KeyPath) -> Iterator[Finding]:
    first = users.setdefault(what, user)
    if first is not user:
        message = f"{what} is already {first}"
        hint = "each cell is one account of its own: its quotas are what bounds the cell"
        yield Finding(rule="F116", path=path, message=message, hint=hint)

"""One account is one cell; and what AWS has raised for an account must be possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from factory.errors import Finding, KeyPath
from factory.facts.schema import Facts, Quota, effective
from factory.inventory.schema import ExistingAccount, Inventory


def check_accounts(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield accounts that are used twice and quotas that cannot be.

    Rules:
        F116: two of all cells, hubs and organizations share an account, or two cells an e-mail
            address; hubs may share one with each other.
        F124: a quota cannot be raised to that; a warning where no limit here has the code.
    """
    yield from _check_shared(inventory)
    known = {quota.code: quota for quota in facts.quotas.values() if quota.code}
    for path, quotas in _quotas(inventory):
        for code, value in quotas.items():
            yield from _check_quota(known.get(code), value, (*path, "quotas", code))


def _check_shared(inventory: Inventory) -> Iterator[Finding]:
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


def _quotas(inventory: Inventory) -> Iterator[tuple[KeyPath, Mapping[str, int]]]:
    for name, hub in inventory.hubs.items():
        yield ("hubs", name), hub.quotas
    for name, cell_type in inventory.cell_types.items():
        yield ("cell_types", name), cell_type.quotas
    for name, cell in inventory.cells.items():
        yield ("cells", name), cell.quotas


def _check_quota(quota: Quota | None, value: int, path: KeyPath) -> Iterator[Finding]:
    if quota is None:
        message = f"no limit that is checked here has the code {path[-1]}"
        yield Finding(rule="F124", path=path, message=message, severity="warning")
        return
    try:
        effective(quota, value)
    except ValueError as error:
        yield Finding(rule="F124", path=path, message=str(error), hint=f"see {quota.source}")

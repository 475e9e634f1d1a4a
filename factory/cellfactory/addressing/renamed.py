"""Whether a new cell is an old one under another name."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.addressing.births import Birth
from cellfactory.addressing.lock import Lock
from cellfactory.errors import Finding
from cellfactory.inventory.schema import Account, ExistingAccount, Inventory
from cellfactory.inventory.unreadable import as_far_as_readable


@as_far_as_readable
def check_name(inventory: Inventory, lock: Lock, cell: str) -> Iterator[Finding]:
    """Yield a cell that is new, and takes the account of one that the lock knows.

    Two cells of the inventory that name one account are its own rules' matter; but the id of an
    account that the factory made stands in the lock alone.

    Rules:
        F218: the other cell left and was not released, or stands.
    """
    account = inventory.cells[cell].account
    for name, born in sorted(lock.births.items()):
        if not _is_same(account, born):
            continue
        if name in lock.removed:
            yield _renamed(cell, name, born)
        elif isinstance(account, ExistingAccount) and born.email:
            yield Finding(
                rule="F218",
                path=("cells", cell, "account"),
                message=f"cell {cell!r} uses the account of {name!r}, which exists",
                hint="each cell needs its own account",
            )


def _is_same(account: Account, born: Birth) -> bool:
    if isinstance(account, ExistingAccount):
        return account.id == born.account
    return born.email is not None and account.email.lower() == born.email.lower()


def _renamed(cell: str, name: str, born: Birth) -> Finding:
    known = f", {born.account}" if born.account and born.email else ""
    return Finding(
        rule="F218",
        path=("cells", cell, "account"),
        message=f"cell {cell!r} uses the account of {name!r}{known}, which was removed "
        "from the inventory but not released",
        hint=f"a cell cannot be renamed, since its name is part of every resource: restore "
        f"{name!r}\nto reuse the account: cellfactory destroy --cell {name} "
        f"--forget-accounts, then cellfactory lock --release {name}, and give "
        "the account by its id",
    )

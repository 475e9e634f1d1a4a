"""Whether a new cell is an old one under another name."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from difflib import SequenceMatcher

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


def likely_renames(came: Mapping[str, Hashable], went: Mapping[str, Hashable]) -> dict[str, str]:
    """Find which cells that come are likely ones that go, under another name.

    Of each kind as many have to come as go; of several, the names most alike are one cell's.

    Args:
        came: names that are new, each with what tells its kind.
        went: names that are gone, likewise.

    >>> likely_renames({"b-2": 1, "a-2": 1, "new": 2}, {"a": 1, "b": 1})
    {'a-2': 'a', 'b-2': 'b'}
    """
    found: dict[str, str] = {}
    for kind in set(came.values()) & set(went.values()):
        new = [name for name in came if came[name] == kind]
        old = [name for name in went if went[name] == kind]
        if len(new) == len(old):
            found |= _pairs(new, old)
    return dict(sorted(found.items()))


def _pairs(new: list[str], old: list[str]) -> dict[str, str]:
    """Pair names, the most alike first."""
    alike = sorted(
        (-SequenceMatcher(None, one, other).ratio(), one, other) for one in new for other in old
    )
    found: dict[str, str] = {}
    for _, one, other in alike:
        if one not in found and other not in found.values():
            found[one] = other
    return found


def check_renames(before: Lock, planned: Lock) -> Iterator[Finding]:
    """Yield each cell that is new where another one, alike in all but name and account, is gone.

    Args:
        before: the lock as it is.
        planned: the lock as the inventory has it.

    Rules:
        F225: it looks like a cell that was renamed (a warning).
    """
    known = {*before.cells, *before.removed}
    came = {n: _kind(planned.births[n]) for n in planned.cells if n not in known}
    went = {
        n: _kind(before.births[n])
        for n in before.cells.keys() & planned.removed.keys()
        if n in before.births
    }
    for new, old in likely_renames(came, went).items():
        yield Finding(
            rule="F225",
            path=("cells", new),
            message=f"cell {new!r} is new and {old!r} is gone, alike in all but name and account: "
            "it looks like a rename",
            hint=f"a cell cannot be renamed, since its name is part of every resource: {new!r} is "
            f"built anew, and {old!r} stands until cellfactory decommission {old}\n"
            f"to keep what stands, restore the name {old!r}",
            severity="warning",
        )


def _kind(born: Birth) -> Hashable:
    """What two cells have alike where one is the other one renamed, as far as the lock knows."""
    return born.management_account, born.mesh, born.region, born.service_block


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

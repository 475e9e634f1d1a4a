"""`quotas`: what an account was given, as lines for `cells.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

import typer

from cellfactory.cli.completion import complete_cells
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryText
from cellfactory.cli.output import Form, show
from cellfactory.credentials import open_session, require_account
from cellfactory.errors import UsageError
from cellfactory.facts.schema import Quota
from cellfactory.inventory.nearest import suggest
from cellfactory.inventory.schema import ExistingAccount, Inventory
from cellfactory.layers.access import member_access
from cellfactory.runs.reading import read_declared

SESSION = "cellfactory-quotas"


def quotas(
    account: Annotated[
        str,
        typer.Option(
            metavar="CELL",
            autocompletion=complete_cells,
            help="Cell, or the 12-digit id of its account.",
        ),
    ],
    inventory_file: InventoryText = DEFAULT_INVENTORY,
    current: Annotated[
        bool,
        typer.Option("--current", help="Use the current credentials; assume no role."),
    ] = False,
    form: Form = "text",
) -> None:
    """Propose quotas for cells.yaml from Service Quotas.

    Reads the applied values of one account. The cells need not fit yet.
    """
    from cellfactory.runs.live_quotas import read_quotas  # botocore, for this alone

    declared = read_declared(inventory_file)
    inventory, facts = declared.inventory, declared.facts
    cell, number = find_cell(inventory, account)
    access = member_access(inventory, facts, cell)
    region, sts_region = access.region, access.sts_region
    roles = () if current else access.roles
    session = open_session(roles, name=SESSION, region=region, sts_region=sts_region)
    require_account(session, number, sts_region)
    known = facts.quotas_by_code(region)
    live = read_quotas(session, known.values())
    for code, why in live.unread.items():
        typer.echo(f"{code} ({known[code].title}): {why}", err=True)
    lines = propose(cell, live.values, inventory.quotas_of(cell), known)
    text = "\n".join([f"# account {number}, {region}, from Service Quotas", *lines])
    show({"account": number, "cell": cell, "quotas": live.values}, text, (), form)


def find_cell(inventory: Inventory, account: str) -> tuple[str, str]:
    """Find the cell that is meant, and the number of its account.

    Raises:
        UsageError: when no cell has that name or account, or its account has no number yet.
    """
    for name, cell in inventory.cells.items():
        number = cell.account.id if isinstance(cell.account, ExistingAccount) else ""
        if account == name and not number:
            msg = f"the account of {name} does not exist yet: the first apply creates it"
            raise UsageError(msg)
        if account in (name, number):
            return name, number
    msg = f"unknown cell or account {account!r}{suggest(account, inventory.cells)}"
    raise UsageError(msg)


def propose(
    cell: str,
    live: Mapping[str, int],
    declared: Mapping[str, float],
    known: Mapping[str, Quota],
) -> Iterator[str]:
    """Write the `quotas` of a cell as YAML: what differs from AWS's default, and what changed.

    What cells.yaml has and Service Quotas did not tell stays as it is, and is marked.
    """
    kept = {c: v for c, v in live.items() if v != known[c].default or c in declared}
    untold = {code: int(value) for code, value in declared.items() if code not in live}
    yield f"{cell}:"
    yield "  quotas:" if kept or untold else "  quotas: {}  # nothing was raised"
    for code, value in sorted((kept | untold).items()):
        before = declared.get(code)
        changed = "" if before in (None, value) else f"; cells.yaml has {before:,.0f}"
        changed = "; not read, from cells.yaml" if code in untold else changed
        named = f"{known[code].title} ({known[code].unit})" if code in known else "unknown to us"
        yield f"    {code}: {value}  # {named}{changed}"

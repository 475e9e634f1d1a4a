"""What the outputs registry knows of each cell, held against the design before anything is planned.

A record keeps the Terraform that its stack was last applied with. What stands in it is what AWS
holds: the account, the Region, the blocks of the VPC.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from cellfactory.design import Design
from cellfactory.errors import Finding, InventoryError, TerraformError, has_error
from cellfactory.inventory.schema import ExistingAccount
from cellfactory.layers import Layer
from cellfactory.runs.reading import read_state
from cellfactory.specs.edges import EVERYWHERE
from cellfactory.terraform.advice import FORGET
from cellfactory.terraform.record import Record
from cellfactory.terraform.registry import Registry, open_registry
from cellfactory.terraform.workspace import CONFIGURATION
from cellfactory.words import counted

LAYERS_READ = ("account", "network", "routes")  # of each cell: its account, blocks and way out


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCell:
    """What a cell was last applied with; None or nothing where no record tells."""

    cell: str
    region: str
    account_id: str | None  # twelve digits
    email: str | None  # of an account that was made
    primary: IPv4Network | None
    pod_blocks: tuple[IPv4Network, ...]
    leaves_by_gateway: bool = False  # its default route leads over a transit gateway


RecordedCells = Mapping[str, RecordedCell]
"""By cell name; also cells that are not in the inventory."""

Check = Callable[[Design, RecordedCells], Iterable[Finding]]


def check_places(design: Design, cells: RecordedCells) -> Iterator[Finding]:
    """Yield cells that were applied elsewhere than they are planned.

    Rules:
        F222: other blocks, another Region or another account.
    """
    for cell in design.inventory.cells:
        if cell in cells and (told := _contradiction(design, cells[cell])):
            yield Finding(
                rule="F222",
                path=("cells", cell),
                message=f"cell {cell!r} was applied {told}",
                hint="the lock is missing or wrong: restore it from version control; or the "
                "registry belongs to another inventory",
            )


def _contradiction(design: Design, known: RecordedCell) -> str:
    blocks, born = design.plan.cells[known.cell], design.lock.births.get(known.cell)
    if known.primary is not None and known.primary != blocks.primary:
        return f"with {known.primary}, and the lock gives it {blocks.primary}"
    strange = [block for block in known.pod_blocks if block not in blocks.pod_blocks]
    if strange:
        return f"with {strange[0]} for its pods, which the lock does not give it"
    if known.region != design.inventory.region_of(known.cell):
        return f"in {known.region}, and lies in {design.inventory.region_of(known.cell)} now"
    if born and born.account and known.account_id and born.account != known.account_id:
        return f"in account {known.account_id}, and the lock names {born.account}"
    return ""


def check_renamed(design: Design, cells: RecordedCells) -> Iterator[Finding]:
    """Yield new cells whose account the registry knows under another name.

    Rules:
        F223: it would be made twice, or all in it be built a second time.
    """
    orphaned = {name: cell for name, cell in cells.items() if name not in design.inventory.cells}
    for cell, declared in design.inventory.cells.items():
        account = declared.account
        for name, known in sorted(orphaned.items()) if cell not in cells else ():
            if isinstance(account, ExistingAccount):
                is_same = account.id == known.account_id
            else:
                is_same = known.email is not None and account.email.lower() == known.email.lower()
            if is_same:
                yield Finding(
                    rule="F223",
                    path=("cells", cell, "account"),
                    message=f"the account of cell {cell!r} is {known.account_id}, which "
                    f"belongs to {name!r}",
                    hint=f"a cell cannot be renamed: restore {name!r}\nto reuse the account: "
                    f"destroy --cell {name} {FORGET}, then write account: "
                    f'{{id: "{known.account_id}"}}',
                )


def check_known(design: Design, cells: RecordedCells) -> Iterator[Finding]:
    """Yield a finding when nothing is recorded of what the lock holds.

    Rules:
        F224: an empty answer does not mean that nothing is there.
    """
    standing = [cell for cell in design.inventory.cells if cell in design.before.cells]
    if standing and not cells:
        yield Finding(
            rule="F224",
            path=("state",),
            message="the outputs registry is empty, though the lock holds "
            f"{counted(len(standing), 'cell')}",
            hint="check the registry and the state bucket: apply would create every cell again"
            "\nif nothing was applied yet: --first-apply",
        )


def check_way_out(design: Design, cells: RecordedCells) -> Iterator[Finding]:
    """Yield cells that would have two default routes in one table, which EC2 refuses.

    `network` adds the one to a NAT gateway before `routes` lets go of the one to the gateway.

    Rules:
        F759: from central egress to NAT gateways in one step.
    """
    for cell, known in cells.items():
        if cell not in design.inventory.cells or not known.leaves_by_gateway:
            continue
        if design.inventory.type_of(cell).egress == "nat_gateway":
            yield Finding(
                rule="F759",
                path=("cells", cell, "type"),
                message=f"cell {cell!r} was applied with egress central, and goes to nat_gateway "
                "in one step",
                hint="apply it with egress none first: a route table has one default route",
            )


CHECKS: tuple[Check, ...] = (check_places, check_renamed, check_way_out)
"""What AWS is known to hold against a design; their findings stop `plan` and `apply`."""


def read_accounts(inventory_file: Path, place: str) -> dict[str, str]:
    """Read the ids of the accounts of all cells out of an outputs registry, by cell.

    Raises:
        UsageError: when the inventory cannot be read, or the place is none.
        TerraformError: when the registry cannot be read (F603, F605).
    """
    state = read_state(inventory_file)
    cells = read_recorded(open_registry(place, state.region, state.kms_key))
    return {name: cell.account_id for name, cell in cells.items() if cell.account_id}


def require_recorded(
    design: Design,
    registry: Registry,
    checks: Iterable[Check] | None = None,
    *,
    first_apply: bool = True,
) -> None:
    """Refuse a design that contradicts what the registry knows; without checks nothing is read.

    Args:
        design: what is to be planned or applied.
        registry: what was applied.
        checks: those of `CHECKS` when None.
        first_apply: whether a registry that knows nothing is one that nothing was applied to.

    Raises:
        InventoryError: with every problem, warnings included, when one is an error.
        TerraformError: when the registry cannot be read (F603, F605).
    """
    chosen = CHECKS if checks is None else tuple(checks)
    chosen = chosen if first_apply else (*chosen, check_known)
    if not chosen:
        return
    cells = read_recorded(registry)
    findings = [finding for check in chosen for finding in check(design, cells)]
    if has_error(findings):
        raise InventoryError(design.source.locate_all(findings))


def read_recorded(registry: Registry) -> dict[str, RecordedCell]:
    """Read what is recorded of every cell, by name.

    Raises:
        TerraformError: when the registry cannot be read (F603, F605).
    """
    records: dict[str, list[Record]] = {}
    for stack in sorted(registry.stacks()):
        if stack.layer in LAYERS_READ and (record := registry.read(stack)):
            records.setdefault(stack.owner, []).append(record)
    return {
        cell: recorded_cell(cell, found)
        for cell, found in records.items()
        if any(record.stack.layer != "routes" for record in found)
    }


def recorded_cell(cell: str, records: Iterable[Record]) -> RecordedCell:
    """Put together what the records of a cell's `account`, `network` and `routes` layers tell.

    Args:
        cell: its name.
        records: some of them, one of the first two at least.

    Raises:
        TerraformError: when they hold what is no Terraform of ours (F603).
    """
    found = {record.stack.layer: record for record in records}
    try:
        return _told_by(cell, found)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = (
            f"the records of {cell} do not hold what we write: {type(error).__name__}: {error}"
        )
        raise TerraformError(Finding(rule="F603", message=message)) from error


def _told_by(cell: str, found: Mapping[Layer, Record]) -> RecordedCell:
    network = found.get("network")
    first = network or found["account"]
    document = _document(network)
    primaries = tuple(_blocks(document, "aws_vpc"))
    return RecordedCell(
        cell=cell,
        region=first.region,
        account_id=_made_account(found.get("account")) or (network.account if network else None),
        email=_email(found.get("account")),
        primary=primaries[0] if primaries else None,
        pod_blocks=tuple(sorted(_blocks(document, "aws_vpc_ipv4_cidr_block_association"))),
        leaves_by_gateway=_leaves_by_gateway(_document(found.get("routes"))),
    )


def _leaves_by_gateway(document: Mapping[str, Any]) -> bool:
    rows = document.get("locals", {}).get("routes", {}).values()
    return any(row["block"] == EVERYWHERE for row in rows)


def _document(record: Record | None) -> dict[str, Any]:
    try:
        document = json.loads(record.sources.get(CONFIGURATION, "{}")) if record else {}
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _made_account(record: Record | None) -> str | None:
    value = record.outputs.get("account_id") if record else None
    return value if isinstance(value, str) else None


def _email(record: Record | None) -> str | None:
    accounts = _document(record).get("resource", {}).get("aws_organizations_account", {})
    emails = (account.get("email") for account in accounts.values())
    return next((email for email in emails if isinstance(email, str)), None) if record else None


def _blocks(document: Mapping[str, Any], resource_type: str) -> Iterator[IPv4Network]:
    resources = document.get("resource", {}).get(resource_type, {})
    for resource in resources.values():
        yield IPv4Network(str(resource["cidr_block"]))

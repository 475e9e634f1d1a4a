"""What the outputs registry knows of each cell, held against the design before anything is planned.

A record keeps the Terraform that its stack was last applied with. What stands in it is what AWS
holds: the account, the Region, the blocks of the VPC.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from factory.design import Design
from factory.errors import Finding, InventoryError
from factory.terraform.record import Record
from factory.terraform.registry import Registry
from factory.terraform.workspace import CONFIGURATION

LAYERS_READ = ("account", "network")  # of each cell: where its account and its blocks stand


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCell:
    """What a cell was last applied with; None or nothing where no record tells."""

    cell: str
    region: str
    account_id: str | None  # twelve digits
    primary: IPv4Network | None
    pod_blocks: tuple[IPv4Network, ...]


RecordedCells = Mapping[str, RecordedCell]
"""By cell name; also cells that are not in the inventory."""

Check = Callable[[Design, RecordedCells], Iterable[Finding]]

CHECKS: tuple[Check, ...] = ()
"""What AWS is known to hold against a design; their findings stop `plan` and `apply`."""


def require_recorded(
    design: Design, registry: Registry, checks: Iterable[Check] | None = None
) -> None:
    """Refuse a design that contradicts what the registry knows; without checks nothing is read.

    Args:
        design: what is to be planned or applied.
        registry: what was applied.
        checks: those of `CHECKS` when None.

    Raises:
        InventoryError: with every problem, warnings included, when one is an error.
        TerraformError: when the registry cannot be read (F603, F605).
    """
    chosen = CHECKS if checks is None else tuple(checks)
    if not chosen:
        return
    cells = read_recorded(registry)
    findings = [finding for check in chosen for finding in check(design, cells)]
    if any(finding.severity == "error" for finding in findings):
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
    return {cell: recorded_cell(cell, found) for cell, found in records.items()}


def recorded_cell(cell: str, records: Iterable[Record]) -> RecordedCell:
    """Put together what the records of a cell's `account` and `network` layers tell.

    Args:
        cell: its name.
        records: one of them, or both.
    """
    found = {record.stack.layer: record for record in records}
    network = found.get("network")
    first = network or found["account"]
    document = _document(network) if network else {}
    primaries = tuple(_blocks(document, "aws_vpc"))
    return RecordedCell(
        cell=cell,
        region=first.region,
        account_id=_made_account(found.get("account")) or (network.account if network else None),
        primary=primaries[0] if primaries else None,
        pod_blocks=tuple(sorted(_blocks(document, "aws_vpc_ipv4_cidr_block_association"))),
    )


def _document(record: Record) -> dict[str, Any]:
    try:
        document = json.loads(record.sources.get(CONFIGURATION, "{}"))
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _made_account(record: Record | None) -> str | None:
    value = record.outputs.get("account_id") if record else None
    return value if isinstance(value, str) else None


def _blocks(document: Mapping[str, Any], resource_type: str) -> Iterator[IPv4Network]:
    resources = document.get("resource", {}).get(resource_type, {})
    for resource in resources.values():
        yield IPv4Network(resource["cidr_block"])

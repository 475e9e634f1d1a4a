"""How the hubs of a cell look, and the gateway of its mesh."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.runs.described import CellShown
from cellfactory.runs.described_ways import GatewayRow, HubRow
from cellfactory.views.style import Style

LABEL = 13  # columns


def line(label: str, text: str, style: Style) -> list[str]:
    """Write what something is called, and what it is, on as many lines as it takes."""
    return style.wrap(f"  {label:<{LABEL}} {text}", " " * (LABEL + 3))


def missing(shown: CellShown) -> str:
    """Say of an output why it is not there."""
    return "not known" if shown.why_not else "not applied yet"


def hub_lines(shown: CellShown, style: Style) -> Iterator[str]:
    """Write each hub: where it is, what it is reached over, and who accepts."""
    for row in shown.hubs:
        yield f"  {row.name}"
        yield from line("  VPC", f"{row.vpc} of account {row.account}, {row.region}", style)
        yield from line("  blocks", ", ".join(row.blocks), style)
        yield from line("  way", _way(shown, row), style)
        yield from line("  accepted by", _accepted(row), style)


def _way(shown: CellShown, row: HubRow) -> str:
    connection = row.connection or f"({missing(shown)})"
    if row.over == "gateway":
        return f"over the gateway by {row.attachment}"
    attached = f"; attached by {row.attachment}" if row.attachment else ""
    return f"over the peering {connection}{attached}"


def _accepted(row: HubRow) -> str:
    if row.role is None:
        return "its owner, by hand"
    done = {True: " (done)", False: " (not yet)", None: ""}[row.is_accepted]
    return f"{row.role}{done}"


def gateway_lines(shown: CellShown, row: GatewayRow, style: Style) -> Iterator[str]:
    """Write the gateway of the mesh: whose it is, how far, and where it leads."""
    yield from line("mesh", f"{row.mesh}, at {row.step}", style)
    yield from line("account", f"{row.account} of {row.organization}", style)
    if row.step == "peering":
        return
    yield from line("gateway", row.gateway or missing(shown), style)
    yield from line("attachment", row.attachment or missing(shown), style)
    if row.peers:
        yield from line("peered with", ", ".join(row.peers), style)
    if row.egress_block is not None:
        uses = "of this cell" if row.is_way_out else "not of this cell"
        vpc = f"{row.egress_block}, {row.egress_attachment or missing(shown)}"
        yield from line("way out", f"{vpc} ({uses})", style)

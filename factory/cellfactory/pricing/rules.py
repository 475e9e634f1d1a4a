"""What costs lack: a finding for each price that is not known, and each undeclared flow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cellfactory.errors import Finding, KeyPath
from cellfactory.inventory.schema import Inventory, Traffic
from cellfactory.pricing.costs import MeshCosts

RULES = {
    "F384": "No price is known for an item in a Region, so costs lack it (a warning).",
    "F385": "Traffic that a cell has a way for is not declared, so costs lack it (a warning).",
}
"""What each rule says; a number is never used again for something else."""


def check_costs(costs: Sequence[MeshCosts], inventory: Inventory) -> Iterator[Finding]:
    """Yield what the costs of cells lack, as they are declared; other ways are not asked for.

    Rules:
        F384: a price is not known.
        F385: traffic is not declared.
    """
    for mesh in costs:
        if mesh.sum.unpriced:
            yield _no_price(mesh, mesh.sum.unpriced)
    undeclared: dict[KeyPath, dict[str, None]] = {}
    for line in (line for mesh in costs for line in mesh.sum.lacking):
        if line.price is not None and line.asks_for in Traffic.model_fields:
            cell = inventory.cells[line.owner]
            path = ("cell_types", cell.type) if cell.traffic is None else ("cells", line.owner)
            undeclared.setdefault(path, {})[line.asks_for] = None
    yield from (_not_declared(path, tuple(keys)) for path, keys in undeclared.items())


def _no_price(mesh: MeshCosts, items: Sequence[str]) -> Finding:
    return Finding(
        rule="F384",
        path=("meshes", mesh.mesh, "region"),
        message=f"no price is known in {mesh.region}: {'; '.join(items)}",
        hint="the costs lack it; docs/decisions/0040-prices.md says how a price is added",
        severity="warning",
    )


def _not_declared(path: KeyPath, keys: Sequence[str]) -> Finding:
    kind = "cell type" if path[0] == "cell_types" else "cell"
    return Finding(
        rule="F385",
        path=path,
        message=f"the traffic of {kind} {path[1]!r} lacks {', '.join(keys)}",
        hint="the costs lack it; write, in gigabytes per month and cell: "
        f"traffic: {{{keys[0]}: …}}",
        severity="warning",
    )

"""How much one change may do: limits of the inventory, beside our policy."""

from __future__ import annotations

from pydantic import Field

from cellfactory.inventory.values import Model


class Guard(Model):
    """How much one change may do before somebody has to say why; a limit of 0 allows nothing."""

    cells: int | None = Field(
        default=None,
        ge=0,
        le=10_000,
        description="Cells that stand and are changed, other than by an edge of theirs that comes "
        "(cells); our policy guard-cells when unset.",
    )
    destroyed: int | None = Field(
        default=None,
        ge=0,
        le=1_000_000,
        description="Resources that are destroyed and not made again; our policy guard-destroyed "
        "when unset.",
    )
    replaced: int | None = Field(
        default=None,
        ge=0,
        le=1_000_000,
        description="Resources that are destroyed and made again; our policy guard-replaced when "
        "unset.",
    )
    nodes_drained: int | None = Field(
        default=None,
        ge=0,
        le=1_000_000,
        description="Nodes whose pods have to leave, of all cells together (nodes); our policy "
        "guard-nodes-drained when unset.",
    )
    nodes_drained_percentage: int | None = Field(
        default=None,
        ge=0,
        le=100,
        description="The same as a share of all nodes that stand (percent), in place of "
        "nodes_drained.",
    )
    edges_lost: int | None = Field(
        default=None,
        ge=0,
        le=1_000_000,
        description="Edges that go between cells that stay, or to their hubs (edges); our policy "
        "guard-edges-lost when unset.",
    )

"""`example-job`: a SparkApplication that lands on a node group of a cell, to begin from."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

import typer

from cellfactory.cli.completion import complete_cells, complete_pools
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryText
from cellfactory.cli.output import Form, show
from cellfactory.documents import render_data
from cellfactory.errors import UsageError
from cellfactory.inventory.nearest import suggest
from cellfactory.runs.reading import read_design


def example_job(
    cell: Annotated[
        str,
        typer.Option(
            "--cell", metavar="CELL", autocompletion=complete_cells, help="Cell to run in."
        ),
    ],
    pool: Annotated[
        str | None,
        typer.Option(
            "--pool",
            metavar="GROUP",
            autocompletion=complete_pools,
            help="Node group for executors [default: the largest]",
        ),
    ] = None,
    namespace: Annotated[
        str | None,
        typer.Option(
            "--namespace",
            metavar="NAME",
            help="Namespace for the job [default: the first of the cell]",
        ),
    ] = None,
    inventory_file: InventoryText = DEFAULT_INVENTORY,
    form: Form = "text",
) -> None:
    """Show a complete SparkApplication for a node group.

    Includes placement, event log and credentials.
    """
    from cellfactory.stacks.example_job import example_job as make_job  # for this command alone

    design = read_design(inventory_file)
    inventory = design.inventory
    _require("--cell", cell, inventory.cells)
    cell_type = inventory.type_of(cell)
    groups = cell_type.node_groups
    chosen = pool or max(groups, key=lambda name: groups[name].nodes_per_zone)
    _require("--pool", chosen, groups)
    if namespace is not None:
        _require("--namespace", namespace, cell_type.spark.namespaces)
    made = make_job(inventory, design.facts, cell, chosen, namespace)
    show({"job": made}, render_data(made).rstrip("\n"), (), form)


def _require(option: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        msg = f"{option}: unknown name {name!r}{suggest(name, known)}"
        raise UsageError(msg)

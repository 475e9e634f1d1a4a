"""`what-if`: how much of every limit a cell would take that nobody has declared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import typer

from factory.cli.sized import Form, PerMonth, Plot, Rebuild, Solve, Staged, show
from factory.errors import UsageError
from factory.facts.loader import load_facts
from factory.runs.size import size_question

Nodes = Annotated[
    int, typer.Option(help="Nodes of the cell, all zones together.", show_default=False)
]
Instance = Annotated[str, typer.Option(help="Its instance type.", show_default=False)]
Prefixes = Annotated[int | None, typer.Option(help="/28 prefixes of each node.")]
Zones = Annotated[int | None, typer.Option(help="Its zones.")]
MeshCells = Annotated[int | None, typer.Option("--cells", help="Cells of its mesh, all alike.")]
Hubs = Annotated[int | None, typer.Option(help="Hubs of its mesh.")]
HubNau = Annotated[int | None, typer.Option(help="NAU of all hubs together.")]
MaxPods = Annotated[int | None, typer.Option(help="Pods of each node.")]
MaxEni = Annotated[int | None, typer.Option(help="Interfaces that the CNI may use.")]
MaxUnavailable = Annotated[int | None, typer.Option(help="Nodes updated at once.")]
RootVolume = Annotated[int | None, typer.Option("--root-volume-gib", help="Root volume (GiB).")]
Churn = Annotated[float | None, typer.Option(help="Pods that come and go on a node, per second.")]
Cni = Annotated[str | None, typer.Option(help="Version of the VPC CNI.")]
Egress = Annotated[
    Literal["none", "nat_gateway"] | None, typer.Option(help="Its way to the internet.")
]
RegionName = Annotated[str | None, typer.Option(help="Its Region.")]
Level = Annotated[
    Literal["default", "maximum"] | None,
    typer.Option("--quotas", help="Quotas of its account: AWS's defaults, or all that it gives."),
]
Raised = Annotated[
    list[str] | None,
    typer.Option("--quota", metavar="CODE=VALUE", help="One raised quota; may be repeated."),
]


def what_if(
    nodes: Nodes,
    instance: Instance,
    prefixes: Prefixes = None,
    zones: Zones = None,
    cells: MeshCells = None,
    hubs: Hubs = None,
    hub_nau: HubNau = None,
    max_pods: MaxPods = None,
    max_eni: MaxEni = None,
    max_unavailable: MaxUnavailable = None,
    root_volume_gib: RootVolume = None,
    churn: Churn = None,
    cni: Cni = None,
    egress: Egress = None,
    region: RegionName = None,
    level: Level = None,
    quota: Raised = None,
    form: Form = "text",
    solve: Solve = False,
    rebuild: Rebuild = False,
    growth: PerMonth = None,
    scenario: Staged = None,
    plot: Plot = None,
) -> None:
    """Size a hypothetical cell.

    Reads no inventory. What is left open is told at the end, with the option that settles it.
    """
    asked = {
        "nodes": nodes,
        "instance": instance,
        "prefixes": prefixes,
        "zones": zones,
        "cells": cells,
        "hubs": hubs,
        "hub_nau": hub_nau,
        "max_pods": max_pods,
        "max_eni": max_eni,
        "max_unavailable": max_unavailable,
        "root_volume_gib": root_volume_gib,
        "churn": churn,
        "cni": cni,
        "egress": egress,
        "region": region,
        "level": level,
        "quotas": _parse_quotas(quota or ()) or None,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    sized = size_question(given, scenario, load_facts())
    show(sized, form, solved=solve, rebuilt=rebuild, plot=plot, per_month=growth)


def _parse_quotas(pairs: Sequence[str]) -> dict[str, int]:
    quotas: dict[str, int] = {}
    for pair in pairs:
        code, _, value = pair.partition("=")
        digits = value.replace(",", "").replace("_", "")
        if not (code and digits.isascii() and digits.isdigit()):
            msg = f"--quota {pair!r}: write it as L-CD17FD4B=512000"
            raise UsageError(msg)
        quotas[code] = int(digits)
    return quotas

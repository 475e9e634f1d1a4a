"""`what-if`: how much of every limit a cell would take that nobody has declared."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Annotated, Literal

import typer

from cellfactory.cli.completion import complete_instances, complete_regions
from cellfactory.cli.help import CELL, MESH, QUOTAS
from cellfactory.cli.sized import Form, PerMonth, Plot, Rebuild, Solve, Staged, show
from cellfactory.errors import UsageError
from cellfactory.facts.loader import load_facts
from cellfactory.runs.size import size_question

_cell, _mesh, _quotas = (
    functools.partial(typer.Option, rich_help_panel=p) for p in (CELL, MESH, QUOTAS)
)

Nodes = Annotated[int, _cell(metavar="N", help="Nodes in all zones together.", show_default=False)]
Instance = Annotated[
    str,
    _cell(
        metavar="TYPE",
        autocompletion=complete_instances,
        help="Instance type.",
        show_default=False,
    ),
]
Prefixes = Annotated[int | None, _cell(metavar="N", help="/28 prefixes per node.")]
Zones = Annotated[int | None, _cell(metavar="N", help="Availability Zones.")]
MaxPods = Annotated[int | None, _cell(metavar="N", help="Pods per node.")]
MaxEni = Annotated[int | None, _cell(metavar="N", help="Network interfaces the CNI may use.")]
MaxUnavailable = Annotated[int | None, _cell(metavar="N", help="Nodes updated at once.")]
RootVolume = Annotated[
    int | None, _cell("--root-volume-gib", metavar="GIB", help="Root volume in GiB.")
]
Churn = Annotated[
    float | None, _cell(metavar="RATE", help="Pods started and stopped per node and second.")
]
Cni = Annotated[str | None, _cell(metavar="VERSION", help="Version of the VPC CNI.")]
Egress = Annotated[
    Literal["none", "nat_gateway"] | None,
    _cell(metavar="KIND", help="Internet egress: none or nat_gateway."),
]
Family = Annotated[
    Literal["ipv4", "ipv6"] | None,
    _cell("--ip-family", metavar="FAMILY", help="Addresses of pods: ipv4 or ipv6."),
]
RegionName = Annotated[
    str | None, _cell(metavar="REGION", autocompletion=complete_regions, help="Region.")
]
MeshCells = Annotated[
    int | None, _mesh("--cells", metavar="N", help="Cells in the mesh, all alike.")
]
Hubs = Annotated[int | None, _mesh(metavar="N", help="Hub VPCs in the mesh.")]
HubNau = Annotated[int | None, _mesh(metavar="N", help="NAU of all hubs together.")]
Level = Annotated[
    Literal["default", "maximum"] | None,
    _quotas(
        "--quotas", metavar="LEVEL", help="AWS defaults or documented maximums: default or maximum."
    ),
]
Raised = Annotated[
    list[str] | None,
    _quotas("--quota", metavar="CODE=VALUE", help="A raised quota; may be repeated."),
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
    ip_family: Family = None,
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

    Reads no inventory. Assumptions are listed at the end, each with the option that sets it.
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
        "ip_family": ip_family,
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

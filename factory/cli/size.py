"""`size`: how much of every limit a cell and its mesh take, declared or only asked about."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from factory.cli.options import DEFAULT_INVENTORY, InventoryFile, Locked
from factory.cli.reading import plan_file
from factory.cli.size_answers import (
    cgnat_pool,
    inventory_pools,
    lead_seconds,
    rebuild_all,
    solve,
)
from factory.cli.size_solved import (
    rebuilt_json,
    render_rebuilt,
    render_solved,
    solved_json,
)
from factory.cli.size_text import owners_of, render_markdown, render_text, to_json, wrap
from factory.errors import SizingError, UsageError
from factory.facts.loader import load_facts
from factory.facts.schema import Facts, UnknownInstanceType
from factory.sizing.bounds import stage
from factory.sizing.ledger import size_inventory
from factory.sizing.setting import Setting, setting_of, size_setting
from factory.sizing.usage import Ledger, Scenario, mark_binding
from factory.sizing.whatif import WhatIf, WhatIfError, assumed, setting_of_what_if

Form = Literal["text", "json", "markdown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What was sized: a ledger, the owners to show in full, and each cell among its peers."""

    ledger: Ledger
    details: tuple[str, ...]
    setting: Setting | None  # of the one cell in question, when there is one
    pools: Mapping[str, tuple[int, int]]
    assumed: tuple[str, ...] = ()


def size(
    cells: Annotated[
        list[str] | None,
        typer.Argument(help="Cells or hubs to show in full.", show_default=False),
    ] = None,
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    locked: Locked = False,
    form: Annotated[Form, typer.Option("--format", help="Form of the ledger.")] = "text",
    backwards: Annotated[
        bool, typer.Option("--solve", help="Most nodes, most cells, and what mends one cell.")
    ] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Simulate its rebuild.")] = False,
    scenario: Annotated[
        Scenario | None, typer.Option(help="Let what may go wrong stop the work.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw one cell into a file that ends in .svg or .png.")
    ] = None,
    nodes: Annotated[
        int | None, typer.Option(help="Ask about a cell that is not declared, of so many nodes.")
    ] = None,
    instance: Annotated[str | None, typer.Option(help="With --nodes: its instance type.")] = None,
    prefixes: Annotated[
        int | None, typer.Option(help="With --nodes: /28 prefixes of each node.")
    ] = None,
    zones: Annotated[int | None, typer.Option(help="With --nodes: its zones.")] = None,
    mesh_cells: Annotated[
        int | None, typer.Option("--cells", help="With --nodes: cells of its mesh, all alike.")
    ] = None,
    hubs: Annotated[int | None, typer.Option(help="With --nodes: hubs of its mesh.")] = None,
    hub_nau: Annotated[
        int | None, typer.Option(help="With --nodes: NAU of all hubs together.")
    ] = None,
    max_pods: Annotated[int | None, typer.Option(help="With --nodes: pods of each node.")] = None,
    max_eni: Annotated[
        int | None, typer.Option(help="With --nodes: interfaces the CNI may use.")
    ] = None,
    max_unavailable: Annotated[
        int | None, typer.Option(help="With --nodes: nodes updated at once.")
    ] = None,
    root_volume_gib: Annotated[
        int | None, typer.Option(help="With --nodes: root volume (GiB).")
    ] = None,
    churn: Annotated[
        float | None,
        typer.Option(help="With --nodes: pods that come and go on a node, per second."),
    ] = None,
    cni: Annotated[str | None, typer.Option(help="With --nodes: version of the VPC CNI.")] = None,
    egress: Annotated[
        Literal["none", "nat_gateway"] | None,
        typer.Option(help="With --nodes: its way to the internet."),
    ] = None,
    region: Annotated[str | None, typer.Option(help="With --nodes: its Region.")] = None,
    quotas: Annotated[
        Literal["default", "maximum"] | None,
        typer.Option(help="With --nodes: quotas of its account."),
    ] = None,
    quota: Annotated[
        list[str] | None, typer.Option(metavar="CODE=VALUE", help="With --nodes: one raised quota.")
    ] = None,
) -> None:
    """Show how much of every limit the cells take; exit 4 where one that must hold does not."""
    asked = {
        "nodes": nodes,
        "instance": instance,
        "prefixes": prefixes,
        "zones": zones,
        "cells": mesh_cells,
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
        "level": quotas,
        "quotas": _parse_quotas(quota or []) or None,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    if given and cells:
        msg = "name cells of the inventory, or ask about another one with --nodes: not both"
        raise UsageError(msg)
    if given:
        subject = _what_if(given, scenario)
    else:
        subject = _declared(inventory_file, cells or [], scenario, locked=locked)
    if (backwards or rebuild or plot) and subject.setting is None:
        msg = "--solve, --rebuild and --plot are about one cell: name it"
        raise UsageError(msg)
    if plot and subject.setting:
        _draw(subject, subject.setting, plot)
    _show(subject, form, backwards=backwards, rebuild=rebuild)
    if not subject.ledger.fits:
        raise typer.Exit(SizingError.exit_code)


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


def _what_if(given: Mapping[str, Any], scenario: Scenario | None) -> Subject:
    if "nodes" not in given or "instance" not in given:
        msg = "to ask about another cell, give at least --nodes and --instance"
        raise UsageError(msg)
    facts = load_facts()
    try:
        question = WhatIf(**given)
        _require_possible(question.quotas, facts)
        setting = replace(setting_of_what_if(question, facts), scenario=scenario)
    except (WhatIfError, UnknownInstanceType) as error:
        raise UsageError(str(error)) from error
    return Subject(
        ledger=Ledger(mark_binding(size_setting(setting))),
        details=(setting.shape.name,),
        setting=setting,
        pools=cgnat_pool(setting.shape.pod_addresses),
        assumed=tuple(assumed(question, given, facts)),
    )


def _require_possible(quotas: Mapping[str, int], facts: Facts) -> None:
    known = {row.code: row for row in facts.quotas.values() if row.code}
    for code, value in quotas.items():
        if code not in known:
            msg = f"--quota {code}: no bound uses that quota"
            raise UsageError(msg)
        most = known[code].maximum
        if most is not None and value > most:
            msg = f"--quota {code}={value:,}: AWS gives at most {most:,} ({known[code].title})"
            raise UsageError(msg)


def _declared(
    inventory_file: Path, cells: Sequence[str], scenario: Scenario | None, *, locked: bool
) -> Subject:
    planned = plan_file(inventory_file, locked=locked)
    inventory, plan, facts = planned.inventory, planned.plan, planned.facts
    sized = size_inventory(inventory, plan, facts)
    ledger = Ledger(mark_binding(stage(sized, scenario)))
    owners = owners_of(ledger)
    for cell in cells:
        if cell not in owners:
            near = difflib.get_close_matches(cell, owners, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            msg = f"no cell or hub is named {cell!r}{meant}"
            raise UsageError(msg)
    details = tuple(cells) or (tuple(inventory.cells) if len(inventory.cells) == 1 else ())
    if len(details) != 1 or details[0] not in inventory.cells:
        return Subject(ledger=ledger, details=details, setting=None, pools={})
    cell = details[0]
    setting = replace(setting_of(inventory, plan, cell, facts), scenario=scenario)
    pools = inventory_pools(inventory, plan.cells[cell])
    return Subject(ledger=ledger, details=details, setting=setting, pools=pools)


def _show(subject: Subject, form: Form, *, backwards: bool, rebuild: bool) -> None:
    setting = subject.setting
    solved = solve(setting, dict(subject.pools)) if setting and backwards else None
    rebuilt = rebuild_all(setting) if setting and rebuild else ()
    if form == "json":
        document = to_json(subject.ledger)
        document["assumed"] = list(subject.assumed)
        if solved:
            document["solved"] = solved_json(solved)
        if rebuilt:
            document["rebuild"] = rebuilt_json(rebuilt)
        typer.echo(json.dumps(document, indent=2))
        return
    if form == "markdown":
        parts = [render_markdown(subject.ledger, subject.details or owners_of(subject.ledger))]
        fence, asked = "```text\n{}\n```", "**Not asked for**\n\n"
    else:
        tight = load_facts().policy_value("headroom-warn-share")
        plain = not _speaks_unicode()
        parts = [render_text(subject.ledger, subject.details, tight=tight, ascii_only=plain)]
        fence, asked = "{}", "not asked for\n"
    if solved:
        parts.append(fence.format(render_solved(solved)))
    if setting and rebuilt:
        lead = lead_seconds(setting) / 60
        allowed = setting.facts.policy_value("rebuild-minutes")
        parts.append(fence.format(render_rebuilt(setting.shape.name, rebuilt, lead, allowed)))
    if subject.assumed:
        listed = [f"- {said}" for said in subject.assumed]
        if form == "text":
            listed = [line for said in subject.assumed for line in wrap(said)]
        parts.append(asked + "\n".join(listed))
    typer.echo("\n\n".join(parts))


def _speaks_unicode() -> bool:
    try:
        "█▏".encode(sys.stdout.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def _draw(subject: Subject, setting: Setting, file: Path) -> None:
    """Draw the cell; what draws is loaded only now."""
    from factory.cli.size_plot import draw_cell

    draw_cell(subject.ledger.of(setting.shape.name), setting, file)
    typer.echo(f"drew {file}", err=True)

"""What a shell completes: names of the inventory, layers, stacks, rules and instance types.

An inventory is read as plain YAML and not checked; where it cannot be read, nothing is completed.
Neither Node nor Terraform is started.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

import typer

from cellfactory.documents import load_data
from cellfactory.facts.loader import load_facts
from cellfactory.files import read_text
from cellfactory.layers import LAYERS, ROWS, StackId
from cellfactory.runs.places import INVENTORY, find_inventory
from cellfactory.views.rules import all_rules

MOST_HELP = 60  # characters beside a name
_KINDS = {"cell": "cells", "mesh": "meshes", "organization": "organizations", "hub": "hubs"}

Complete = Callable[[typer.Context, str], list[Any]]


def complete_rules(incomplete: str) -> list[tuple[str, str]]:
    """Complete numbers of rules, each with what it says."""
    from cellfactory.policy.catalogue import RULES  # for those who complete alone

    known = {n: rule.sentence for n, rule in all_rules().items()}
    known |= {n: rule.title for n, rule in RULES.items()}
    ids = ((n.lower() if incomplete.islower() else n, sentence) for n, sentence in known.items())
    return [(n, sentence[:MOST_HELP]) for n, sentence in ids if n.startswith(incomplete)]


def complete_layers(incomplete: str) -> list[str]:
    """Complete names of layers."""
    return _beginning(incomplete, LAYERS)


def complete_instances(incomplete: str) -> list[str]:
    """Complete instance types that the facts know."""
    return _beginning(incomplete, load_facts().instances)


def complete_regions(incomplete: str) -> list[str]:
    """Complete Regions that the facts know."""
    return _beginning(incomplete, load_facts().regions)


def complete_cells(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete names of cells."""
    return _beginning(incomplete, _names(ctx, "cells"))


def complete_owners(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete names of cells and hubs."""
    return _beginning(incomplete, [*_names(ctx, "cells"), *_names(ctx, "hubs")])


def complete_hubs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete names of hubs."""
    return _beginning(incomplete, _names(ctx, "hubs"))


def complete_meshes(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete names of meshes."""
    return _beginning(incomplete, _names(ctx, "meshes"))


def complete_organizations(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete names of organizations."""
    return _beginning(incomplete, _names(ctx, "organizations"))


def complete_types(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete names of cell types."""
    return _beginning(incomplete, _names(ctx, "cell_types"))


def complete_pools(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete names of node groups, of whichever type."""
    types = _inventory(ctx).get("cell_types")
    groups = [
        name
        for cell_type in (types.values() if isinstance(types, dict) else ())
        if isinstance(cell_type, dict) and isinstance(cell_type.get("node_groups"), dict)
        for name in cell_type["node_groups"]
    ]
    return _beginning(incomplete, groups)


def complete_rings(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete names of rings."""
    from cellfactory.inventory.schema import Inventory  # pydantic, for this alone

    told = _inventory(ctx).get("rings")
    rings = told if isinstance(told, list | dict) else Inventory.model_fields["rings"].default
    return _beginning(incomplete, [name for name in rings if isinstance(name, str)])


def complete_stacks(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete names of stacks; some of them may have nothing to do."""
    stacks = (
        StackId(owner, layer).name
        for layer in LAYERS
        if not ROWS[layer].by_bootstrap
        for owner in _names(ctx, _KINDS[ROWS[layer].owner])
    )
    return _beginning(incomplete, stacks)


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]


def _names(ctx: typer.Context, kind: str) -> Collection[str]:
    told = _inventory(ctx).get(kind)
    return [name for name in told if isinstance(name, str)] if isinstance(told, dict) else ()


def _inventory(ctx: typer.Context) -> dict[str, Any]:
    """Read the inventory that the command line names so far, or would find."""
    folder = Path((ctx.parent.params.get("chdir") if ctx.parent else None) or ".")
    named = ctx.params.get("inventory_file") or INVENTORY
    file = find_inventory(folder) if named == INVENTORY else named
    try:
        told = load_data(read_text(folder / file)) if file else None
    except Exception:  # a shell waits for names, and can do nothing with a mistake
        return {}
    return told if isinstance(told, dict) else {}

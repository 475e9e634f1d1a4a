"""How a cell looks with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from cellfactory.runs.described import CellShown
from cellfactory.runs.listing import StackRow
from cellfactory.views.described_ways import LABEL, gateway_lines, hub_lines, line, missing
from cellfactory.views.listing import stacks_json, when
from cellfactory.views.style import PLAIN, Style


def render_shown(shown: CellShown, style: Style = PLAIN) -> str:
    """Render a cell: what it is, its addresses, nodes and peers, and where each stack stands."""
    row = shown.row
    lines = [style.paint("strong", row.name)]
    lines += _facts(shown, style)
    lines += ["", style.paint("strong", "addresses"), *_addresses(shown)]
    lines += ["", style.paint("strong", "nodes"), *_nodes(shown)]
    lines += ["", style.paint("strong", "peers"), *(_peers(shown) or ["  none"])]
    if shown.hubs:
        lines += ["", style.paint("strong", "hubs"), *hub_lines(shown, style)]
    if shown.gateway is not None:
        lines += ["", style.paint("strong", "gateway"), *gateway_lines(shown, shown.gateway, style)]
    lines += ["", style.paint("strong", "ways in"), *_ways(shown, style)]
    lines += ["", style.paint("strong", "stacks"), *_stacks(shown, shown.stacks, style)]
    if shown.shared and not shown.why_not:
        lines += ["", style.paint("strong", "stacks of its mesh and hubs")]
        lines += _stacks(shown, shown.shared, style)
    return "\n".join(lines)


def _facts(shown: CellShown, style: Style) -> Iterator[str]:
    row = shown.row
    unknown = "not known" if shown.why_not else "not made yet"
    email = f" ({shown.email})" if shown.email else ""
    yield from line("mesh", f"{row.mesh}, {row.region}", style)
    yield from line("ring, type", f"{row.ring}, {row.type}", style)
    yield from line("account", f"{row.account or unknown} of {row.organization}{email}", style)
    yield from line("roles", shown.roles[0], style)
    for role in shown.roles[1:]:
        yield from line("", f"then {role}", style)
    yield from line("Kubernetes", row.kubernetes, style)
    yield from line("VPC", shown.vpc or missing(shown), style)
    for what, bucket in shown.buckets.items():
        yield from line(what, f"s3://{bucket}/", style)
    yield from line("states", shown.states, style)


def _addresses(shown: CellShown) -> Iterator[str]:
    blocks = [str(one) for one in shown.addresses.blocks]
    uses = ["nodes, endpoints, control plane", *["pods"] * (len(blocks) - 1)]
    for one, use in zip(blocks, uses, strict=True):
        yield f"  {one:<{max(map(len, blocks))}}  {use}"
    kind = max((len(row.kind) for row in shown.subnets), default=0)
    block = max((len(row.block) for row in shown.subnets), default=0)
    for row in shown.subnets:
        name = row.kind.replace("_", " ")
        line = f"  {row.zone}  {name:<{kind}}  {row.block:<{block}}  {row.id or ''}"
        yield line.rstrip()


def _nodes(shown: CellShown) -> Iterator[str]:
    name = max((len(row.name) for row in shown.pools), default=0)
    kind = max((len(row.instance_type) for row in shown.pools), default=0)
    for row in shown.pools:
        many = f"{row.nodes_per_zone:,} in each zone"
        yield f"  {row.name:<{name}}  {row.instance_type:<{kind}}  {many}"
    yield f"  {shown.row.nodes:,} nodes in {sum(len(r.groups) for r in shown.pools):,} node groups"


def _peers(shown: CellShown) -> list[str]:
    rows = shown.peers
    name = max((len(row.name) for row in rows), default=0)
    blocks = max((len(", ".join(row.blocks)) for row in rows), default=0)
    ways = (row.connection or "" if row.over == "peering" else "over the gateway" for row in rows)
    return [
        f"  {row.name:<{name}}  {', '.join(row.blocks):<{blocks}}  {way}".rstrip()
        for row, way in zip(rows, ways, strict=True)
    ]


def _ways(shown: CellShown, style: Style) -> Iterator[str]:
    yield from line("API", f"{shown.endpoint or missing(shown)} (private)", style)
    yield f"  {'kubectl':<{LABEL}} {shown.kubeconfig}"
    yield from line("", "with a role or user of `admins`: without --role-arn", style)
    if shown.ui is not None:
        yield from line("Spark UIs", shown.ui, style)
    elif shown.ui_of is not None:
        yield f"  {'Spark UIs':<{LABEL}} http:// and what this tells:"
        yield f"  {'':<{LABEL}} {shown.ui_of}"


def _stacks(shown: CellShown, rows: Sequence[StackRow], style: Style) -> Iterator[str]:
    if shown.why_not:
        yield from style.wrap(f"  not known: {shown.why_not}")
        return
    width = max((len(row.stack.name) for row in rows), default=0)
    for row in rows:
        waits = ", ".join(stack.name for stack in row.waits_for)
        more = f", waits for {waits}" if waits and row.standing != "applied" else when(row)
        told = f"{row.standing.replace('-', ' ')}{more}"
        yield from style.wrap(f"  {row.stack.name:<{width}}  {told}", " " * (width + 4))


def to_json(shown: CellShown) -> dict[str, Any]:
    """Turn a cell into what a machine reads; null is what is not known."""
    row = asdict(shown.row)
    return {
        **{name: row[name] for name in row if name not in ("stacks", "applied", "unfinished")},
        "email": shown.email,
        "roles": list(shown.roles),
        "addresses": {
            "primary": str(shown.addresses.primary),
            "pods": [str(block) for block in shown.addresses.pod_blocks],
            "subnets": _rows(shown.subnets),
        },
        "node_groups": _rows(shown.pools),
        "peers": _rows(shown.peers),
        "hubs": _rows(shown.hubs),
        "gateway": asdict(shown.gateway) if shown.gateway else None,
        "buckets": dict(shown.buckets),
        "states": shown.states,
        "vpc": shown.vpc,
        "endpoint": shown.endpoint,
        "kubeconfig": shown.kubeconfig,
        "ui": shown.ui,
        "stacks": stacks_json(shown.stacks),
        "outputs": {layer: dict(found) for layer, found in shown.outputs.items()},
        "shared_stacks": stacks_json(shown.shared),
        "shared_outputs": {name: dict(found) for name, found in shown.shared_outputs.items()},
        "not_known": shown.why_not or None,
    }


def _rows(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]

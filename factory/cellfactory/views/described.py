"""How a cell looks with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from cellfactory.runs.described import CellShown
from cellfactory.views.listing import stacks_json, when
from cellfactory.views.style import PLAIN, Style

_LABEL = 13  # columns


def render_shown(shown: CellShown, style: Style = PLAIN) -> str:
    """Render a cell: what it is, its addresses, nodes and peers, and where each stack stands."""
    row = shown.row
    lines = [style.paint("strong", row.name)]
    lines += _facts(shown, style)
    lines += ["", style.paint("strong", "addresses"), *_addresses(shown)]
    lines += ["", style.paint("strong", "nodes"), *_nodes(shown)]
    lines += ["", style.paint("strong", "peers"), *(_peers(shown) or ["  none"])]
    lines += ["", style.paint("strong", "ways in"), *_ways(shown, style)]
    lines += ["", style.paint("strong", "stacks"), *_stacks(shown, style)]
    return "\n".join(lines)


def _facts(shown: CellShown, style: Style) -> Iterator[str]:
    row = shown.row
    unknown = "not known" if shown.why_not else "not made yet"
    email = f" ({shown.email})" if shown.email else ""
    yield from _line("mesh", f"{row.mesh}, {row.region}", style)
    yield from _line("ring, type", f"{row.ring}, {row.type}", style)
    yield from _line("account", f"{row.account or unknown} of {row.organization}{email}", style)
    yield from _line("roles", shown.roles[0], style)
    for role in shown.roles[1:]:
        yield from _line("", f"then {role}", style)
    yield from _line("Kubernetes", row.kubernetes, style)
    yield from _line("VPC", shown.vpc or _missing(shown), style)
    for what, bucket in shown.buckets.items():
        yield from _line(what, f"s3://{bucket}/", style)
    yield from _line("states", shown.states, style)


def _missing(shown: CellShown) -> str:
    return "not known" if shown.why_not else "not applied yet"


def _line(label: str, text: str, style: Style) -> list[str]:
    return style.wrap(f"  {label:<{_LABEL}} {text}", " " * (_LABEL + 3))


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
    lines = []
    for row in shown.peers:
        kind = "hub " if row.kind == "hub" else ""
        lines.append(
            f"  {kind}{row.name}  {', '.join(row.blocks)}  {row.connection or ''}".rstrip()
        )
    return lines


def _ways(shown: CellShown, style: Style) -> Iterator[str]:
    yield from _line("API", f"{shown.endpoint or _missing(shown)} (private)", style)
    yield f"  {'kubectl':<{_LABEL}} {shown.kubeconfig}"
    yield from _line("", "with a role or user of `admins`: without --role-arn", style)
    if shown.ui is not None:
        yield from _line("Spark UIs", shown.ui, style)
    elif shown.ui_of is not None:
        yield f"  {'Spark UIs':<{_LABEL}} http:// and what this tells:"
        yield f"  {'':<{_LABEL}} {shown.ui_of}"


def _stacks(shown: CellShown, style: Style) -> Iterator[str]:
    if shown.why_not:
        yield from style.wrap(f"  not known: {shown.why_not}")
        return
    width = max((len(row.stack.name) for row in shown.stacks), default=0)
    for row in shown.stacks:
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
        "buckets": dict(shown.buckets),
        "states": shown.states,
        "vpc": shown.vpc,
        "endpoint": shown.endpoint,
        "kubeconfig": shown.kubeconfig,
        "ui": shown.ui,
        "stacks": stacks_json(shown.stacks),
        "outputs": {layer: dict(found) for layer, found in shown.outputs.items()},
        "not_known": shown.why_not or None,
    }


def _rows(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]

"""What it costs to read a full mesh of 126 cells as one tree.

    python -m benchmarks.tree [--cells N] [--rounds N] [--json]

CPU seconds of this process, the median of several rounds: read the documents, spread every row,
follow every reference, also those within a stack; then look into every body as well. The second
column is without Python's cyclic garbage collector, which finds nothing and goes through all of it
again and again. The documents have the shape of our stacks; those of a cell's own layers are the
golden ones of `tests/synth` under its name.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any, cast

from cellfactory.layers import Access, Input, Layer, Source, Stack, StackId, VariableType
from cellfactory.tree import parser, rendering
from cellfactory.tree.tree import Tree, read_tree
from cellfactory.tree.written import read_string

HERE = Access(account="444444444444", roles=(), region="us-east-1", sts_region="us-east-1")

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "synth" / "golden"
LIKE = "moka-use1-b"
OWN_LAYERS = ("network", "cluster", "platform")
ZONES = ("use1-az1", "use1-az2", "use1-az4")
CELLS = 126
BUDGET = 1.0
"""CPU seconds for reading, spreading and following that we want to stay under."""


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description="Measure the tree of a full mesh.")
    options.add_argument("--cells", type=int, default=CELLS, help="cells of the mesh")
    options.add_argument("--rounds", type=int, default=5, help="how often")
    options.add_argument("--json", action="store_true", help="print JSON")
    given = options.parse_args()
    stacks, texts = mesh(given.cells)
    figures = _middle([_round(stacks, texts) for _ in range(given.rounds)])
    gc.disable()
    paused = _middle([_round(stacks, texts) for _ in range(given.rounds)])
    if given.json:
        print(json.dumps({"collected": figures, "paused": paused}, indent=2))
    else:
        print(_render(figures, paused))
    return 0


def _round(stacks: tuple[Stack, ...], texts: Mapping[str, str]) -> dict[str, float]:
    """Do everything once, with nothing remembered from before."""
    for remembered in (parser.parse_template, rendering.quoted, read_string):
        remembered.cache_clear()
    gc.collect()
    tree, read = _timed(lambda: read_tree(stacks, texts))
    resources, spread = _timed(lambda: sum(len(tree.resources(name)) for name in tree.stacks))
    edges, followed = _timed(lambda: sum(1 for _ in tree.edges()))
    _, bodies = _timed(lambda: _look_into(tree))
    assert not tree.missing
    return {
        "stacks": len(texts),
        "megabytes": sum(map(len, texts.values())) / 1e6,
        "resources": resources,
        "edges": edges,
        "read": read,
        "spread": spread,
        "followed": followed,
        "together": read + spread + followed,
        "every body": bodies,
    }


def _middle(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: median(row[name] for row in rounds) for name in rounds[0]}


def _timed(task: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.process_time()
    made = task()
    return made, time.process_time() - begun


def _look_into(tree: Tree) -> None:
    for _, resource in tree.all_resources():
        assert resource.body is not None


def _render(figures: Mapping[str, float], paused: Mapping[str, float]) -> str:
    counts = (
        "{stacks:.0f} stacks, {megabytes:.0f} MB, {resources:,.0f} resources, {edges:,.0f} edges"
    )
    head = f"{'CPU s':<12}{'':>8}{'no GC':>8}{'budget':>8}"
    lines = [counts.format(**figures), "", head]
    for name in ("read", "spread", "followed", "together", "every body"):
        budget = BUDGET if name == "together" else "-"
        lines.append(f"{name:<12}{figures[name]:>8.3f}{paused[name]:>8.3f}{budget:>8}")
    return "\n".join(lines)


# -- a mesh ----------------------------------------------------------------------------------------


def mesh(cells: int) -> tuple[tuple[Stack, ...], dict[str, str]]:
    """Make the stacks of a full mesh and their documents by name of the stack."""
    names = [f"cell-{number:03}" for number in range(cells)]
    texts = dict(_own_texts(names))
    stacks = [stack for name in names for stack in _own_stacks(name)]
    for name in names:
        for stack, document in _edge_stacks(name, names):
            stacks.append(stack)
            texts[stack.id.name] = json.dumps(document, indent=2, sort_keys=True)
    return tuple(stacks), texts


def _own_texts(names: list[str]) -> Iterator[tuple[str, str]]:
    for layer in OWN_LAYERS:
        golden = (GOLDEN / f"{LIKE}-{layer}.tf.json").read_text("utf-8")
        for name in names:
            yield _id(name, layer).name, golden.replace(LIKE, name)


def _own_stacks(cell: str) -> Iterator[Stack]:
    for layer in OWN_LAYERS:
        document = json.loads((GOLDEN / f"{LIKE}-{layer}.tf.json").read_text("utf-8"))
        producer = {"cluster": "network", "platform": "cluster"}.get(layer)
        inputs = {
            name: _from(body["type"], cell, str(producer), name)
            for name, body in document.get("variable", {}).items()
        }
        yield Stack(id=_id(cell, layer), access=HERE, inputs=inputs)


def _edge_stacks(cell: str, names: list[str]) -> Iterator[tuple[Stack, dict[str, Any]]]:
    higher, lower = ([n for n in names if n > cell], [n for n in names if n < cell])
    if higher:
        rows = {n: _row(cell, n, vpc_id=f'${{var.peer_vpc_ids["{n}"]}}') for n in higher}
        inputs = {
            "vpc_id": _from("string", cell, "network", "vpc_id"),
            "peer_vpc_ids": _from_each(higher, "network", "vpc_id", None),
        }
        connection = {"peer_vpc_id": "${each.value.vpc_id}", "vpc_id": "${var.vpc_id}"}
        yield _edges(cell, "peering", "aws_vpc_peering_connection", inputs, rows, connection, names)
    if lower:
        rows = {n: _row(cell, n, connection_id=f'${{var.connection_ids["{n}"]}}') for n in lower}
        inputs = {"connection_ids": _from_each(lower, "peering", "connection_ids", cell)}
        accepter = {"vpc_peering_connection_id": "${each.value.connection_id}"}
        kind = "aws_vpc_peering_connection_accepter"
        yield _edges(cell, "accept", kind, inputs, rows, accepter, names)


def _edges(
    cell: str,
    layer: str,
    kind: str,
    inputs: Mapping[str, Input],
    rows: Mapping[str, Any],
    body: Mapping[str, Any],
    names: list[str],
) -> tuple[Stack, dict[str, Any]]:
    """Make one side's stack of edges, with the routes to these peers."""
    tables = {"node_route_table_ids": _from("map(string)", cell, "network", "node_route_table_ids")}
    blocks = {peer: f"10.{names.index(peer)}.0.0/20" for peer in rows}
    routes = {
        f"{zone} {block}": {"block": block, "peer": peer, "zone": zone}
        for peer, block in blocks.items()
        for zone in ZONES
    }
    route = {
        "for_each": "${local.routes}",
        "route_table_id": "${var.node_route_table_ids[each.value.zone]}",
        "destination_cidr_block": "${each.value.block}",
        "vpc_peering_connection_id": f"${{{kind}.peer[each.value.peer].id}}",
    }
    edge = {"for_each": "${local.edges}", "tags": {"Name": "${each.value.edge}"}, **body}
    ids = f"${{{{ for peer, edge in {kind}.peer : peer => edge.id }}}}"
    return (
        Stack(id=_id(cell, layer), access=HERE, inputs={**inputs, **tables}),
        {
            "locals": {"edges": rows, "routes": routes},
            "output": {"connection_ids": {"value": ids}},
            "resource": {kind: {"peer": edge}, "aws_route": {"to-peer": route}},
        },
    )


def _row(cell: str, peer: str, **more: str) -> dict[str, str]:
    return {"edge": "--".join(sorted((cell, peer))), **more}


def _id(cell: str, layer: str) -> StackId:
    return StackId(cell, cast("Layer", layer))


def _from(kind: VariableType, cell: str, layer: str, output: str) -> Input:
    return Input(type=kind, sources=Source(stack=_id(cell, layer), output=output))


def _from_each(peers: list[str], layer: str, output: str, key: str | None) -> Input:
    sources = {peer: Source(stack=_id(peer, layer), output=output, key=key) for peer in peers}
    return Input(type="map(string)", sources=sources)


if __name__ == "__main__":
    sys.exit(main())

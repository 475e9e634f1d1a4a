"""A mesh as `apply` leaves it in the registry, and what is left of it when cells leave."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from cellfactory.addressing.lock_file import render_lock
from cellfactory.design import Design, Texts, make_design
from cellfactory.facts.loader import load_facts
from cellfactory.layers import Stack, StackId, list_stacks
from cellfactory.layers.edges import higher_peers, lower_peers
from cellfactory.runs.request import Request
from cellfactory.terraform.record import Record
from cellfactory.terraform.workspace import Sources, digest_sources
from tests.inventories import data, render
from tests.unit.runs.conftest import Place

CELLS = ("cell-000", "cell-001", "cell-002")
KINDS = {
    "peering": "aws_vpc_peering_connection.peer",
    "accept": "aws_vpc_peering_connection_accepter.peer",
}
ROWS = {**KINDS, "routes": "aws_route.to-peer"}
"""What each layer that joins cells has for each of them."""

VALUES: Mapping[str, Any] = {"string": "x", "map(string)": {}, "list(string)": []}


def designs(*gone: str, cells: int = 3, **changes: Any) -> tuple[Design, Design]:
    """Design a mesh, and the same one without some cells, with the lock of the first."""
    whole = data(cells, **changes)
    before = _design(whole, None)
    rest = {name: cell for name, cell in whole["cells"].items() if name not in gone}
    return before, _design({**whole, "cells": rest}, render_lock(before.lock))


def _design(made: Mapping[str, Any], lock: str | None) -> Design:
    texts = Texts(
        inventory=render(made), inventory_file="cells.yaml", lock=lock, lock_file="cells.lock.yaml"
    )
    return make_design(texts, load_facts())


def sources_of(design: Design, stack: Stack) -> Sources:
    """What `synth` would write of a stack, as far as its edges go."""
    inventory, cell = design.inventory, stack.id.owner
    tables: dict[str, Any] = {}
    if stack.id.layer == "peering":
        tables["edges"] = {peer: {} for peer in higher_peers(inventory, cell)}
    if stack.id.layer == "accept":
        tables["edges"] = {peer: {} for peer in lower_peers(inventory, cell)}
    if stack.id.layer == "routes":
        tables["routes"] = {
            f"node-use1-az1 {block}": {"peer": peer, "block": str(block)}
            for peer in inventory.peers_of(cell)
            for block in [design.plan.cells[peer].primary]
        }
        tables["resolving"] = {peer: {} for peer in higher_peers(inventory, cell)}
    resources = {"aws_s3_bucket": {"logs": {"bucket": f"{cell}-logs"}}}
    document: dict[str, Any] = {"//": stack.id.name, "locals": tables}
    if address := ROWS.get(stack.id.layer):
        kind, _, name = address.partition(".")
        table = "routes" if stack.id.layer == "routes" else "edges"
        document["resource"] = {kind: {name: {"for_each": f"${{local.{table}}}"}}}
    if stack.id.layer == "network":
        document["resource"] = {
            **resources,
            "aws_vpc": {"cell": {"cidr_block": str(design.plan.cells[cell].primary)}},
        }
    return {"cdk.tf.json": json.dumps(document)}


def take(_: Request, design: Design, stacks: Iterable[Stack]) -> dict[StackId, Sources]:
    """Stand for `sources_of` of the product, which needs CDK."""
    return {stack.id: sources_of(design, stack) for stack in stacks}


def outputs_of(design: Design, stack: Stack) -> dict[str, Any]:
    """What a stack hands on."""
    told = {name: VALUES[kind] for name, kind in stack.outputs.items()}
    ids = {
        "peering": {"connection_ids": dict.fromkeys(higher_peers(design.inventory, _(stack)), "p")},
        "accept": {"accepted_ids": dict.fromkeys(lower_peers(design.inventory, _(stack)), "p")},
    }
    return {**told, **ids.get(stack.id.layer, {})}


def _(stack: Stack) -> str:
    return stack.id.owner


def remember_all(place: Place, design: Design, without: Collection[str] = ()) -> None:
    """Record every stack of a design as one that was applied, but for some layers."""
    for stack in list_stacks(design.inventory, design.facts):
        if stack.id.layer in without:
            continue
        sources = sources_of(design, stack)
        place.registry.write(
            Record(
                stack=stack.id,
                account=stack.access.account,
                region=stack.access.region,
                complete=True,
                digest=digest_sources(sources),
                sources=sources,
                inputs={},
                outputs=outputs_of(design, stack),
                waits_for=stack.takes_from,
                after=stack.after,
            )
        )


def script(place: Place, after: Design, *gone: str, more: Mapping[str, Any] | None = None) -> None:
    """Have the fake Terraform let go of cells wherever a peer is planned or applied."""
    blocks = [after.lock.removed[cell].primary for cell in gone]
    for stack in list_stacks(after.inventory, after.facts):
        lost = list(_lost(stack.id, gone, blocks))
        changes = [{"action": "delete", "address": address} for address in lost]
        changes += (more or {}).get(stack.id.name, [])
        outputs = outputs_of(after, stack)
        place.does(
            stack.id.name,
            plan={"changes": changes},
            apply={"changes": changes, "outputs": outputs},
            output={"outputs": outputs},
        )


def _lost(stack: StackId, gone: Collection[str], blocks: Collection[object]) -> list[str]:
    if stack.layer == "routes":
        return [f'aws_route.to-peer["node-use1-az1 {block}"]' for block in blocks]
    return [f'{KINDS[stack.layer]}["{cell}"]' for cell in gone if stack.layer in KINDS]

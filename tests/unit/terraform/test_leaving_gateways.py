"""A cell that leaves: when the gateway of its mesh lets go of it, and it of the gateway."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest

from cellfactory.layers import Layer, StackId
from cellfactory.terraform.leaving import plot_course, strangers_in
from cellfactory.terraform.messages import Change
from cellfactory.terraform.record import Record
from tests.unit.terraform.recorded import record

OF_MESH: tuple[Layer, ...] = ("segments", "egress", "gateway")


def records(*cells: str) -> dict[StackId, Record]:
    """What the cells of a mesh have recorded, and the mesh itself; a hub is attached as well."""
    rows: dict[str, Any] = {cell: {} for cell in cells}
    made = [
        record("east", "gateway", members=rows, hubs={"333333333333": {}}),
        record("east", "egress", back=rows, attachments={"east": {}}),
        record("east", "segments", attachments={**rows, "shared": {}}, routes={"a b": {}}),
    ]
    for cell in cells:
        others = {f"z {peer}": {"peer": peer} for peer in cells if peer != cell}
        made += [record(cell, "network"), record(cell, "transit", attachments={cell: {}})]
        made += [record(cell, "routes", routes=others), record(cell, "cluster")]
    return {one.stack: one for one in made}


def step_of(known: dict[StackId, Record], *left: str) -> dict[StackId, int]:
    """The number of the step that works on each stack, once cells have left."""
    standing = {stack for stack in known if stack.owner not in left and len(left) < cells_in(known)}
    peers = {stack.owner for stack in standing}
    course = plot_course(known, standing, left, peers)
    assert course.others == ()
    return {stack: number for number, step in enumerate(course.steps) for stack in step.stacks}


def cells_in(known: dict[StackId, Record]) -> int:
    return len({stack.owner for stack in known if stack.cell})


@pytest.mark.parametrize("left", [("a",), ("a", "b")], ids=["one", "both"])
def test_ways_go_before_attachments_and_these_before_what_they_hang_on(
    left: tuple[str, ...],
) -> None:
    at = step_of(records("a", "b"), *left)
    transit, segments = at[StackId("a", "transit")], at[StackId("east", "segments")]
    assert at[StackId("b", "routes")] <= at[StackId("a", "routes")] < segments <= transit
    assert at[StackId("east", "egress")] == segments
    assert transit < at[StackId("east", "gateway")] <= at[StackId("a", "network")]


@pytest.mark.parametrize("layer", OF_MESH)
def test_what_has_let_go_is_not_touched_again_unless_it_broke_off(layer: Layer) -> None:
    known = records("a", "b")
    stack = StackId("east", layer)
    after = records("b")[stack]
    assert stack not in step_of({**known, stack: after}, "a")
    assert stack in step_of({**known, stack: replace(after, complete=False)}, "a")


def test_a_gateway_elsewhere_lets_go_of_the_blocks_that_it_leads_to() -> None:
    block, other = IPv4Network("10.0.1.0/24"), "10.0.2.0/24"
    rows = {f"far-a {each}": {"block": each, "to": "east"} for each in (str(block), other)}
    far = record("west", "segments", **{"attachments": {"far-a": {}}, "link-routes": rows})
    known = {**records("a", "b"), far.stack: far}
    standing = {stack for stack in known if stack.owner != "a"}
    course = plot_course(known, standing, ["a"], ["b", "east"], [block])
    assert far.stack in course.peers
    elsewhere = IPv4Network("10.0.3.0/24")
    assert far.stack not in plot_course(known, standing, ["a"], ["b"], [elsewhere]).peers
    let_go = gone("aws_ec2_transit_gateway_route", f"far-a {block}")
    assert strangers_in([let_go], ["a"], [block]) == ()


def gone(kind: str, key: str) -> Change:
    address = f"{kind}.x[{json.dumps(key)}]"
    return Change(address=address, resource_type=kind, action="delete", key=key)


def test_all_that_a_mesh_gives_up_is_a_row_of_the_cell() -> None:
    rows = [
        gone("aws_ec2_transit_gateway_route", "b 10.0.0.0/24"),
        gone("aws_ec2_transit_gateway_route", "a 10.0.1.0/24"),
        gone("aws_ec2_transit_gateway_route", "a"),
        gone("aws_ec2_transit_gateway_route_table", "a"),
        gone("aws_ec2_transit_gateway_route_table_association", "a"),
        gone("aws_ec2_transit_gateway_vpc_attachment_accepter", "a"),
        gone("aws_ram_principal_association", "a"),
        gone("aws_route", "a"),
    ]
    blocks = [IPv4Network("10.0.0.0/24")]
    assert strangers_in(rows, {"a"}, blocks) == ()
    assert strangers_in(rows, {"c"}, [IPv4Network("10.0.9.0/24")]) == tuple(rows)


@pytest.mark.parametrize("kind", ["aws_ec2_transit_gateway", "aws_ram_resource_share", "aws_vpc"])
def test_what_others_share_is_no_row(kind: str) -> None:
    rows = [gone(kind, "a")]
    assert strangers_in(rows, {"a"}, ()) == tuple(rows)


def out(name: str, key: str) -> Change:
    kind = "aws_ec2_transit_gateway_route"
    return Change(
        address=f"{kind}.{name}[{json.dumps(key)}]", resource_type=kind, action="delete", key=key
    )


SHARED_OUT = (
    *(out("default", "cells"), out("not-out", "cells 10.0.0.0/8")),
    *(out("default", "hubs"), out("not-out", "hubs 100.64.0.0/10")),
)


def test_the_last_user_of_the_way_out_takes_it_from_the_tables_that_are_shared() -> None:
    blocks = [IPv4Network("10.0.0.0/24")]
    back = out("to-member", "egress 10.0.0.0/24")
    assert strangers_in([back, *SHARED_OUT], {"a"}, blocks) == ()
    assert strangers_in(SHARED_OUT, {"a"}, blocks) == SHARED_OUT, "it did not leave by it"


@pytest.mark.parametrize(
    "strange",
    [
        out("default", "b"),
        out("not-out", "b 10.0.0.0/8"),
        out("default", "cells-of-mine"),
        out("to-member", "egress 10.0.9.0/24"),
        replace(out("default", "cells"), action="update"),
    ],
    ids=lambda change: f"{change.action} {change.address}",
)
def test_what_another_cell_has_of_the_way_out_stays(strange: Change) -> None:
    rows = [out("to-member", "egress 10.0.0.0/24"), *SHARED_OUT, strange]
    assert strangers_in(rows, {"a"}, [IPv4Network("10.0.0.0/24")]) == (strange,)


@pytest.mark.parametrize("layer", ["link", "linked"])
def test_a_gateway_that_is_peered_does_not_go_with_its_last_cell(layer: Layer) -> None:
    known = records("a")
    link = record("east", layer)
    assert plot_course(known, (), ("a",), ()).peered == ()
    assert plot_course({**known, link.stack: link}, (), ("a",), ()).peered == ("east",)
    two = {**records("a", "b"), link.stack: link}
    standing = [stack for stack in two if stack.owner != "a"]
    assert plot_course(two, standing, ("a",), ("b", "east")).peered == ()

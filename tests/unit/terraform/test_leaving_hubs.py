"""A cell that leaves: when a hub that a role accepts for lets go of it."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from typing import Any

from cellfactory.layers import StackId
from cellfactory.terraform.leaving import plot_course, strangers_in
from cellfactory.terraform.messages import Change
from cellfactory.terraform.record import Record
from tests.unit.terraform.recorded import record

HUB = StackId("shared", "hub")


def records(*cells: str) -> dict[StackId, Record]:
    """What a star of cells has recorded."""
    back = {f"rtb-1 10.0.{n}.0/24": {"peer": cell} for n, cell in enumerate(cells)}
    edges: dict[str, Any] = {cell: {} for cell in cells}
    made = [record("shared", "hub", edges=edges, routes=back)]
    for cell in cells:
        made += [record(cell, "network"), record(cell, "peering", edges={"shared": {}})]
        made += [record(cell, "routes", routes={"x": {"peer": "shared"}}), record(cell, "cluster")]
    return {one.stack: one for one in made}


def test_a_hub_lets_go_after_the_cluster_and_before_the_connection() -> None:
    """Its way back leads to the cluster, from which charts are uninstalled first."""
    known = records("a", "b")
    standing = {stack for stack in known if stack.owner != "a"}
    course = plot_course(known, standing, {"a"}, ["b"])
    titles = [step.title for step in course.steps]
    (lets_go,) = [step for step in course.steps if HUB in step.applied]
    assert titles.index("platform, cluster and routes") < titles.index(lets_go.title)
    assert titles.index(lets_go.title) < titles.index("connections")
    assert course.others == ()


def test_the_hub_of_the_last_cell_goes_with_it() -> None:
    known = records("a")
    course = plot_course(known, (), {"a"}, ())
    (step,) = [step for step in course.steps if HUB in step.destroyed]
    assert step.title == "acceptances"
    assert course.others == ()


def test_another_cell_that_left_too_is_named_and_the_hub_is_not() -> None:
    known = records("a", "b")
    assert plot_course(known, (), {"a"}, ()).others == ("b",)


def test_all_that_a_hub_gives_up_is_a_row_of_the_cell() -> None:
    gone = [
        Change(address=f"{kind}.x[{json.dumps(key)}]", resource_type=kind, action="delete", key=key)
        for kind, key in (
            ("aws_vpc_peering_connection_accepter", "a"),
            ("aws_vpc_peering_connection_options", "a"),
            ("aws_route", "rtb-1 10.0.0.0/24"),
        )
    ]
    assert strangers_in(gone, {"a"}, [IPv4Network("10.0.0.0/24")]) == ()
    assert strangers_in(gone, {"b"}, [IPv4Network("10.0.1.0/24")]) == tuple(gone)

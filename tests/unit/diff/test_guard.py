"""How much a change may do: each limit, the words that lift it, and the words that do not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.diff.counts import counts_of, counts_of_plan
from cellfactory.diff.guard import CLASSES, Limits, exceeded, judge, limits_of, parse_override
from cellfactory.diff.impact import Impact, impact
from cellfactory.diff.model import Action, Changes, ResourceChange, StackChange, ValueChange
from cellfactory.errors import Finding, UsageError
from cellfactory.inventory.groups import name_groups
from cellfactory.layers import StackId
from tests.unit.diff.edits import EDITS, MORE, design, edited, kind, running

NONE = Changes(stacks=(), unchanged=0)
NOTHING = Limits(
    most=dict.fromkeys(CLASSES, 0), written=frozenset(CLASSES), keys={c: c for c in CLASSES}
)


def stack(name: str, *resources: ResourceChange, cell: str = "prod-1") -> StackChange:
    layer = StackId(cell, name)  # type: ignore[arg-type]
    return StackChange(stack=layer, action="change", resources=resources)


def resource(address: str, action: Action = "delete", **more: object) -> ResourceChange:
    return ResourceChange(address=address, action=action, **more)  # type: ignore[arg-type]


def changes(*stacks: StackChange) -> Changes:
    return Changes(stacks=stacks, unchanged=0)


def rules(found: Sequence[Finding]) -> list[str]:
    return [finding.rule for finding in found]


SUBNET = stack("network", resource("aws_subnet.pod"), resource("aws_eip.a", "replace"))


@pytest.mark.parametrize(
    ("edit", "rule", "said"),
    [
        ("20 to 5 nodes a zone", "F713", "drains 135 nodes; the guard allows 0"),
        ("image", "F713", "drains 180 nodes; the guard allows 0"),
        ("rename a node group", "F713", "drains 180 nodes; the guard allows 0"),
        ("mesh", "F714", "cuts 2 edges; the guard allows 0"),
    ],
)
def test_what_cells_are_in_for_is_counted(edit: str, rule: str, said: str) -> None:
    (found,) = exceeded(NONE, impact(*edited({**EDITS, **MORE}[edit])), NOTHING)
    assert found.rule == rule
    assert said in found.message
    assert "--override" in found.hint


def test_what_resources_are_in_for_is_counted() -> None:
    found = exceeded(changes(SUBNET), Impact(), NOTHING)
    assert rules(found) == ["F710", "F711", "F712"]
    assert "touches 1 cell;" in found[0].message
    assert "prod-1-network aws_subnet.pod" in found[1].hint


def test_edges_are_counted_as_edges_and_nothing_else() -> None:
    edge = stack("peering", resource('aws_vpc_peering_connection.peer["prod-2"]'))
    assert exceeded(changes(edge), Impact(), NOTHING) == ()


def test_new_cells_and_moves_touch_nobody() -> None:
    added = StackChange(
        stack=StackId("prod-4", "network"),
        action="add",
        resources=(resource("aws_vpc.a", "create"),),
    )
    moved = stack("network", resource("aws_vpc.b", "move", moved_from="aws_vpc.a"))
    assert exceeded(changes(added, moved), Impact(), NOTHING) == ()


def test_edges_of_a_cell_that_goes_are_no_edges_that_are_cut() -> None:
    found = exceeded(NONE, impact(*edited(EDITS["remove a cell"])), NOTHING)
    assert rules(found) == ["F713"]


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("destroyed=CHG-1", ["F710", "F712"]),
        ("aws_subnet.pod=CHG-1", ["F710", "F712"]),
        ("prod-1-network=CHG-1", ["F710"]),
        ("prod-1=CHG-1", []),
        ("aws_subnet.node=CHG-1", ["F710", "F711", "F712", "F715"]),
        ("edges_lost=CHG-1", ["F710", "F711", "F712", "F715"]),
        ("prod-2=CHG-1", ["F710", "F711", "F712", "F715"]),
    ],
)
def test_an_override_lifts_what_it_names_and_nothing_else(words: str, left: list[str]) -> None:
    found = exceeded(changes(SUBNET), Impact(), NOTHING, [parse_override(words)])
    assert rules(found) == left
    assert [f.severity for f in found if f.rule == "F715"] == ["warning"] * left.count("F715")


@pytest.mark.parametrize("words", ["", "cells", "cells=", "cells=  ", "=why", "  =why", "[x]=why"])
def test_an_override_says_what_and_why(words: str) -> None:
    with pytest.raises(UsageError):
        parse_override(words)


@pytest.mark.parametrize(
    ("words", "what", "reason"),
    [
        ("cells=a=b", "cells", "a=b"),
        ('aws_route.to["use1-az1 10.0.0.0/14"]=x', 'aws_route.to["use1-az1 10.0.0.0/14"]', "x"),
        ('aws_route.to["a=b"]=x', 'aws_route.to["a=b"]', "x"),
        ("aws_eip.a[0] =  two\n words ", "aws_eip.a[0]", "two words"),
    ],
)
def test_addresses_may_hold_what_divides(words: str, what: str, reason: str) -> None:
    override = parse_override(words)
    assert (override.what, override.reason) == (what, reason)


def test_limits_are_the_inventorys_and_else_our_policy() -> None:
    made = running()
    made["guard"] = {"cells": 2, "nodes_drained_percentage": 25}
    limits = limits_of(design(made), standing=180)
    assert limits.most == {
        "cells": 2,
        "destroyed": 50,
        "replaced": 20,
        "nodes_drained": 45,
        "edges_lost": 10,
    }
    assert limits.written == {"cells", "nodes_drained"}
    (found,) = exceeded(NONE, impact(*edited(EDITS["20 to 5 nodes a zone"])), limits)
    assert "allows 45 (guard.nodes_drained_percentage)" in found.message
    assert found.path == ("guard", "nodes_drained_percentage")


def test_our_policy_lets_a_change_of_a_small_fleet_pass() -> None:
    before, after = edited(MORE["image"])
    made = impact(before, after)
    assert exceeded(NONE, made, limits_of(before, made.standing)) == ()


GROUP = "aws_eks_node_group.group-{}"


def group_change(name: str, *values: ValueChange, action: Action = "update") -> ResourceChange:
    return resource(GROUP.format(name), action, values=values)


def test_a_plan_says_which_nodes_are_drained() -> None:
    after = design(running())
    all_groups = name_groups(
        "all",
        after.inventory.type_of("prod-1").node_groups["all"],
        ["use1-az1", "use1-az2", "use1-az4"],
        after.facts,
    )
    one, two, three = all_groups
    version = ValueChange(path=("launch_template", 0, "version"), before="1", after="2")
    shrunk = ValueChange(path=("scaling_config", 0, "desired_size"), before=30, after=20)
    planned = changes(
        stack(
            "cluster",
            group_change(one, version),
            group_change(two, shrunk),
            group_change(three, version, shrunk),
            group_change(
                "gone-use1-az1",
                ValueChange(path=("scaling_config", 0, "desired_size"), before=7, after=0),
                action="delete",
            ),
            group_change("new-use1-az1", action="create"),
        )
    )
    assert counts_of_plan(planned, after).drained == {"prod-1": 20 + 10 + 30 + 7}


def test_a_plan_says_which_edges_are_cut() -> None:
    after = design(running())
    planned = changes(
        stack(
            "peering",
            resource('aws_vpc_peering_connection.peer["prod-2"]'),
            resource('aws_vpc_peering_connection.peer["left"]'),
            resource('aws_vpc_peering_connection.peer["prod-3"]', "create"),
        )
    )
    assert counts_of_plan(planned, after).edges_lost == (("prod-1", "prod-2"),)


@pytest.mark.parametrize("name", ["image", "20 to 5 nodes a zone", "labels"])
def test_both_ways_of_counting_agree_on_cells(name: str) -> None:
    before, after = edited({**EDITS, **MORE}[name])
    made = impact(before, after)
    assert counts_of(NONE, made).drained == {cell.name: cell.drained for cell in made}


@given(st.dictionaries(st.sampled_from(CLASSES), st.integers(0, 300), min_size=5))
def test_a_higher_limit_never_refuses_more(most: dict[str, int]) -> None:
    counts = counts_of(changes(SUBNET), impact(*SHRUNK))
    tight = judge(counts, Limits(most=most, written=frozenset(), keys=NOTHING.keys))  # type: ignore[arg-type]
    loose = judge(
        counts,
        Limits(most={k: v + 1 for k, v in most.items()}, written=frozenset(), keys=NOTHING.keys),  # type: ignore[misc]
    )
    assert set(rules(loose)) <= set(rules(tight))


SHRUNK = edited(EDITS["20 to 5 nodes a zone"])


def test_the_guard_of_an_inventory_is_read() -> None:
    made = running()
    made["guard"] = {"cells": 0}
    assert design(made).inventory.guard.cells == 0
    assert kind(made)

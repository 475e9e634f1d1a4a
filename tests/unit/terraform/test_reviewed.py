"""What may be done once something was reviewed: that or less, and nothing that is beyond it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.diff.model import ABSENT, Action, ResourceChange, Unknown, ValueChange
from cellfactory.errors import TerraformError
from cellfactory.layers import StackId
from cellfactory.terraform.messages import Change
from cellfactory.terraform.reviewed import (
    ReviewedStack,
    Standing,
    beyond,
    beyond_foreseen,
    foreseen,
    less,
    refusal,
    review_of,
)
from cellfactory.terraform.reviewed_file import ReviewedPlan, parse_reviewed, render_reviewed
from cellfactory.terraform.selection import Selection

NETWORK = StackId("a", "network")
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab.*\\", max_size=3)
PLAIN = SCALARS | st.lists(SCALARS, max_size=3)
PARTS = st.text("ab.*\\", min_size=1, max_size=3) | st.integers(0, 2)
VALUES = st.builds(
    ValueChange,
    path=st.lists(PARTS, min_size=1, max_size=3).map(tuple),
    before=PLAIN,
    after=PLAIN | st.just(Unknown()) | st.just(ABSENT),
    is_secret=st.booleans(),
)
ACTIONS: tuple[Action, ...] = ("create", "update", "replace", "delete", "forget", "move")
RESOURCES = st.builds(
    ResourceChange,
    address=st.sampled_from([f"aws_subnet.{name}" for name in "abcdef"]),
    action=st.sampled_from(ACTIONS),
    values=st.lists(VALUES, max_size=4, unique_by=lambda one: one.path).map(tuple),
)
PLANS = st.lists(RESOURCES, max_size=5, unique_by=lambda one: one.address)


def reviewed(*changes: ResourceChange, standing: Standing = "planned") -> ReviewedStack:
    return ReviewedStack(
        stack=NETWORK, standing=standing, sources="x", resources=tuple(map(review_of, changes))
    )


@given(PLANS)
def test_what_was_reviewed_may_be_done(plan: list[ResourceChange]) -> None:
    assert beyond(reviewed(*plan), plan) == ()


@given(PLANS, st.data())
def test_less_may_be_done_in_any_order(plan: list[ResourceChange], data: st.DataObject) -> None:
    part = data.draw(st.permutations(plan))[: data.draw(st.integers(0, len(plan)))]
    assert beyond(reviewed(*plan), part) == ()
    assert less(reviewed(*plan), [one.address for one in part]) == len(plan) - len(part)


@given(PLANS, st.data())
def test_fewer_values_of_a_resource_may_change(
    plan: list[ResourceChange], data: st.DataObject
) -> None:
    part = [
        replace(one, values=tuple(v for v in one.values if data.draw(st.booleans())))
        for one in plan
    ]
    found = beyond(reviewed(*plan), part)
    starred = {
        one.address for one in plan if any(isinstance(p, int) for v in one.values for p in v.path)
    }
    assert {line.split()[1] for line in found} <= starred, "of a list, some items are other items"


@given(PLANS, RESOURCES)
def test_a_resource_that_was_not_reviewed_is_named(
    plan: list[ResourceChange], more: ResourceChange
) -> None:
    known = [one for one in plan if one.address != more.address]
    (line,) = beyond(reviewed(*known), [*known, more])
    assert line.startswith(f"{more.action} {more.address}")


@given(RESOURCES, st.sampled_from(ACTIONS))
def test_another_action_is_beyond(one: ResourceChange, action: Action) -> None:
    other = replace(one, action=action, values=())
    is_second_half = (one.action, action) == ("replace", "create")
    assert bool(beyond(reviewed(one), [other])) == (action != one.action and not is_second_half)


def test_what_broke_off_half_way_is_gone_on_with() -> None:
    made = value("10.0.0.0/16")
    created, replaced = replace(made, action="create"), replace(made, action="replace")
    tainted = replace(replaced, reason="tainted")
    assert beyond(reviewed(created), [tainted]) == ()
    assert beyond(reviewed(replaced), [created]) == ()
    assert beyond(reviewed(created), [replaced]) == ("replace a.b (reviewed: create)",)
    other = replace(tainted, values=value("10.9.0.0/16").values)
    assert beyond(reviewed(created), [other]) == ("replace a.b (other values: x)",)
    stack = ReviewedStack(
        stack=NETWORK, standing="deferred", sources="x", resources=foreseen(["aws_eip.a"])
    )
    half = replace(planned("replace", "aws_eip.a"), reason="tainted")
    assert beyond_foreseen(stack, [half]) == ()


@given(RESOURCES, st.data())
def test_what_nobody_knew_may_be_known_now(one: ResourceChange, data: st.DataObject) -> None:
    now = replace(
        one,
        values=tuple(
            replace(v, after=data.draw(PLAIN)) if isinstance(v.after, Unknown) else v
            for v in one.values
        ),
    )
    assert beyond(reviewed(one), [now]) == ()


@given(RESOURCES)
def test_what_was_known_may_be_unknown_now(one: ResourceChange) -> None:
    now = replace(one, values=tuple(replace(v, after=Unknown()) for v in one.values))
    assert beyond(reviewed(one), [now]) == ()


def value(after: Any, path: tuple[str | int, ...] = ("x",), **more: Any) -> ResourceChange:
    change = ValueChange(path=path, before=0, after=after, **more)
    return ResourceChange(address="a.b", action="update", values=(change,))


@pytest.mark.parametrize(
    ("before", "after"),
    [(1, 2), (1, True), ("1", 1), (None, ABSENT), ([1], [1, 1]), ([1], 1), ("a", "A"), ({}, [])],
)
def test_another_value_is_beyond_and_is_named_but_not_shown(before: Any, after: Any) -> None:
    (line,) = beyond(reviewed(value(before)), [value(after)])
    assert line == "update a.b (other values: x)"


@pytest.mark.parametrize(
    ("before", "after"),
    [([1, 2], [2, 1]), ({"a": [1, 2], "b": 1}, {"b": 1, "a": [2, 1]})],
)
def test_the_order_of_a_list_is_no_matter(before: Any, after: Any) -> None:
    assert beyond(reviewed(value(before)), [value(after)]) == ()


def test_a_value_that_did_not_change_when_it_was_reviewed_is_beyond() -> None:
    more = value(1, ("y",))
    both = replace(more, values=(*value(1).values, *more.values))
    assert beyond(reviewed(value(1)), [both]) == ("update a.b (other values: y)",)
    unknown = value(Unknown(), ("y",))
    assert beyond(reviewed(value(1)), [unknown]) == ("update a.b (other values: y)",)


def test_a_dot_in_a_key_is_no_step_of_a_path() -> None:
    assert beyond(reviewed(value(1, ("a.b",))), [value(1, ("a", "b"))])
    assert beyond(reviewed(value(1, ("*",))), [value(1, (0,))])


def test_a_secret_has_no_digest_of_its_own() -> None:
    one, two = (review_of(value(text, is_secret=True)) for text in ("hunter2", "hunter3"))
    assert one == two
    assert review_of(value("hunter2")) != one


def test_a_move_from_elsewhere_is_beyond() -> None:
    moved = ResourceChange(address="a.c", action="move", moved_from="a.b")
    assert beyond(reviewed(moved), [moved]) == ()
    other = replace(moved, moved_from="a.x")
    assert beyond(reviewed(moved), [other]) == ("move a.c (moved from a.x)",)


def planned(action: str, address: str) -> Change:
    return Change(address=address, resource_type="aws_route", key="", action=action)


@pytest.mark.parametrize(
    ("action", "address", "is_fine"),
    [
        ("create", 'aws_route.to["b"]', True),
        ("create", 'aws_route.to["c"]', False),
        ("create", 'aws_route.any["c"]', True),
        ("create", "aws_route.other", False),
        ("read", "data.aws_ami.arm", True),
        ("update", 'aws_route.to["b"]', False),
        ("delete", 'aws_route.to["b"]', False),
        ("replace", 'aws_route.to["b"]', False),
        ("forget", 'aws_route.to["b"]', False),
    ],
)
def test_what_was_foreseen_is_creation_and_nothing_else(
    action: str, address: str, is_fine: bool
) -> None:
    told = foreseen(['aws_route.to["b"]', "aws_route.any[*]"])
    stack = ReviewedStack(stack=NETWORK, standing="deferred", sources="x", resources=told)
    lines = beyond_foreseen(stack, [planned(action, address)])
    assert lines == (() if is_fine else (f"{action} {address}",))


def test_a_refusal_names_the_first_and_counts_the_rest() -> None:
    found = refusal(NETWORK, tuple(f"create a.{n}" for n in range(8)), foreseen=False)
    assert found.rule == "F653"
    assert "create a.4; and 3 more" in found.message
    assert "create a.5" not in found.message


PLAN = st.builds(
    ReviewedPlan,
    inventory=st.just("sha256:x"),
    commit=st.sampled_from(["", "abc"]),
    mode=st.just("aws"),
    place=st.just("s3://bucket in us-east-1"),
    selection=st.builds(Selection, cells=st.sampled_from([(), ("a", "b")])),
    stacks=PLANS.map(lambda plan: (reviewed(*plan),)),
    unplanned=st.sampled_from([(), (StackId("b", "cluster"),)]),
)


@given(PLAN)
def test_a_file_is_read_as_it_was_written(plan: ReviewedPlan) -> None:
    text = render_reviewed(plan)
    back = parse_reviewed(text, "plan.json")
    assert {one.stack: set(map(repr_of, one.resources)) for one in back.stacks} == {
        one.stack: set(map(repr_of, one.resources)) for one in plan.stacks
    }
    assert render_reviewed(back) == text
    assert (back.mode, back.place, back.unplanned) == (plan.mode, plan.place, plan.unplanned)


def repr_of(one: Any) -> str:
    return json.dumps(
        [one.address, one.action, sorted(one.values.items()), sorted(one.unknown)], default=str
    )


GOOD = render_reviewed(
    ReviewedPlan(
        inventory="sha256:x",
        commit="",
        mode="aws",
        place="s3://bucket in us-east-1",
        selection=Selection(),
        stacks=(reviewed(value(1)),),
    )
)


@given(st.integers(0, len(GOOD) - 2))
def test_a_file_that_was_cut_off_is_refused(length: int) -> None:
    with pytest.raises(TerraformError, match="F654"):
        parse_reviewed(GOOD[:length], "plan.json")


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (lambda d: d.update(inventory="sha256:y"), "F654"),
        (lambda d: d["stacks"][0]["resources"].clear(), "F654"),
        (lambda d: d["stacks"][0].update(status="no-change"), "F654"),
        (lambda d: d.pop("digest"), "F654"),
        (lambda d: d.update(kind="other"), "F654"),
        (lambda d: d.update(format_version=2), "F655"),
        (lambda d: d.update(format_version=0), "F655"),
        (lambda d: d.update(format_version="1"), "F655"),
    ],
)
def test_a_file_that_was_edited_is_refused(edit: Callable[[Any], object], rule: str) -> None:
    document = json.loads(GOOD)
    edit(document)
    with pytest.raises(TerraformError, match=rule):
        parse_reviewed(json.dumps(document), "plan.json")


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("stacks",), None),
        (("stacks",), [1]),
        (("selection",), []),
        (("selection", "cells"), "a"),
        (("mode",), 1),
        (("stacks", 0, "layer"), "attic"),
        (("stacks", 0, "status"), "refused"),
        (("stacks", 0, "resources", 0, "action"), "explode"),
        (("stacks", 0, "resources", 0, "values"), [1]),
        (("unplanned",), [{}]),
    ],
)
def test_a_file_with_the_right_digest_and_wrong_parts_is_refused(
    path: tuple[str | int, ...], wrong: Any
) -> None:
    from cellfactory.terraform.workspace import digest

    document = json.loads(GOOD)
    document.pop("digest")
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    document["digest"] = digest(json.dumps(document, sort_keys=True))
    with pytest.raises(TerraformError, match="F654"):
        parse_reviewed(json.dumps(document), "plan.json")


@pytest.mark.parametrize("text", ["", "[]", "null", "1", "[" * 100_000, "\0"])
def test_what_is_no_such_file_is_a_sentence(text: str) -> None:
    with pytest.raises(TerraformError, match=r"F654 plan\.json is not a reviewed plan"):
        parse_reviewed(text, "plan.json")

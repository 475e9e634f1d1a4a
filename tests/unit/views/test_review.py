"""How a review reads: what is planned, what no plan can tell yet, and what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from cellfactory.diff.hidden import HIDDEN
from cellfactory.diff.model import (
    ABSENT,
    Action,
    ResourceChange,
    StackChange,
    Unknown,
    ValueChange,
)
from cellfactory.errors import Finding
from cellfactory.layers import StackId
from cellfactory.runs.review import Review
from cellfactory.terraform.messages import Counts
from cellfactory.terraform.results import Result
from cellfactory.views.diff_markdown import MOST
from cellfactory.views.review import (
    later_lines,
    render_plan_sums,
    render_review,
    render_review_question,
    to_json,
)
from cellfactory.views.review_markdown import render_review_markdown

NETWORK, CLUSTER, PEER = (
    StackId("a", "network"),
    StackId("a", "cluster"),
    StackId("b", "network"),
)


def change(address: str, action: Action, *values: ValueChange, **more: Any) -> ResourceChange:
    return ResourceChange(address=address, action=action, values=values, **more)


def value(path: str, before: Any, after: Any, **more: Any) -> ValueChange:
    return ValueChange(path=tuple(path.split(".")), before=before, after=after, **more)


def planned(stack: StackId, *changes: ResourceChange) -> Result:
    actions = [one.action for one in changes]
    counts = Counts(
        add=actions.count("create"),
        change=actions.count("update"),
        destroy=actions.count("delete"),
        replace=actions.count("replace"),
    )
    return Result(stack=stack, status="planned", counts=counts, changes=changes)


def deferred(stack: StackId, *waits_for: StackId, foreseen: tuple[str, ...] = ()) -> Result:
    named = ", ".join(map(str, waits_for))
    return Result(
        stack=stack,
        status="deferred",
        reason=f"waits for {named}",
        waits_for=waits_for,
        foreseen=foreseen,
    )


UPDATE = change("aws_vpc.cell", "update", value("tags.team", ABSENT, "data"))
ACCOUNTS = {NETWORK: "444444444444", CLUSTER: "444444444444", PEER: ""}


def review(*results: Result, edits: Mapping[StackId, frozenset[str]] | None = None) -> Review:
    recorded = frozenset({NETWORK, CLUSTER, PEER}) if edits is not None else frozenset()
    return Review(results=results, accounts=ACCOUNTS, edits=edits or {}, recorded=recorded)


def test_a_change_is_shown_with_its_values() -> None:
    replaced = change(
        "aws_subnet.one",
        "replace",
        value("cidr", "10.0.0.0/24", "10.0.1.0/24", replaces=True),
        value("id", "subnet-1", Unknown()),
        value("key", HIDDEN, HIDDEN, is_secret=True),
        reason="cannot_update",
    )
    text = render_review(review(planned(NETWORK, UPDATE, replaced)))
    assert text.splitlines() == [
        "Destroyed, replaced or drained",
        "± aws_subnet.one (cannot_update)",
        "    in a-network",
        '    cidr: "10.0.0.0/24" -> "10.0.1.0/24"  # cannot be changed in place',
        '    id: "subnet-1" -> (known after apply)',
        "    key: (sensitive) -> (sensitive)",
        "",
        "Changed",
        "~ aws_vpc.cell",
        "    in a-network",
        '    tags.team: (none) -> "data"',
        "",
        "plan: 0 to add, 1 to change, 0 to destroy, 1 to replace",
    ]


def test_what_no_edit_explains_is_said_to_be_so() -> None:
    drift = change("aws_vpc.cell", "update", reason="drift")
    other = change("aws_route.one", "update")
    mine = change("aws_route.two", "update")
    edits = {NETWORK: frozenset({"aws_route.two", "aws_eip.done"})}
    lines = render_review(review(planned(NETWORK, drift, other, mine), edits=edits)).splitlines()
    assert [line for line in lines if line.startswith("~")] == [
        "~ aws_route.one (not edited)",
        "~ aws_route.two",
        "~ aws_vpc.cell (drift)",
    ]
    assert lines[-3:-1] == ["a-network: aws_eip.done", ""]


def test_a_new_cell_is_a_number_unless_all_is_asked_for() -> None:
    new = [change(f"aws_subnet.s{n}", "create") for n in range(9)]
    found = review(planned(NETWORK, *new, change("aws_vpc.cell", "create")))
    assert "+ a: 10 resources in network" in render_review(found)
    assert "aws_subnet.s3" not in render_review(found)
    assert "aws_subnet.s3" in render_review(found, every=True)


def test_the_same_change_of_many_cells_is_told_once() -> None:
    stacks = [StackId(f"c{n}", "network") for n in range(9)]
    found = Review(results=tuple(planned(s, UPDATE) for s in stacks), recorded=frozenset(stacks))
    text = render_review(found)
    assert text.count("~ aws_vpc.cell") == 1
    assert "in network of 9 cells: c0" in text


def test_a_value_cannot_write_to_the_screen() -> None:
    evil = change("aws_vpc.cell", "update", value("x", "a", "\x1b[2J\u202e\nb" + "y" * 500))
    text = render_review(review(planned(NETWORK, evil)))
    assert text.isprintable() or set(text) - set("\n") == {c for c in text if c.isprintable()}
    assert max(map(len, text.splitlines())) < 200


def test_what_waits_is_told_with_what_it_will_create() -> None:
    cluster = deferred(CLUSTER, NETWORK, foreseen=("aws_eks_cluster.cell", "aws_iam_role.x[*]"))
    found = review(planned(NETWORK, UPDATE), cluster)
    assert render_review(found).splitlines()[-4:] == [
        "Cannot be planned yet",
        "a-cluster waits for a-network; will create at least 2 resources, as its files say",
        "",
        "plan: 0 to add, 1 to change, 0 to destroy; at least 2 more to add in 1 stack that cannot "
        "be planned yet",
    ]


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, "will create 1 resource, as its files say"),
        (
            1,
            "will create 1 resource, as its files say; 1 resource that stands is edited: "
            "refused until it can be planned (F653)",
        ),
        (
            2,
            "will create 1 resource, as its files say; 2 resources that stand are edited: "
            "refused until it can be planned (F653)",
        ),
    ],
)
def test_what_waits_and_stands_is_told_with_what_was_edited(number: int, told: str) -> None:
    resources = (
        change("aws_eip.new", "create"),
        change("output.x", "update"),
        *(change(f"aws_subnet.s{n}", "update") for n in range(number)),
    )
    stands = StackChange(stack=CLUSTER, action="change", resources=resources)
    waits = deferred(CLUSTER, NETWORK, foreseen=("aws_eip.new",))
    found = replace(review(planned(NETWORK, UPDATE), waits), unplanned=(stands,))
    assert list(later_lines(found)) == [f"a-cluster waits for a-network; {told}"]
    assert to_json(found)["later"]["edited"] == number


def test_what_waits_for_nobody_of_this_run_is_not_asked_about() -> None:
    found = review(deferred(CLUSTER, NETWORK, foreseen=("aws_eks_cluster.cell",)))
    assert found.is_idle
    assert found.touched == ()
    assert render_plan_sums(found) == "plan: 1 stack deferred"


def test_what_waits_for_a_failure_does_not_go_on() -> None:
    failed = Result(stack=NETWORK, status="failed")
    found = review(failed, deferred(CLUSTER, NETWORK, foreseen=("a.b",)))
    assert found.is_idle


def test_a_question_has_counts_and_accounts() -> None:
    cluster = deferred(CLUSTER, NETWORK, foreseen=("aws_eks_cluster.cell",))
    found = review(planned(NETWORK, UPDATE), cluster, planned(PEER, UPDATE))
    assert render_review_question("apply", found) == (
        "apply 0 to add, 2 to change, 0 to destroy, 1 more to add in 1 stack that cannot be "
        "planned yet in 2 accounts (444444444444 cell a; a new account of cell b)?"
    )


def test_of_many_accounts_the_first_are_named() -> None:
    stacks = [StackId(f"c{n}", "network") for n in range(9)]
    accounts = {stack: f"{n}" * 12 for n, stack in enumerate(stacks)}
    found = Review(results=tuple(planned(s, UPDATE) for s in stacks), accounts=accounts)
    question = render_review_question("apply", found)
    assert "in 9 accounts (" in question
    assert question.endswith("; and 4 more)?")


@pytest.mark.parametrize(
    ("results", "text"),
    [
        ((), "plan: nothing to do"),
        ((Result(stack=NETWORK, status="no-change"),), "plan: nothing to do"),
        ((planned(NETWORK),), "plan: outputs of 1 stack change"),
        ((Result(stack=NETWORK, status="failed"),), "plan: 1 stack could not be planned"),
    ],
)
def test_a_plan_that_changes_no_resource_says_so(results: tuple[Result, ...], text: str) -> None:
    assert render_plan_sums(review(*results)) == text


def test_markdown_has_what_is_dangerous_first_and_whole() -> None:
    gone = [change(f'aws_subnet.s["{n}"]', "delete") for n in range(3)]
    many = change("aws_vpc.cell", "update", *[value(f"t{n}", n, "x" * 90) for n in range(900)])
    found = review(planned(NETWORK, many), planned(CLUSTER, *gone), edits={})
    text = render_review_markdown(found)
    assert text.startswith("### cellfactory plan\n\n0 to add, 1 to change, 3 to destroy.\n\n")
    assert text.index("[!CAUTION]") < text.index('aws_subnet.s["0"]') < text.index("aws_vpc.cell")
    assert len(text) <= MOST
    assert "lines are left out here: `cellfactory plan` shows them" in text
    assert text == render_review_markdown(found)


def test_markdown_says_what_the_guard_does_not_allow_before_the_changes() -> None:
    beyond = Finding(rule="F711", message="the change destroys 3", hint="a\nb", severity="warning")
    text = render_review_markdown(review(planned(NETWORK, UPDATE)), beyond=[beyond])
    assert "> **Guard**" in text
    assert text.index("F711 warning: the change destroys 3: a; b") < text.index("aws_vpc.cell")


def test_many_stacks_that_wait_are_told_by_layer() -> None:
    cells = [f"c{n}" for n in range(20)]
    waiting = [
        deferred(StackId(c, "cluster"), StackId(c, "network"), foreseen=("a.b",)) for c in cells
    ]
    found = Review(results=(*(planned(StackId(c, "network"), UPDATE) for c in cells), *waiting))
    (line,) = later_lines(found)
    assert line == "cluster of 20 cells: will create 20 resources, as their files say"


def test_a_machine_reads_the_sums() -> None:
    cluster = deferred(CLUSTER, NETWORK, foreseen=("a.b", "a.c"))
    alone = deferred(StackId("b", "cluster"), StackId("c", "network"))
    assert to_json(review(planned(NETWORK, UPDATE), cluster, alone)) == {
        "add": 0,
        "change": 1,
        "destroy": 0,
        "replace": 0,
        "later": {"stacks": ["a-cluster"], "add": 2, "edited": 0},
        "waiting": ["b-cluster"],
        "accounts": ["444444444444"],
    }

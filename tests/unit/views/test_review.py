"""How a review reads: what is planned, what no plan can tell yet, and what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellfactory.diff.model import ABSENT, Action, ResourceChange, Unknown, ValueChange
from cellfactory.layers import StackId
from cellfactory.runs.review import Review
from cellfactory.terraform.messages import Counts
from cellfactory.terraform.results import Result
from cellfactory.terraform.shown_values import HIDDEN
from cellfactory.views.review import render_plan_sums, render_review, render_review_question
from cellfactory.views.review_markdown import MOST_CHARACTERS, render_markdown

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
    return Review(results=results, accounts=ACCOUNTS, edits=edits or {})


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
        "a-network",
        "  ~ aws_vpc.cell",
        '      tags.team: (none) -> "data"',
        "  ± aws_subnet.one",
        '      cidr: "10.0.0.0/24" -> "10.0.1.0/24"  # forces replacement',
        '      id: "subnet-1" -> (known after apply)',
        "      key: (sensitive) -> (sensitive)",
        "plan: 0 to add, 1 to change, 0 to destroy, 1 to replace",
    ]


def test_what_no_edit_explains_is_said_to_be_so() -> None:
    drift = change("aws_vpc.cell", "update", reason="drift")
    other = change("aws_route.one", "update")
    mine = change("aws_route.two", "update")
    edits = {NETWORK: frozenset({"aws_route.two", "aws_eip.done"})}
    lines = render_review(review(planned(NETWORK, drift, other, mine), edits=edits)).splitlines()
    assert lines[1:5] == [
        "  ~ aws_vpc.cell (drift)",
        "  ~ aws_route.one (not edited)",
        "  ~ aws_route.two",
        "a-network: edited, and AWS has it already: aws_eip.done",
    ]


def test_many_new_resources_of_a_type_are_a_number() -> None:
    new = [change(f"aws_subnet.s{n}", "create") for n in range(9)]
    text = render_review(review(planned(NETWORK, *new, change("aws_vpc.cell", "create"))))
    assert text.splitlines()[1:3] == ["  + aws_subnet (9)", "  + aws_vpc.cell"]


def test_a_value_cannot_write_to_the_screen() -> None:
    evil = change("aws_vpc.cell", "update", value("x", "a", "\x1b[2J\u202e\nb" + "y" * 500))
    text = render_review(review(planned(NETWORK, evil)))
    assert text.isprintable() or set(text) - set("\n") == {c for c in text if c.isprintable()}
    assert max(map(len, text.splitlines())) < 160


def test_what_waits_is_told_with_what_it_will_create() -> None:
    cluster = deferred(CLUSTER, NETWORK, foreseen=("aws_eks_cluster.cell", "aws_iam_role.x[*]"))
    found = review(planned(NETWORK, UPDATE), cluster)
    assert render_review(found).splitlines()[-2:] == [
        "a-cluster: not planned yet (waits for a-network); will create at least 2 resources, as "
        "its files say",
        "plan: 0 to add, 1 to change, 0 to destroy; at least 2 more to add in 1 stack that cannot "
        "be planned yet",
    ]


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
    ],
)
def test_a_plan_that_changes_no_resource_says_so(results: tuple[Result, ...], text: str) -> None:
    assert render_plan_sums(review(*results)) == text


def test_markdown_has_what_is_dangerous_first_and_whole() -> None:
    gone = [change(f'aws_subnet.s["{n}"]', "delete") for n in range(3)]
    many = change("aws_vpc.cell", "update", *[value(f"t{n}", n, "x" * 90) for n in range(400)])
    found = review(planned(NETWORK, many), planned(CLUSTER, *gone), planned(PEER, many))
    text = render_markdown(found)
    assert text.startswith(
        "### Plan: 0 to add, 2 to change, 3 to destroy\n\n> [!CAUTION]\n"
        "> **3 resources to be destroyed or replaced**\n>\n"
        '> - delete <code>aws_subnet.s["0"]</code> in <code>a-cluster</code>\n'
    )
    assert len(text) <= MOST_CHARACTERS
    assert "1 more stack not shown" in text
    assert text == render_markdown(found)
    assert text.index("<summary>a-cluster: 3 resources") < text.index("Plan") + 1_000


def test_markdown_cannot_be_broken_out_of() -> None:
    evil = change("aws_vpc.</code><b>", "delete")
    fence = change("aws_vpc.cell", "update", value("x", "`````", "</details>"))
    text = render_markdown(review(planned(NETWORK, evil, fence)))
    assert "<b>" not in text.split("<details>")[0]
    assert "``````diff" in text


@settings(max_examples=20)
@given(st.integers(0, 40), st.integers(1, 400))
def test_markdown_is_never_too_long(stacks: int, dangers: int) -> None:
    gone = [change(f"aws_subnet.{'s' * 200}{n}", "delete") for n in range(dangers)]
    results = [planned(StackId(f"c{n}", "network"), *gone[: n + 1]) for n in range(stacks)]
    text = render_markdown(Review(results=tuple(results)))
    assert len(text) <= MOST_CHARACTERS
    assert stacks == 0 or "[!CAUTION]" in text

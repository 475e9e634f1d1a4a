"""A diff as people and programs read it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellfactory.diff.compare import compare_trees
from cellfactory.diff.impact import CellImpact, Impact, ValueStep
from cellfactory.diff.model import (
    ABSENT,
    Changes,
    ResourceChange,
    StackChange,
    Unknown,
    ValueChange,
)
from cellfactory.layers import StackId
from cellfactory.views.change_lines import cut, say_value, shown, value_lines
from cellfactory.views.diff import Diff, render_diff, sums
from cellfactory.views.diff_data import render_diff_json
from cellfactory.views.diff_markdown import MOST, render_diff_markdown
from cellfactory.views.style import Style
from tests.unit.diff.trees import TREES, routes, single, tree

GOLDEN = Path(__file__).parent / "diffs"
HOSTILE = "a`b```c|d<img src=x>@all #1 ::error::x\x1b[31m\u202eright\u2028\n> end\r\x00"

BEFORE = tree(
    a__network=single(
        "a",
        aws_vpc__cell={"cidr_block": "10.0.0.0/16"},
        aws_s3_bucket_policy__logs={
            "policy": json.dumps(
                {"Statement": [{"Sid": "Tls", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
            )
        },
    ),
    a__cluster=single(
        "a",
        aws_eks_addon__cni={"configuration_values": '{"env": {"WARM_IP_TARGET": "1"}}'},
        aws_iam_role__jobs={"tags": {"team": "data"}, "description": "of jobs " * 40},
    ),
    a__routes=routes("b", "old"),
    b__network=single("b", aws_vpc__cell={"cidr_block": "10.1.0.0/16"}),
    b__cluster=single(
        "b", aws_eks_addon__cni={"configuration_values": '{"env": {"WARM_IP_TARGET": "1"}}'}
    ),
    gone__network=single("gone", aws_vpc__cell={"cidr_block": "10.2.0.0/16"}),
)
AFTER = tree(
    a__network=single(
        "a",
        aws_vpc__cell={"cidr_block": "10.9.0.0/16"},
        aws_s3_bucket_policy__logs={
            "policy": json.dumps(
                {
                    "Statement": [
                        {"Sid": "Tls", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}
                    ]
                }
            )
        },
    ),
    a__cluster=single(
        "a",
        aws_eks_addon__cni={"configuration_values": '{"env": {"WARM_IP_TARGET": "2"}}'},
        aws_iam_role__jobs={"tags": {"team": "ml", "cost": "1"}, "description": "of a job " * 40},
    ),
    a__routes=routes("b", "new"),
    b__network=single("b", aws_vpc__cell={"cidr_block": "10.1.0.0/16"}),
    b__cluster=single(
        "b", aws_eks_addon__cni={"configuration_values": '{"env": {"WARM_IP_TARGET": "2"}}'}
    ),
    new__network=single("new", aws_vpc__cell={"cidr_block": "10.3.0.0/16"}),
)
SAMPLE = Diff(base="1a2b3c4d5e6f", changes=compare_trees(BEFORE, AFTER), why=True)


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_shows_it_so(width: int, request: pytest.FixtureRequest) -> None:
    shown_text = render_diff(SAMPLE, Style(width=width)) + "\n"
    golden = GOLDEN / f"{width}-columns.txt"
    if request.config.getoption("--update-cases"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(shown_text, "utf-8")
    assert shown_text == golden.read_text("utf-8")
    wide = [line for line in shown_text.splitlines() if len(line) > width]
    assert [line for line in wide if line.count(" ", len(line) - len(line.lstrip())) > 2] == []


def test_a_comment_shows_it_so(request: pytest.FixtureRequest) -> None:
    text = render_diff_markdown(SAMPLE) + "\n"
    golden = GOLDEN / "comment.md"
    if request.config.getoption("--update-cases"):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


def test_nothing_is_said_in_one_line() -> None:
    nothing = Diff(base="main", changes=Changes(stacks=(), unchanged=21))
    assert render_diff(nothing) == "no changes against main: 21 stacks unchanged"


@given(TREES, TREES)
@settings(max_examples=40)
def test_every_change_is_shown_where_all_are_asked_for(
    before: dict[StackId, str], after: dict[StackId, str]
) -> None:
    changes = compare_trees(before, after)
    text = render_diff(Diff(base="x", changes=changes, every=True))
    for _, change in changes:
        if change.is_resource:
            assert shown(change.address) in text
    document = json.loads(render_diff_json(Diff(base="x", changes=changes), []))
    told = [(s["stack"], r["address"]) for s in document["stacks"] for r in s["resources"]]
    assert sorted(told) == sorted((stack.name, change.address) for stack, change in changes)


def hostile(action: str = "update", number: int = 1) -> Changes:
    values = (
        ValueChange(path=("tags", HOSTILE), before=HOSTILE, after=f"{HOSTILE}\nmore"),
        ValueChange(path=("list",), before=[HOSTILE], after=[HOSTILE * 2]),
        ValueChange(path=("x",), before=ABSENT, after=Unknown(text=HOSTILE)),
    )
    resources = tuple(
        ResourceChange(address=f'aws_vpc.x["{HOSTILE}{n}"]', action=action, values=values)  # type: ignore[arg-type]
        for n in range(number)
    )
    stack = StackChange(
        stack=StackId("a", "cluster"), action="change", resources=resources, why=(HOSTILE,)
    )
    return Changes(stacks=(stack,), unchanged=0)


@pytest.mark.parametrize("action", ["update", "replace", "create", "delete", "move"])
def test_what_somebody_wrote_does_nothing_to_a_terminal(action: str) -> None:
    diff = Diff(base=HOSTILE, changes=hostile(action), notes=(), every=True, why=True)
    text = render_diff(diff, Style(colour=False, width=80))
    assert all(c.isprintable() or c == "\n" for c in text)


@pytest.mark.parametrize("action", ["update", "replace", "delete"])
def test_what_somebody_wrote_does_nothing_to_a_comment(action: str) -> None:
    diff = Diff(base=HOSTILE, changes=hostile(action), why=True)
    text = render_diff_markdown(diff)
    outside = []
    fence = ""
    for line in text.split("\n"):
        plain = line.removeprefix("> ")
        run = re.match(r"`{3,}", plain)
        if fence:
            fence = "" if plain == fence else fence
        elif run:
            fence = run[0]
        else:
            outside.append(line)
    assert fence == ""
    rest = "\n".join(outside)
    assert "<img" not in re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", rest)
    assert "::error::" not in [line[:9] for line in text.split("\n")]
    assert all(c.isprintable() or c == "\n" for c in text)


@given(st.integers(1, 400), st.sampled_from(["update", "replace", "create"]), st.integers(2, 40))
@settings(max_examples=20, deadline=None)
def test_a_comment_is_never_too_long(number: int, action: str, length: int) -> None:
    resources = tuple(
        ResourceChange(
            address=f"aws_vpc.v{n}",
            action=action,  # type: ignore[arg-type]
            values=(ValueChange(path=("a",), before="x" * n, after="`" * length + str(n)),),
        )
        for n in range(number)
    )
    stack = StackChange(stack=StackId("a", "cluster"), action="change", resources=resources)
    impact = Impact(
        cells=(
            CellImpact(
                name="a",
                action="change",
                ring="canary",
                account="1" * 12,
                identity=(ValueStep(what="organization", before="one", after="two"),),
            ),
        )
    )
    diff = Diff(base="m", changes=Changes(stacks=(stack,), unchanged=0), impact=impact)
    for most in (MOST, 3_000):
        text = render_diff_markdown(diff, most)
        assert len(text) <= most
        assert "organization one" in text
        assert text == render_diff_markdown(diff, most)


def test_what_is_dangerous_is_not_cut_while_anything_else_is_there() -> None:
    many = tuple(
        ResourceChange(
            address=f"aws_vpc.v{n}",
            action="update",
            values=(ValueChange(path=("a",), before=n, after=f"{n} " * 60),),
        )
        for n in range(2_000)
    )
    gone = tuple(ResourceChange(address=f"aws_vpc.gone{n}", action="delete") for n in range(3))
    stack = StackChange(stack=StackId("a", "cluster"), action="change", resources=(*many, *gone))
    text = render_diff_markdown(Diff(base="m", changes=Changes(stacks=(stack,), unchanged=0)))
    assert len(text) <= MOST
    assert "aws_vpc.gone0 and 2 like it" in text
    assert "lines are left out here" in text


def test_a_long_value_is_cut_and_told_by_its_digest() -> None:
    one, two = say_value("a" * 500 + "b"), say_value("a" * 500 + "c")
    assert len(one) == len(two) == 160
    assert one != two
    assert cut("short") == "short"


def test_a_text_of_many_lines_is_told_line_by_line() -> None:
    change = ValueChange(path=("user_data",), before="a\nb\nc\n", after="a\nB\nc\n")
    assert list(value_lines(change, 80)) == ["user_data:", "  - b", "  + B"]


def test_sums_name_what_is_likely() -> None:
    assert sums(SAMPLE.changes).startswith("diff: 1 to create, ")
    assert "likely to replace" in sums(SAMPLE.changes)

"""What drifted, as it reads on a terminal, in an issue and to a machine."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cellfactory.diff.model import ABSENT, Unknown, ValueChange
from cellfactory.layers import StackId
from cellfactory.runs.drift import Aside, DriftReport, OwnerDrift
from cellfactory.terraform.drifted import Drifted, in_order
from cellfactory.views.drift import (
    MOST_BODY,
    render_drift,
    render_issue,
    render_markdown,
    to_json,
)
from cellfactory.views.style import Style

NETWORK, CLUSTER = StackId("moka-a", "network"), StackId("moka-a", "cluster")
VPC = Drifted(
    stack=NETWORK,
    address="aws_vpc.cell",
    event="changed",
    cause="reverted",
    then="update",
    values=(
        ValueChange(path=("tags", "Name"), before="moka-a", after="by hand"),
        ValueChange(path=("tags", "team"), before=ABSENT, after="x"),
    ),
)
ROUTE = Drifted(
    stack=NETWORK, address="aws_route.peer", event="gone", cause="reverted", then="create"
)
RULE = Drifted(
    stack=NETWORK,
    address="aws_security_group.node",
    event="added",
    cause="unknown",
    values=(ValueChange(path=("ingress",), before=ABSENT, after="tcp 22 from 0.0.0.0/0"),),
)
PLATFORM = Drifted(
    stack=CLUSTER,
    address="aws_eks_cluster.cell",
    event="changed",
    cause="aws",
    values=(ValueChange(path=("platform_version",), before="eks.1", after="eks.2"),),
    because="EKS moves clusters on",
    source="https://docs.aws.amazon.com/x",
)


def owner(*drifted: Drifted, name: str = "moka-a") -> OwnerDrift:
    return OwnerDrift(
        kind="cell",
        name=name,
        account="444444444444",
        region="us-east-1",
        drifted=in_order(drifted),
        looked_at=(NETWORK, CLUSTER),
        is_whole=True,
    )


def report(*owners: OwnerDrift, **more: Any) -> DriftReport:
    return DriftReport(owners=owners, asides=more.pop("asides", ()), results=(), **more)


def test_a_terminal_of_80_columns() -> None:
    asides = (
        Aside(stack=StackId("moka-b", "network"), why="not applied yet"),
        Aside(stack=StackId("moka-b", "cluster"), why="not applied yet"),
    )
    told = report(owner(VPC, ROUTE, RULE, PLATFORM), owner(name="moka-c"), asides=asides)
    assert render_drift(told, Style(width=80)) == EXPECTED
    assert max(map(len, EXPECTED.splitlines())) <= 80


EXPECTED = """\
moka-a  account 444444444444, us-east-1
        1 to look at, 2 put back by the next apply, 1 by AWS itself
  Somebody has to look: no apply changes this
    moka-a-network aws_security_group.node has more than was applied
      + ingress: "tcp 22 from 0.0.0.0/0"
  The next apply puts this back
    moka-a-network aws_route.peer is gone
    moka-a-network aws_vpc.cell
      ~ tags.Name: "moka-a" -> "by hand"
      + tags.team: "x"
  AWS does this by itself
    moka-a-cluster aws_eks_cluster.cell
      ~ platform_version: "eks.1" -> "eks.2"
      EKS moves clusters on: https://docs.aws.amazon.com/x
  to put it back: cellfactory apply --cell moka-a --allow-destroy network
moka-c  account 444444444444, us-east-1
        as it was applied
note: moka-b (network, cluster): not applied yet
2 cells: 1 drifted, 1 as applied"""


def test_an_issue_is_the_same_for_the_same_drift_in_whatever_order() -> None:
    one, other = owner(VPC, RULE, ROUTE), owner(ROUTE, VPC, RULE)
    assert render_issue(one, "aws") == render_issue(other, "aws")
    assert one.fingerprint == other.fingerprint
    assert render_issue(one, "aws").startswith(
        f"<!-- cellfactory-drift:cell:moka-a {one.fingerprint} -->\n"
    )


def test_what_aws_does_raises_no_alarm_and_changes_no_fingerprint() -> None:
    assert owner(VPC).fingerprint == owner(VPC, PLATFORM).fingerprint
    alone = owner(PLATFORM)
    assert (alone.fingerprint, alone.pressing, report(alone).has_drift) == ("", (), False)
    assert render_markdown(report(alone)) == "1 cell: 0 drifted, 1 as applied"
    assert to_json(report(alone))["cells"][0]["issue"] is None


HOSTILE = "```\n@everyone <!-- --> \x1b[31m\u202e` ::error::x | [a](b)"


def test_nothing_that_aws_holds_breaks_out_of_an_issue_or_a_terminal() -> None:
    values = (ValueChange(path=("tags", HOSTILE), before="a", after=HOSTILE),)
    bad = replace(VPC, values=values, address=f"aws_vpc.x[{HOSTILE!r}]")
    body = render_issue(owner(bad), "aws")
    fenced = body[body.index("````") :]
    inside = fenced[4 : fenced.index("\n````", 4)]
    assert "@everyone" in inside
    assert "@everyone" not in body.replace(inside, "")
    for text in (body, render_drift(report(owner(bad)))):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert all(line.find("::error") != 0 for line in text.splitlines())


def test_a_secret_is_shown_nowhere() -> None:
    values = (
        ValueChange(path=("key",), before="(sensitive)", after="(sensitive)", is_secret=True),
        ValueChange(path=("id",), before=Unknown(), after="b"),
    )
    told = report(owner(replace(VPC, values=values)))
    assert '~ key: "(sensitive)" -> "(sensitive)"' in render_drift(told)
    assert to_json(told)["cells"][0]["changes"][0]["values"][0]["secret"] is True
    json.dumps(to_json(told))


@pytest.mark.parametrize("number", [150, 3_000])
def test_an_issue_stays_below_what_github_takes(number: int) -> None:
    many = [
        replace(VPC, address=f"aws_vpc.number-{n:05}", values=VPC.values * 15)
        for n in range(number)
    ]
    long = [replace(one, cause="unknown") for one in many]
    body = render_issue(owner(*many, *long), "aws")
    assert len(body) <= MOST_BODY
    assert body.count("```") % 2 == 0
    assert "more resources" in body or "Cut here" in body

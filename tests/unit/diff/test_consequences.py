"""What follows from a change although its own text is as before."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cellfactory.diff.compare import compare_trees
from cellfactory.diff.consequences import with_consequences
from cellfactory.layers import StackId

STACK = StackId("a", "cluster")
GROUP = {
    "node_group_name": "all",
    "launch_template": {
        "id": "${aws_launch_template.all.id}",
        "version": "${aws_launch_template.all.latest_version}",
    },
}


def tree(image: str = "v1", kind: str = "m6i.large", **more: Any) -> dict[StackId, str]:
    document = {
        "data": {"aws_ami": {"arm": {"name": image}, "other": {"name": "v1"}}},
        "resource": {
            "aws_launch_template": {
                "all": {"image_id": "${data.aws_ami.arm.id}", "instance_type": kind},
                "rows": {"for_each": '${toset(["x"])}', "image_id": "${data.aws_ami.arm.id}"},
                "old": {"image_id": "${data.aws_ami.other.id}"},
            },
            "aws_eks_node_group": {"all": GROUP},
            "aws_eks_addon": {"dns": {"depends_on": ["aws_eks_node_group.all"]}},
            "aws_route": {"to": {"template": "${aws_launch_template.all.id}"}},
            **more,
        },
        "output": {"image": {"value": "${data.aws_ami.arm.id}"}},
    }
    return {STACK: json.dumps(document)}


def told(after: dict[StackId, str]) -> dict[str, str]:
    changes = with_consequences(compare_trees(tree(), after), after)
    return {r.address: f"{r.action} {r.reason}".strip() for _, r in changes}


TEMPLATE = "update follows from aws_launch_template.all"
IMAGE = "update follows from data.aws_ami.arm"


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (tree(), {}),
        (
            tree("v2"),
            {
                "data.aws_ami.arm": "update",
                "aws_launch_template.all": IMAGE,
                'aws_launch_template.rows["x"]': IMAGE,
                "aws_eks_node_group.all": TEMPLATE,
            },
        ),
        (
            tree(kind="m6i.xlarge"),
            {"aws_launch_template.all": "update", "aws_eks_node_group.all": TEMPLATE},
        ),
        (
            tree("v2", aws_eks_node_group={"all": {**GROUP, "labels": {"a": "b"}}}),
            {
                "data.aws_ami.arm": "update",
                "aws_launch_template.all": IMAGE,
                'aws_launch_template.rows["x"]': IMAGE,
                "aws_eks_node_group.all": "update",
            },
        ),
        (tree(aws_eip={"one": {"image": "${data.aws_ami.arm.id}"}}), {"aws_eip.one": "create"}),
    ],
    ids=["nothing", "image", "template", "changed-itself", "new"],
)
def test_what_is_written_as_before_and_another_one_is_told(
    after: dict[StackId, str], found: dict[str, str]
) -> None:
    assert told(after) == found


def test_a_stack_that_comes_or_goes_is_as_it_is() -> None:
    after = tree("v2")
    changes = compare_trees({}, after)
    assert with_consequences(changes, after) == changes
    gone = compare_trees(after, {})
    assert with_consequences(gone, {}) == gone

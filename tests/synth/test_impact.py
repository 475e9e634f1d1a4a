"""What is said to replace nodes is what changes their launch template, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cellfactory.design import Design
from cellfactory.diff.impact import impact
from cellfactory.layers import list_stacks
from tests.unit.diff.edits import EDITS, FACTS, MORE, Edit, edited, group, kind

pytestmark = pytest.mark.synth

OTHERS: dict[str, Edit] = {
    "repair": lambda d: group(d).update(repair=False),
    "sessions": lambda d: kind(d).update(session_manager=True),
    "tier": MORE["tier"],
    "admins": lambda d: kind(d).update(admins=["arn:aws:iam::1" + "2" * 11 + ":role/x"]),
    "support": lambda d: kind(d).update(control_plane_logs=["api"]),
    "flow logs": lambda d: kind(d).update(flow_logs={"retention_days": 9}),
    "ceiling": lambda d: kind(d).update(node_ceiling=69),
}
ALL: dict[str, Edit] = {
    **{name: edit for name, edit in {**EDITS, **MORE}.items() if "cell" not in name},
    **OTHERS,
}
LOCKED_OUT = {"20 to 26 nodes a zone", "3 to 2 zones", "account", "organization of a made account"}


def templates(design: Design) -> dict[str, Any]:
    """Synthesize the launch templates of one cell, by pool."""
    from cellfactory.stacks.synth import synth_stacks

    stacks = [s for s in list_stacks(design.inventory, FACTS) if s.id.name == "prod-1-cluster"]
    made = synth_stacks(design.inventory, design.plan, FACTS, stacks)
    document = json.loads(made.stacks["prod-1-cluster"])
    images = json.dumps(document["data"]["aws_ami"], sort_keys=True)
    found = document["resource"]["aws_launch_template"]
    return {name: json.dumps(body, sort_keys=True) + images for name, body in found.items()}


@pytest.mark.parametrize("name", sorted(ALL.keys() - LOCKED_OUT))
def test_nodes_are_replaced_where_their_launch_template_is_another(name: str) -> None:
    before, after = edited(ALL[name])
    old, new = templates(before), templates(after)
    changed = {pool for pool in old.keys() & new.keys() if old[pool] != new[pool]}
    cells = [cell for cell in impact(before, after) if cell.name == "prod-1"]
    rolled = {
        f"template-{one.name}"
        for cell in cells
        for one in cell.groups
        if one.replaced and not one.at_once
    }
    assert rolled == changed

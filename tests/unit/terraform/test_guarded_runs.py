"""The guard of a run: what a plan may not do unasked, and what is given up but not destroyed."""

from __future__ import annotations

import json

import pytest

from cellfactory.layers import Stack, StackId
from cellfactory.terraform.runner import destroy_stacks
from cellfactory.views.results import render_dangers
from tests.unit.terraform.scene import ACCESS, NETWORK, Scene, network
from tests.unit.terraform.test_runner import ADD, apply, with_state


@pytest.mark.parametrize(("action", "verb"), [("replace", "replace"), ("delete", "destroy")])
def test_a_plan_that_replaces_or_destroys_is_refused_and_nothing_is_applied(
    scene: Scene, action: str, verb: str
) -> None:
    with_state(scene, "a")
    change = {"action": action, "address": "aws_vpc.cell", "reason": "cannot_update"}
    scene.does("a-network", "plan", changes=[ADD, change])
    result = apply(scene, network("a"))["a-network"]
    assert result.status == "refused"
    assert result.reason == (
        f"F607 it would {verb} 1\n    aws_vpc.cell cannot be re-created; to destroy it: "
        "--allow-destroy aws_vpc.cell"
    )
    assert render_dangers(result) == f"    {action} aws_vpc.cell (cannot_update)"
    assert scene.commands("apply") == []
    assert not list(scene.root.rglob("*.tfplan"))


def test_a_plan_that_destroys_is_looked_at_also_where_that_was_allowed(scene: Scene) -> None:
    with_state(scene, "a")
    gone = {"action": "delete", "address": "aws_route.one"}
    scene.does("a-network", "plan", changes=[gone])
    scene.does("a-network", "apply", outputs=NETWORK, changes=[gone])
    assert apply(scene, network("a"), allow=["peering"])["a-network"].status == "refused"
    result = apply(scene, network("a"), allow=["network"])["a-network"]
    assert (result.status, str(result.counts)) == ("applied", "+0 ~0 -1")
    assert scene.commands("plan", "apply")[-2:] == [("a-network", "plan"), ("a-network", "apply")]


def test_a_plan_that_terraform_stopped_at_what_is_kept_is_refused_in_our_words(
    scene: Scene,
) -> None:
    with_state(scene, "a")
    scene.does("a-network", "plan", prints=[planned("replace", "aws_vpc.cell")], error="kept")
    result = apply(scene, network("a"))["a-network"]
    assert result.status == "refused"
    assert "--allow-destroy aws_vpc.cell" in result.reason


def test_what_got_lost_is_not_made_anew(scene: Scene) -> None:
    with_state(scene, "a")
    lost = planned("delete", "aws_vpc.cell", kind="resource_drift")
    scene.does("a-network", "plan", prints=[lost], changes=[ADD])
    result = apply(scene, network("a"))["a-network"]
    assert result.status == "refused"
    assert result.reason.startswith("F607 it would re-create missing resources: 1\n")
    assert render_dangers(result) == "    create aws_vpc.cell"


def planned(action: str, address: str, kind: str = "planned_change") -> str:
    """A line of Terraform's about one resource."""
    resource = {"addr": address, "resource_type": address.partition(".")[0], "resource_key": None}
    return json.dumps({"type": kind, "change": {"resource": resource, "action": action}})


def test_what_was_half_made_may_be_replaced(scene: Scene) -> None:
    with_state(scene, "a")
    scene.does(
        "a-network",
        "plan",
        changes=[{"action": "replace", "address": "aws_subnet.one", "reason": "tainted"}],
    )
    scene.does("a-network", "apply", outputs=NETWORK, changes=[ADD])
    assert apply(scene, network("a"))["a-network"].status == "applied"


def test_an_account_is_forgotten_and_never_destroyed(scene: Scene) -> None:
    made = Stack(id=StackId("a", "account"), access=ACCESS, outputs={"account_id": "string"})
    scene.does("a-account", "apply", outputs={"account_id": "444444444444"}, changes=[ADD])
    apply(scene, made)
    scene.does("a-account", "state", prints=["aws_organizations_account.cell"])
    (result,) = destroy_stacks(scene.context(), [made.id], scene.listener, parallel=1)
    assert (result.status, result.reason) == ("forgotten", "its resources remain in AWS")
    assert scene.commands("destroy") == []
    asked = [arguments for event, _, command, arguments in scene.log if command == "state"]
    assert ["list"] in asked
    assert ["rm", "-lock-timeout=60s", "aws_organizations_account.cell"] in asked
    assert scene.context().registry.stacks() == frozenset()


def test_an_account_that_cannot_be_forgotten_stays_in_the_registry(scene: Scene) -> None:
    made = Stack(id=StackId("a", "account"), access=ACCESS, outputs={"account_id": "string"})
    scene.does("a-account", "apply", outputs={"account_id": "444444444444"}, changes=[ADD])
    apply(scene, made)
    scene.does("a-account", "state", error="the state is locked")
    (result,) = destroy_stacks(scene.context(), [made.id], scene.listener, parallel=1)
    assert result.status == "failed"
    assert scene.context().registry.stacks() == {made.id}

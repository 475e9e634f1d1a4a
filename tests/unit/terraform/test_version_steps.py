"""Versions that a plan changes: what is refused, what is told, and that no plan stays behind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from cellfactory.errors import TerraformError
from cellfactory.facts.loader import load_facts
from cellfactory.layers import Stack, StackId
from cellfactory.terraform.findings import findings_of
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import plan_stacks_now
from cellfactory.terraform.shown import parse_shown
from cellfactory.terraform.version_steps import check_steps, version_steps
from tests.unit.terraform.scene import ACCESS, Scene
from tests.unit.terraform.test_runner import apply, with_state

FACTS = load_facts()
NAME = "a-cluster"
DOCUMENT: dict[str, Any] = {"resource": {"aws_eks_cluster": {"cell": {}}}}
SOURCES = {StackId("a", "cluster"): {"cdk.tf.json": json.dumps(DOCUMENT)}}


def cell() -> Stack:
    return Stack(id=StackId("a", "cluster"), access=ACCESS)


def changed(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    actions = ["update"] if before != after else ["no-op"]
    change = {"actions": actions, "before": before, "after": after}
    name = before.get("name", before.get("addon_name"))
    return {"address": f"{kind}.{name}", "type": kind, "name": name, "change": change}


def plane(before: str, after: str) -> dict[str, Any]:
    return changed(
        "aws_eks_cluster", {"name": "a", "version": before}, {"name": "a", "version": after}
    )


def addon(name: str, before: str, after: str) -> dict[str, Any]:
    one, two = ({"addon_name": name, "addon_version": v} for v in (before, after))
    return changed("aws_eks_addon", one, two)


def plan(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"format_version": "1.2", "resource_changes": list(changes)}


def test_a_control_plane_that_is_newer_is_not_taken_back() -> None:
    coredns, cni = "v1.13.2-eksbuild.24", "v1.23.1-eksbuild.1"
    told = plan(
        plane("1.35", "1.34"), addon("coredns", coredns, coredns), addon("vpc-cni", cni, cni)
    )
    (found,) = check_steps(told, FACTS)
    assert (found.rule, found.severity) == ("F616", "error")
    assert found.message == (
        "the control plane of a runs Kubernetes 1.35 and the inventory says 1.34: a plan never "
        "takes a control plane back"
    )
    newest = {name: FACTS.addons[f"{name}@1.35"].version for name in ("coredns", "vpc-cni")}
    assert found.hint.splitlines()[0] == (
        f'write kubernetes_version: "1.35", addons: {{coredns: {newest["coredns"]}, '
        f"vpc-cni: {newest['vpc-cni']}}}"
    )
    assert "for 7 days after an update" in found.hint
    assert "update-cluster-version --name a --kubernetes-version 1.34" in found.hint


def test_a_version_that_nobody_knows_here_is_named_all_the_same() -> None:
    (found,) = check_steps(plan(plane("1.99", "1.34"), addon("x", "v1", "v1")), FACTS)
    assert found.hint.startswith('write kubernetes_version: "1.99"\n')
    assert "this release does not know Kubernetes 1.99" in found.hint


@pytest.mark.parametrize(
    ("before", "after", "wanted"), [("1.33", "1.35", "1.34"), ("1.33", "1.36", "1.34")]
)
def test_a_control_plane_goes_up_step_by_step(before: str, after: str, wanted: str) -> None:
    (found,) = check_steps(plan(plane(before, after)), FACTS)
    assert found.rule == "F616"
    assert "EKS takes it up by one minor version at a time" in found.message
    assert found.hint.startswith(f'write kubernetes_version: "{wanted}"')


def test_numbers_are_compared_and_not_letters() -> None:
    (step,) = version_steps(plan(addon("vpc-cni", "v1.9.3-eksbuild.9", "v1.10.0-eksbuild.1")))
    assert not step.goes_back
    (step,) = version_steps(plan(addon("vpc-cni", "v1.9.3-eksbuild.10", "v1.9.3-eksbuild.9")))
    assert step.goes_back


@pytest.mark.parametrize(
    "told",
    [
        plan(),
        plan(plane("1.34", "1.35")),
        plan(plane("1.34", "1.34")),
        plan(addon("vpc-cni", "v1.22.0-eksbuild.1", "v1.23.1-eksbuild.1")),
        plan({**plane("1.34", "1.35"), "change": {"actions": ["create"], "before": None}}),
        plan(changed("aws_vpc", {"name": "x", "version": "2"}, {"name": "x", "version": "1"})),
    ],
)
def test_what_eks_does_is_left_alone(told: dict[str, Any]) -> None:
    assert check_steps(told, FACTS) == ()


def test_an_add_on_that_goes_back_is_told() -> None:
    old, new = "v1.22.0-eksbuild.1", "v1.23.1-eksbuild.1"
    (found,) = check_steps(plan(plane("1.34", "1.35"), addon("vpc-cni", new, old)), FACTS)
    assert str(found) == (
        f"F617 warning: add-on vpc-cni goes back from {new} to {old}\n"
        f"    where nobody meant it to: write vpc-cni: {new} under addons"
    )


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"resource_changes": [{}]}', "null"])
def test_what_is_no_plan_is_a_sentence(text: str) -> None:
    with pytest.raises(TerraformError, match="F619"):
        parse_shown(text)


def run_plan(scene: Scene) -> Result:
    (result,) = plan_stacks_now(scene.context(), [cell()], SOURCES, scene.listener, parallel=1)
    return result


def run_apply(scene: Scene) -> Result:
    return apply(scene, cell(), sources=SOURCES)[NAME]


UPDATE = {"action": "update", "address": "aws_eks_cluster.cell"}


def test_plan_and_apply_refuse_alike_and_no_plan_stays(scene: Scene) -> None:
    with_state(scene, "a", "cluster")
    scene.does(NAME, "plan", changes=[UPDATE])
    scene.does(NAME, "show", document=plan(plane("1.35", "1.34")))
    planned = run_plan(scene)
    applied = run_apply(scene)
    for result in (planned, applied):
        assert result.status == "refused"
        assert result.reason.startswith("F616 the control plane of a runs Kubernetes 1.35")
        (finding,) = findings_of([result])
        assert (finding.stack, finding.address) == (NAME, "aws_eks_cluster.a")
    assert scene.commands("apply") == []
    assert not list(scene.root.rglob("*.tfplan"))


def test_a_warning_does_not_stop_and_is_told_with_what_was_done(scene: Scene) -> None:
    with_state(scene, "a", "cluster")
    change = {"action": "update", "address": "aws_eks_addon.addon-vpc-cni"}
    scene.does(NAME, "plan", changes=[change])
    scene.does(NAME, "apply", changes=[change])
    scene.does(NAME, "show", document=plan(addon("vpc-cni", "v1.23.1", "v1.22.0")))
    for result in (run_plan(scene), run_apply(scene)):
        assert result.status in ("planned", "applied")
        assert [finding.rule for finding in findings_of([result])] == ["F617"]


def test_a_plan_without_versions_is_not_looked_into(scene: Scene) -> None:
    scene.does(NAME, "plan", changes=[{"action": "create", "address": "aws_eks_cluster.cell"}])
    with_state(scene, "a", "cluster")
    assert run_apply(scene).status == "no-change"
    assert scene.commands("show") == []
    assert not list(scene.root.rglob("*.tfplan"))


def test_a_plan_that_cannot_be_shown_is_a_failure(scene: Scene) -> None:
    scene.does(NAME, "plan", changes=[UPDATE])
    scene.does(NAME, "show", error="no")
    assert run_plan(scene).status == "failed"
    scene.does(NAME, "show", document={})
    assert run_plan(scene).reason.startswith("F619")
    assert not list(scene.root.rglob("*.tfplan"))

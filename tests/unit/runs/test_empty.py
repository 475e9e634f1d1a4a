"""What is empty is not fine: a validation of nothing, no mirror, half a selection."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellfactory.errors import UsageError
from cellfactory.layers import Source, StackId
from cellfactory.runs.apply import fatal_of
from cellfactory.runs.validate import outcome_of
from cellfactory.terraform.findings import findings_of
from cellfactory.terraform.results import Result
from cellfactory.terraform.target import plugin_mirror
from tests.unit.terraform.scene import Scene, cluster, network, taking
from tests.unit.terraform.test_runner import apply, make_network


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(root=tmp_path)


NETWORK, CLUSTER = StackId("a", "network"), StackId("a", "cluster")


def left_out(stack: StackId) -> Result:
    return Result(stack=stack, status="left-out", reason="the plugin mirror has no hashicorp/aws")


def test_a_validation_that_validated_nothing_fails() -> None:
    outcome = outcome_of((left_out(NETWORK), left_out(CLUSTER)), stopped=False)
    assert outcome.failed
    rules = [f.rule for f in findings_of(outcome.results, outcome.fatal)]
    assert rules == ["F651", "F651"]


def test_what_the_mirror_lacks_beside_what_was_validated_is_left_out() -> None:
    valid = Result(stack=NETWORK, status="valid")
    assert not outcome_of((valid, left_out(CLUSTER)), stopped=False).failed
    assert not outcome_of((), stopped=False).failed


@pytest.mark.parametrize("name", ["no-such-folder", "a-file"])
def test_a_mirror_that_is_no_folder_is_a_usage_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "a-file").touch()
    with pytest.raises(UsageError, match=f"TF_PLUGIN_MIRROR names .*{name}, which is not a folder"):
        plugin_mirror({"TF_PLUGIN_MIRROR": str(tmp_path / name)})
    assert plugin_mirror({"TF_PLUGIN_MIRROR": ""}) is None


def test_what_waits_for_others_that_nobody_asked_for_is_no_failure(scene: Scene) -> None:
    results = apply(
        scene, taking("a", "accept", x=Source(stack=StackId("b", "peering"), output="x"))
    )
    assert results["a-accept"].status == "deferred"
    assert fatal_of(tuple(results.values())) == frozenset()


def test_what_waits_for_a_layer_of_its_own_that_was_left_out_fails(scene: Scene) -> None:
    results = apply(scene, cluster("a"))
    assert fatal_of(tuple(results.values())) == frozenset({"deferred"})


def test_nor_is_what_waits_for_such_a_one(scene: Scene) -> None:
    accept = StackId("a", "accept")
    middle = taking("a", "accept", x=Source(stack=StackId("b", "peering"), output="x"))
    last = taking("a", "routes", y=Source(stack=accept, output="y"))
    results = apply(scene, middle, last)
    assert {r.status for r in results.values()} == {"deferred"}
    assert fatal_of(tuple(results.values())) == frozenset()


def test_what_waits_for_a_stack_that_was_asked_for_fails_the_run(scene: Scene) -> None:
    make_network(scene, "a")
    other = taking("a", "cluster", x=Source(stack=NETWORK, output="not_there"))
    results = apply(scene, network("a"), other)
    assert results["a-cluster"].status == "deferred"
    assert fatal_of(tuple(results.values())) == frozenset({"deferred"})

"""Runs that come after others, or beside them: what is recorded now is what counts."""

from __future__ import annotations

from cellfactory.layers import Source, StackId
from cellfactory.terraform.runner import destroy_stacks, plan_stacks_now
from tests.unit.terraform.scene import NETWORK, Scene, cluster, network, sources_of, taking
from tests.unit.terraform.test_runner import ADD, apply, make_network


def test_a_destroy_that_never_began_leaves_its_outputs_to_others(scene: Scene) -> None:
    make_network(scene, "a")
    apply(scene, network("a"))
    scene.does("a-network", "destroy", error="Error acquiring the state lock")
    destroy_stacks(scene.context(), [StackId("a", "network")], scene.listener, parallel=1)
    assert apply(scene, cluster("a"), run="second")["a-cluster"].status == "no-change"


def test_a_resumed_run_does_again_what_was_destroyed_since(scene: Scene) -> None:
    make_network(scene, "a")
    apply(scene, network("a"))
    destroy_stacks(scene.context(), [StackId("a", "network")], scene.listener, parallel=1)
    again = apply(scene, network("a"), resume="run", run="second")
    assert again["a-network"].status == "applied"


def test_a_resumed_run_does_again_what_was_half_destroyed_since(scene: Scene) -> None:
    make_network(scene, "a")
    apply(scene, network("a"))
    scene.does("a-network", "destroy", begins=[ADD], error="killed")
    destroy_stacks(scene.context(), [StackId("a", "network")], scene.listener, parallel=1)
    again = apply(scene, network("a"), resume="run", run="second")
    assert again["a-network"].status == "applied"


def test_what_another_run_makes_meanwhile_is_seen(scene: Scene) -> None:
    """Two shards of a pipeline: one applies what the other one waits for."""
    make_network(scene, "a")
    scene.does("b-network", "apply", seconds=1, outputs=NETWORK)
    context = scene.context()
    waiting = taking("b", "cluster", vpc_id=Source(stack=StackId("a", "network"), output="vpc_id"))
    assert context.registry.read(StackId("a", "network")) is None  # this shard has looked once
    apply(scene, network("a"))
    stacks = (waiting,)
    (result,) = plan_stacks_now(context, stacks, sources_of(*stacks), scene.listener, parallel=1)
    assert result.status == "no-change"


def test_one_record_that_cannot_be_read_spares_only_what_it_takes_from(scene: Scene) -> None:
    for cell in ("a", "b"):
        make_network(scene, cell)
        apply(scene, network(cell), cluster(cell), run=cell)
    folder = scene.root / "sandbox" / "registry" / "cells"
    newer = (
        (folder / "a" / "cluster.json").read_text("utf-8").replace('"version": 2', '"version": 3')
    )
    (folder / "a" / "cluster.json").write_text(newer, "utf-8")
    selected = [StackId(cell, layer) for cell in "ab" for layer in ("network", "cluster")]
    results = {
        r.stack.name: r
        for r in destroy_stacks(scene.context(), selected, scene.listener, parallel=2)
    }
    assert {name: r.status for name, r in results.items()} == {
        "a-network": "skipped",
        "a-cluster": "failed",
        "b-network": "destroyed",
        "b-cluster": "destroyed",
    }
    finding = results["a-cluster"].finding
    assert finding
    assert finding.rule == "F603"
    assert "a newer one" in finding.hint

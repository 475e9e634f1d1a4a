"""Order, deferral, failure, the guard, resume and interrupt, with a fake Terraform."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from cellfactory.layers import Layer, Source, Stack, StackId
from cellfactory.terraform.guard import NOTHING, Allowed
from cellfactory.terraform.journal import Journal, read_finished
from cellfactory.terraform.new_accounts import NewAccounts
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import (
    SourcesOf,
    apply_stacks,
    destroy_stacks,
    plan_stacks_now,
    validate_stacks,
)
from cellfactory.views.results import render_errors
from tests.unit.runs.conftest import recorded
from tests.unit.terraform.scene import (
    ACCESS,
    NETWORK,
    Scene,
    cluster,
    network,
    sources_of,
    taking,
)

ADD = {"action": "create", "address": "aws_vpc.cell"}


def apply(
    scene: Scene,
    *stacks: Stack,
    parallel: int = 2,
    allow: Sequence[str] = (),
    resume: str | None = None,
    run: str = "run",
    sources: SourcesOf | None = None,
) -> dict[str, Result]:
    context = scene.context()
    runs = context.target.runs_folder
    results = apply_stacks(
        context,
        stacks,
        sources or sources_of(*stacks),
        scene.listener,
        parallel=parallel,
        journal=Journal(runs / f"{run}.jsonl", "apply"),
        finished=read_finished(runs / f"{resume}.jsonl") if resume else {},
        allowed=Allowed.of(allow),
    )
    return {r.stack.name: r for r in results}


def make_network(scene: Scene, cell: str, vpc_id: str = "vpc-1") -> None:
    scene.does(f"{cell}-network", "apply", outputs={"vpc_id": vpc_id}, changes=[ADD])


def test_a_stack_is_applied_after_what_it_takes_values_from(scene: Scene) -> None:
    make_network(scene, "a", "vpc-77")
    results = apply(scene, cluster("a"), network("a"))
    assert scene.commands("apply") == [("a-network", "apply"), ("a-cluster", "apply")]
    assert results["a-network"].status == "applied"
    assert str(results["a-network"].counts) == "+1 ~0 -0"
    work = scene.root / "sandbox" / "work" / "a-cluster"
    assert '"vpc-77"' in (work / "cellfactory.auto.tfvars.json").read_text("utf-8")


def test_stacks_run_side_by_side_but_no_more_than_asked_for(scene: Scene) -> None:
    cells = ["a", "b", "c", "d"]
    for cell in cells:
        scene.does(f"{cell}-network", "apply", seconds=2, outputs=NETWORK)
    apply(scene, *map(network, cells), parallel=2)
    running, most = 0, 0
    for event, _, command, _ in scene.log:
        if command == "apply":
            running += 1 if event == "begin" else -1
            most = max(most, running)
    assert most == 2


def test_a_stack_starts_when_its_own_producer_is_done_not_when_the_whole_layer_is(
    scene: Scene,
) -> None:
    make_network(scene, "a")
    scene.does("b-network", "apply", seconds=1.0, outputs=NETWORK)
    apply(scene, network("a"), network("b"), cluster("a"), cluster("b"))
    order = [(event, stack) for event, stack, command, _ in scene.log if command == "apply"]
    assert order.index(("begin", "a-cluster")) < order.index(("end", "b-network"))
    assert order.index(("begin", "b-cluster")) > order.index(("end", "b-network"))


def test_a_failure_stops_only_those_that_wait_for_it(scene: Scene) -> None:
    make_network(scene, "b")
    scene.does("a-network", "apply", error="no such role")
    results = apply(scene, network("a"), network("b"), cluster("a"), cluster("b"))
    assert {n: r.status for n, r in results.items()} == {
        "a-network": "failed",
        "b-network": "applied",
        "a-cluster": "skipped",
        "b-cluster": "no-change",
    }
    assert results["a-cluster"].reason == "needs a-network"
    assert render_errors(results["a-network"]).splitlines() == [
        "    error: no such role (a.b)",
        "      because",
        "      of that",
    ]
    log = scene.root / "sandbox" / "logs" / "a-network" / "apply.log"
    assert results["a-network"].log == log


def test_a_failed_init_shows_what_terraform_wrote_to_stderr(scene: Scene) -> None:
    scene.does("a-network", "init", error="no provider")
    results = apply(scene, network("a"))
    assert results["a-network"].status == "failed"
    assert "Error: no provider" in render_errors(results["a-network"])
    assert scene.commands("apply") == []


def test_init_runs_once_and_again_only_when_what_it_depends_on_changes(scene: Scene) -> None:
    make_network(scene, "a")
    apply(scene, network("a"))
    apply(scene, network("a"), run="second")
    assert scene.commands("init") == [("a-network", "init")]


def test_a_stack_without_its_inputs_is_deferred_and_says_what_it_waits_for(scene: Scene) -> None:
    results = apply(scene, cluster("a"))
    assert results["a-cluster"].status == "deferred"
    assert results["a-cluster"].reason == "waits for a-network"
    assert scene.log == []


def test_the_inputs_of_a_selected_stack_come_from_an_earlier_run(scene: Scene) -> None:
    make_network(scene, "a")
    apply(scene, network("a"))
    assert apply(scene, cluster("a"), run="second")["a-cluster"].status == "no-change"


def test_a_key_that_a_map_does_not_have_yet_defers(scene: Scene) -> None:
    requests = Stack(
        id=StackId("b", "peering"), access=ACCESS, outputs={"connection_ids": "map(string)"}
    )
    scene.does("b-peering", "apply", outputs={"connection_ids": {"a": "pcx-a"}})
    accept = taking(
        "c",
        "accept",
        connection_ids={"b": Source(stack=requests.id, output="connection_ids", key="c")},
    )
    results = apply(scene, requests, accept)
    assert results["c-accept"].reason == "waits for b-peering"


def test_an_output_of_another_type_fails_the_stack_and_what_waits_for_it(scene: Scene) -> None:
    scene.does("a-network", "apply", outputs={"vpc_id": {"not": "text"}})
    results = apply(scene, network("a"), cluster("a"))
    assert results["a-network"].status == "failed"
    assert results["a-network"].reason.startswith("F604 the outputs of a-network")
    assert results["a-cluster"].status == "skipped"


def test_the_plan_that_was_looked_at_is_the_one_that_is_applied(scene: Scene) -> None:
    scene.mode = "aws"
    scene.does("a-network", "plan", changes=[ADD])
    make_network(scene, "a")
    assert apply(scene, network("a"))["a-network"].status == "applied"
    asked = {c: a for e, _, c, a in scene.log if e == "begin"}
    assert "-out=stack.tfplan" in asked["plan"]
    assert asked["apply"][-1] == "stack.tfplan"
    assert "-auto-approve" not in asked["apply"]
    assert not list(scene.root.rglob("*.tfplan"))


def test_no_change_takes_the_outputs_from_the_state_where_none_are_recorded(scene: Scene) -> None:
    scene.mode = "aws"
    scene.does("a-network", "output", outputs={"vpc_id": "vpc-5"})
    assert apply(scene, network("a"))["a-network"].status == "no-change"
    record = scene.context().registry.read(StackId("a", "network"))
    assert record is not None
    assert (record.complete, record.outputs) == (True, {"vpc_id": "vpc-5"})


def test_when_a_stack_was_applied_is_kept_while_nothing_changes(scene: Scene) -> None:
    def applied_at() -> str:
        record = scene.context().registry.read(StackId("a", "network"))
        return "" if record is None else record.applied_at

    make_network(scene, "a")
    apply(scene, network("a"))
    first = applied_at()
    assert datetime.fromisoformat(first).utcoffset() == timedelta(0)
    scene.does("a-network", "apply", error="throttled")
    apply(scene, network("a"), run="second")
    assert applied_at() == first


def test_resume_skips_what_is_done_and_does_the_rest(scene: Scene) -> None:
    make_network(scene, "a")
    scene.does("a-cluster", "apply", error="throttled")
    apply(scene, network("a"), cluster("a"), run="one")
    scene.does("a-cluster", "apply", changes=[ADD])
    results = apply(scene, network("a"), cluster("a"), resume="one", run="one")
    assert results["a-network"].status == "done-before"
    assert results["a-cluster"].status == "applied"
    again = apply(scene, network("a"), cluster("a"), resume="one", run="one")
    assert {r.status for r in again.values()} == {"done-before"}


def test_resume_does_again_what_has_changed_since(scene: Scene) -> None:
    make_network(scene, "a")
    apply(scene, network("a"), run="one")
    context = scene.context()
    changed = {network("a").id: {"cdk.tf.json": '{"//": "edited"}'}}
    (result,) = apply_stacks(
        context,
        [network("a")],
        changed,
        scene.listener,
        parallel=1,
        journal=Journal(context.target.runs_folder / "two.jsonl", "apply"),
        finished=read_finished(context.target.runs_folder / "one.jsonl"),
        allowed=NOTHING,
    )
    assert result.status == "applied"


def test_an_interrupt_reaches_terraform_once_and_starts_nothing_new(scene: Scene) -> None:
    for cell in "ab":
        scene.does(f"{cell}-network", "apply", seconds=60, outputs=NETWORK)
    context = scene.context()

    def interrupt() -> None:
        while not scene.commands("apply"):
            time.sleep(0.01)
        context.children.stop(signal.SIGINT)
        context.children.stop(signal.SIGINT)

    threading.Thread(target=interrupt).start()
    stacks = [network("a"), network("b"), cluster("a")]
    results = apply_stacks(
        context,
        stacks,
        sources_of(*stacks),
        scene.listener,
        parallel=1,
        journal=Journal(context.target.runs_folder / "run.jsonl", "apply"),
        finished={},
        allowed=NOTHING,
    )
    assert [r.status for r in results] == ["interrupted", "skipped", "skipped"]
    assert scene.commands("apply") == [("a-network", "apply")]
    ends = [told for event, _, command, told in scene.log if (event, command) == ("end", "apply")]
    assert ends == [["1", str(int(signal.SIGINT))]]
    assert read_finished(context.target.runs_folder / "run.jsonl") == {}


def test_where_the_journal_cannot_be_written_nothing_is_started(scene: Scene) -> None:
    make_network(scene, "a")
    context = scene.context()
    journal = Journal(context.target.runs_folder / "run.jsonl", "apply")
    journal.path.unlink()
    journal.path.mkdir()
    (result,) = apply_stacks(
        context,
        [network("a")],
        sources_of(network("a")),
        scene.listener,
        parallel=1,
        journal=journal,
        finished={},
        allowed=NOTHING,
    )
    assert result.status == "failed"
    assert result.reason == f"cannot write {journal.path}: Is a directory"
    assert scene.log == []


def test_two_runs_in_one_folder_never_work_on_a_stack_at_the_same_time(scene: Scene) -> None:
    with_state(scene, "a")
    scene.does("a-network", "plan", changes=[ADD], seconds=0.3)
    scene.does("a-network", "apply", outputs=NETWORK, changes=[ADD], seconds=0.3)
    results: list[Result] = []

    def run(name: str) -> None:
        results.extend(apply(scene, network("a"), run=name).values())

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.status for r in results] == ["applied", "applied"]
    events = [(event, command) for event, _, command, _ in scene.log if command != "init"]
    assert events == [(e, c) for c in ("plan", "apply") for e in ("begin", "end")] * 2


def test_plan_defers_and_plans_with_what_the_registry_holds_now(scene: Scene) -> None:
    scene.does("a-network", "plan", changes=[ADD])
    context = scene.context()
    stacks = [network("a"), cluster("a")]
    results = plan_stacks_now(context, stacks, sources_of(*stacks), scene.listener, parallel=2)
    assert [r.status for r in results] == ["planned", "deferred"]
    assert context.registry.stacks() == frozenset()


def test_validate_needs_no_inputs(scene: Scene) -> None:
    scene.mode = "offline"
    scene.does("b-cluster", "validate", error="no such attribute")
    stacks = [cluster("a"), cluster("b")]
    results = validate_stacks(
        scene.context(), [s.id for s in stacks], sources_of(*stacks), scene.listener, parallel=2
    )
    assert [r.status for r in results] == ["valid", "failed"]
    assert all(a[0:1] != ["-reconfigure"] for _, _, c, a in scene.log if c == "init")


def test_validate_leaves_out_a_provider_that_the_mirror_lacks_and_says_so(scene: Scene) -> None:
    context = scene.context()
    mirror = scene.root / "mirror"
    (mirror / "registry.terraform.io" / "hashicorp" / "aws").mkdir(parents=True)
    context = replace(context, target=replace(context.target, mirror=mirror))
    needs = '{"terraform": {"required_providers": {"x": {"source": "hashicorp/%s"}}}}'
    aws, helm = StackId("a", "network"), StackId("a", "platform")
    results = validate_stacks(
        context,
        [aws, helm],
        {aws: {"cdk.tf.json": needs % "aws"}, helm: {"cdk.tf.json": needs % "helm"}},
        scene.listener,
        parallel=1,
    )
    assert [r.status for r in results] == ["valid", "left-out"]
    assert results[1].reason == "the plugin mirror has no hashicorp/helm"


def test_destroy_goes_in_reverse_order_and_empties_the_registry(scene: Scene) -> None:
    make_network(scene, "a")
    apply(scene, network("a"), cluster("a"))
    context = scene.context()
    selected = [StackId("a", "network"), StackId("a", "cluster")]
    results = destroy_stacks(context, selected, scene.listener, parallel=2)
    assert {r.status for r in results} == {"destroyed"}
    assert scene.commands("destroy") == [("a-cluster", "destroy"), ("a-network", "destroy")]
    assert context.registry.stacks() == frozenset()


def test_destroy_runs_with_what_the_stack_was_applied_with(scene: Scene) -> None:
    make_network(scene, "gone", "vpc-9")
    apply(scene, network("gone"), cluster("gone"))
    work = scene.root / "sandbox" / "work" / "gone-cluster"
    (work / "cdk.tf.json").unlink()
    destroy_stacks(scene.context(), [StackId("gone", "cluster")], scene.listener, parallel=1)
    assert (work / "cdk.tf.json").read_text("utf-8") == '{"//": "gone-cluster"}'
    assert "vpc-9" in (work / "cellfactory.auto.tfvars.json").read_text("utf-8")


def test_what_others_still_take_values_from_is_not_destroyed(scene: Scene) -> None:
    make_network(scene, "a")
    apply(scene, network("a"), cluster("a"))
    (result,) = destroy_stacks(
        scene.context(), [StackId("a", "network")], scene.listener, parallel=1
    )
    assert result.status == "refused"
    assert result.reason == (
        "F606 a-cluster still takes values from it\n"
        "    to destroy everything that takes values from it: "
        "cellfactory destroy --sandbox --cell a"
    )


def test_nothing_is_destroyed_while_a_part_of_it_is_still_needed(scene: Scene) -> None:
    make_network(scene, "a")
    make_network(scene, "b", "vpc-2")
    apply(scene, network("a"), cluster("a"), network("b"))
    selected = [StackId("a", "network"), StackId("b", "network")]
    results = destroy_stacks(scene.context(), selected, scene.listener, parallel=1)
    assert [r.status for r in results] == ["refused", "skipped"]
    assert scene.commands("destroy") == []
    assert scene.commands("destroy") == []


def test_a_failed_destroy_keeps_the_record_and_spares_what_it_used(scene: Scene) -> None:
    make_network(scene, "a")
    apply(scene, network("a"), cluster("a"))
    scene.does("a-cluster", "destroy", begins=[ADD], error="in use")
    context = scene.context()
    selected = [StackId("a", "network"), StackId("a", "cluster")]
    results = {
        r.stack.layer: r for r in destroy_stacks(context, selected, scene.listener, parallel=2)
    }
    assert (results["cluster"].status, results["network"].status) == ("failed", "skipped")
    assert context.registry.stacks() == frozenset(selected)
    record = context.registry.read(StackId("a", "cluster"))
    assert record is not None
    assert not record.complete


def test_what_a_failed_first_apply_has_left_can_be_destroyed(scene: Scene) -> None:
    scene.does("a-network", "apply", error="throttled half-way")
    apply(scene, network("a"))
    context = scene.context()
    (result,) = destroy_stacks(context, [StackId("a", "network")], scene.listener, parallel=1)
    assert result.status == "destroyed"
    assert scene.commands("destroy") == [("a-network", "destroy")]


def with_state(scene: Scene, cell: str, layer: Layer = "network") -> None:
    """Let a stack have a state, as after an earlier apply."""
    target = scene.context().target
    path = target.state_file(StackId(cell, layer))
    path.parent.mkdir(parents=True)
    path.write_text("{}", "utf-8")


@pytest.mark.parametrize("code_line", ["panic: oh no", '{"type": "planned_change"}'])
def test_what_terraform_says_beside_its_messages_is_shown(scene: Scene, code_line: str) -> None:
    scene.does("a-network", "apply", prints=[code_line], error="x")
    scene.does("b-network", "apply", prints=[code_line], outputs=NETWORK)
    results = apply(scene, network("a"), network("b"))
    assert results["a-network"].status == "failed"
    assert results["b-network"].status == "no-change"


def test_a_wait_that_is_stopped_is_one_line_and_no_failure(scene: Scene) -> None:
    access = replace(ACCESS, account="${var.account_id}")
    stack = replace(
        taking("a", "network", account_id=Source(stack=StackId("a", "account"), output="id")),
        access=access,
    )
    context = scene.context()
    context.registry.write(recorded("a", "account", outputs={"id": "7" * 12}))
    accounts = NewAccounts(ask=lambda _: "AccessDenied", seconds=900, at_a_time=5)
    context = replace(context, new_accounts=accounts)
    runs = context.target.runs_folder
    threading.Timer(0.5, context.children.stop, (signal.SIGINT,)).start()
    began = time.monotonic()
    (result,) = apply_stacks(
        context,
        [stack],
        sources_of(stack),
        scene.listener,
        parallel=1,
        journal=Journal(runs / "run.jsonl", "apply"),
        finished={},
        allowed=NOTHING,
    )
    assert time.monotonic() - began < 3, "and not when the pause is over"
    assert (result.status, result.reason) == ("interrupted", f"account {'7' * 12} was not ready")

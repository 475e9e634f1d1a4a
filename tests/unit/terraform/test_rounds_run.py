"""A run over a cell that asks in rounds: what Terraform is given each time, and in which order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cellfactory.layers import Access, Input, Source, Stack, StackId
from cellfactory.layers.edges import PEER_VPCS
from cellfactory.terraform.guard import NOTHING
from cellfactory.terraform.journal import Journal
from cellfactory.terraform.pending import edges_to_ask
from cellfactory.terraform.results import Result
from cellfactory.terraform.rounds import Asker, Request, Rounds
from cellfactory.terraform.runner import Listener, apply_stacks
from cellfactory.terraform.workspace import INPUTS
from tests.unit.terraform.scene import ACCESS, Scene, network, sources_of

PEERS = "bcd"
ASKER = StackId("a", "peering")
OWN = "vpc-a"


def asking() -> Stack:
    """Cell a, which asks all others."""
    vpcs = {peer: Source(stack=StackId(peer, "network"), output="vpc_id") for peer in PEERS}
    own = Input(type="string", sources=Source(stack=StackId("a", "network"), output="vpc_id"))
    return Stack(
        id=ASKER,
        access=ACCESS,
        inputs={"vpc_id": own, PEER_VPCS: Input(type="map(string)", sources=vpcs)},
        outputs={"connection_ids": "map(string)"},
    )


def accepting(peer: str) -> Stack:
    source = Source(stack=ASKER, output="connection_ids", key=peer)
    ids = Input(type="map(string)", sources={"a": source}, lacking="next-round")
    return Stack(
        id=StackId(peer, "accept"),
        access=ACCESS,
        inputs={"connection_ids": ids},
        outputs={"accepted_ids": "map(string)"},
    )


def routing(peer: str) -> Stack:
    source = Source(stack=StackId(peer, "accept"), output="accepted_ids", key="a")
    ids = Input(type="map(string)", sources={"a": source})
    return Stack(id=StackId(peer, "routes"), access=ACCESS, inputs={"connection_ids": ids})


STACKS = (
    *map(network, "abcd"),
    asking(),
    *map(accepting, PEERS),
    *map(routing, PEERS),
)


class Ec2:
    """EC2 that has what Terraform was given to ask for, once that was accepted."""

    def __init__(self, scene: Scene, *, accepts: bool = True) -> None:
        self.scene, self.accepts = scene, accepts
        self.asked: list[list[str]] = []

    def ask(self, _access: Access) -> Sequence[Request]:
        there = self.asked[-1] if self.asked else []
        new = [peer for peer in PEERS if peer not in there][:1] if self.accepts else there or ["b"]
        now = [*there, *new] if self.accepts else new
        ids = {peer: f"pcx-{peer}" if peer in now else "" for peer in PEERS}
        self.scene.does("a-peering", "apply", outputs={"connection_ids": ids}, changes=[CREATE])
        for peer in now:
            self.scene.does(f"{peer}-accept", "apply", outputs={"accepted_ids": {"a": ids[peer]}})
        self.asked.append(now)
        status = "active" if self.accepts else "pending-acceptance"
        return [Request(OWN, f"vpc-{peer}", status) for peer in there]


CREATE: dict[str, Any] = {"address": 'aws_vpc_peering_connection.peer["x"]', "action": "create"}


def run(scene: Scene, ec2: Ec2, told: list[str]) -> dict[str, Result]:
    for cell in "abcd":
        scene.does(f"{cell}-network", "apply", outputs={"vpc_id": f"vpc-{cell}"})
    for peer in PEERS:
        scene.does(f"{peer}-accept", "apply", outputs={"accepted_ids": {}})
    asker = Asker(hubs=(), most=1)
    context = replace(scene.context(), rounds=Rounds(askers={ASKER: asker}, ask=ec2.ask))
    listener = Listener(
        started=lambda _stack: None,
        finished=scene.results.append,
        waiting=lambda stack, why: told.append(f"{stack}: {why}"),
    )
    results = apply_stacks(
        context,
        STACKS,
        sources_of(*STACKS),
        listener,
        parallel=1,
        journal=Journal(context.target.runs_folder / "run.jsonl", "apply"),
        finished={},
        allowed=NOTHING,
    )
    return {result.stack.name: result for result in results}


def test_it_asks_is_accepted_and_asks_again_until_all_edges_are_there(scene: Scene) -> None:
    told: list[str] = []
    results = run(scene, Ec2(scene), told)
    assert {result.status for result in results.values()} <= {"applied", "no-change"}
    assert [one for one, _ in scene.commands("apply")].count("a-peering") == len(PEERS)
    assert results["a-peering"].edges_left == 0
    assert [line.split(" are there")[0] for line in told] == [
        "a-peering: 1 of 3 connections",
        "a-peering: 2 of 3 connections",
    ]


def test_in_the_end_it_has_been_given_all_of_them(scene: Scene) -> None:
    run(scene, Ec2(scene), [])
    (work,) = [p.parent for p in scene.root.rglob(INPUTS) if p.parent.name == "a-peering"]
    assert json.loads((work / INPUTS).read_text("utf-8"))[PEER_VPCS] == {
        peer: f"vpc-{peer}" for peer in PEERS
    }


def test_each_stack_is_told_once(scene: Scene) -> None:
    run(scene, Ec2(scene), [])
    names = [result.stack.name for result in scene.results]
    assert sorted(names) == sorted(stack.id.name for stack in STACKS)


def test_where_nobody_accepts_it_ends_and_the_routes_wait(scene: Scene) -> None:
    told: list[str] = []
    results = run(scene, Ec2(scene, accepts=False), told)
    assert [one for one, _ in scene.commands("apply")].count("a-peering") == 1
    assert results["a-peering"].edges_left == 2
    assert results["c-routes"].status == "deferred"
    assert list(edges_to_ask(results.values())) == [
        "a-peering: 2 connections are still to be asked for, once those that wait are accepted; "
        "apply the peers, or have hubs accept, and then apply it again"
    ]

"""A network is looked into before it is destroyed: named, swept, or destroyed as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cellfactory.errors import Finding, StoppedError, TerraformError
from cellfactory.layers import Access, Layer, StackId
from cellfactory.terraform.clearing import give_up
from cellfactory.terraform.leftovers import Leftover
from cellfactory.terraform.record import Record
from cellfactory.terraform.recorded_access import recorded_access
from cellfactory.terraform.results import Result
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.sweep import Sweeper
from cellfactory.terraform.waiting import Stopping, Tell
from tests.unit.runs.conftest import recorded
from tests.unit.terraform.scene import Scene

LEAKED = Leftover("network interface", "eni-1", "VPC CNI: aws-K8S-i-1, available")
STRANGER = Leftover("network interface", "eni-2", "my own, in-use", certain=False)
NETWORK = StackId("a", "network")


@dataclass
class Lying(Sweeper):
    """A VPC with things in it, all of which can be swept that are certain."""

    things: list[Leftover] = field(default_factory=list)
    fails: bool = False

    def look(self, record: Record) -> list[Leftover]:
        assert record.stack == NETWORK, "nobody looks into anything else"
        if self.fails:
            raise TerraformError(Finding(rule="F622", message="AWS does not tell"))
        return self.things

    def sweep(self, record: Record, tell: Tell, stopping: Stopping) -> None:
        assert not stopping()
        gone = tuple(one for one in self.things if one.certain)
        for one in gone:
            tell(f"deletes {one}")
        self.things = [one for one in self.things if not one.certain]
        self.swept[record.stack] = gone


def session_of(access: Access) -> Any:
    raise AssertionError(access)


def destroy(
    scene: Scene,
    *things: Leftover,
    sweep: bool = False,
    fails: bool = False,
    layer: Layer = "network",
) -> tuple[Result, Sequence[str], RunContext]:
    lying = Lying(session_of=session_of, seconds=9, things=list(things), fails=fails)
    context = replace(scene.context(), sweeper=lying)
    record = recorded("a", layer)
    context.registry.write(record)
    told: list[str] = []
    return give_up(context, record, told.append, sweep=sweep), told, context


def test_what_was_left_stops_a_destroy_before_terraform_begins(scene: Scene) -> None:
    result, _, context = destroy(scene, LEAKED, STRANGER)
    assert (result.status, scene.log) == ("refused", [])
    assert result.reason == (
        "F640 its VPC holds what its cluster and others left behind, and EC2 deletes no VPC that "
        "holds something\n"
        "    network interface eni-1 (VPC CNI: aws-K8S-i-1, available)\n"
        "    to delete these, and then the network: cellfactory destroy --sandbox --cell a --sweep"
    )
    assert context.registry.stacks() == {NETWORK}


def test_it_is_swept_on_request_and_told_before(scene: Scene) -> None:
    result, told, context = destroy(scene, LEAKED, STRANGER, sweep=True)
    assert result.status == "destroyed"
    assert told == [
        f"deletes {LEAKED}",
        f"there is still {STRANGER}, which is not ours",
    ]
    assert context.sweeper is not None
    assert context.sweeper.swept == {NETWORK: (LEAKED,)}
    assert scene.commands("destroy") == [("a-network", "destroy")]


def test_an_empty_vpc_is_destroyed_without_a_word(scene: Scene) -> None:
    result, told, _ = destroy(scene)
    assert (result.status, told) == ("destroyed", [])


def test_what_holds_terraform_up_is_named_afterwards(scene: Scene) -> None:
    scene.does("a-network", "destroy", error="deleting VPC: DependencyViolation")
    result, _, _ = destroy(scene, STRANGER)
    assert result.status == "failed"
    assert result.reason == (
        "F641 something that Terraform did not make still lies in its VPC\n"
        "    network interface eni-2 (my own, in-use)"
    )


def test_another_failure_is_left_as_it_is(scene: Scene) -> None:
    scene.does("a-network", "destroy", error="no such role")
    result, _, _ = destroy(scene, STRANGER)
    assert (result.status, result.finding) == ("failed", None)


def test_a_look_that_fails_keeps_nobody_from_destroying(scene: Scene) -> None:
    result, told, _ = destroy(scene, fails=True)
    assert (result.status, told) == ("destroyed", ["AWS does not tell"])


@pytest.mark.parametrize("layer", ["cluster", "peering"])
def test_only_a_network_is_looked_into(scene: Scene, layer: Layer) -> None:
    result, _, _ = destroy(scene, LEAKED, layer=layer)
    assert result.status == "destroyed"


PROVIDER = {
    "assume_role": [
        {"role_arn": "arn:aws:iam::1:role/A"},
        {"role_arn": "arn:aws:iam::${var.account_id}:role/B"},
    ],
    "sts_region": "us-east-1",
}


@pytest.mark.parametrize("given", [PROVIDER, [PROVIDER]])
def test_the_way_into_a_recorded_account_is_that_of_its_provider(given: Any) -> None:
    record = recorded("a", document={"provider": {"aws": given}}, region="eu-south-1")
    assert recorded_access(record) == Access(
        account="444444444444",
        roles=("arn:aws:iam::1:role/A", "arn:aws:iam::444444444444:role/B"),
        region="eu-south-1",
        sts_region="us-east-1",
    )
    assert recorded_access(recorded("a")) is None


def test_a_sweep_is_bounded_and_ends_when_the_run_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellfactory.terraform.sweep.look", lambda *_: [LEAKED])
    deleted: list[str] = []

    class Client:
        def client(self, service: str, **options: Any) -> Any:
            assert (service, options) == ("ec2", {"region_name": "us-east-1"})
            return self

        def delete_network_interface(self, **asked: str) -> None:
            deleted.append(asked["NetworkInterfaceId"])

    pauses: list[float] = []
    sweeper = Sweeper(
        session_of=lambda _: Client(),
        seconds=60,
        pause=lambda seconds, _: pauses.append(seconds),
        now=lambda: sum(pauses),
    )
    record = recorded("a", document={"provider": {"aws": PROVIDER}}, outputs={"vpc_id": "vpc-1"})
    told: list[str] = []
    with pytest.raises(TerraformError, match=r"F642 after 1 minutes .*\n.*eni-1"):
        sweeper.sweep(record, told.append, lambda: False)
    assert told == [f"deletes {LEAKED}"], "once"
    assert len(deleted) == len(pauses) > 3
    with pytest.raises(StoppedError, match="1 leftovers of a-network remain"):
        sweeper.sweep(record, told.append, lambda: True)

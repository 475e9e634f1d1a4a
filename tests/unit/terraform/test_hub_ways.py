"""The way to a private cluster: put off while a hub's owner has something to do, and no longer."""

from __future__ import annotations

import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from cellfactory.layers import Access, Source, Stack, StackId
from cellfactory.terraform.guard import NOTHING
from cellfactory.terraform.hub_ways import Hub, HubWays, answers
from cellfactory.terraform.journal import Journal
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import apply_stacks, plan_stacks_now
from tests.unit.runs.conftest import recorded
from tests.unit.terraform.scene import Scene, sources_of, taking

PLATFORM, ROUTES = StackId("a", "platform"), StackId("a", "routes")
HUBS = tuple(
    Hub(name=name, account=digit * 12, vpc=f"vpc-{digit}", block="10.64.0.0/20")
    for name, digit in (("corp", "3"), ("tools", "4"))
)


def platform() -> Stack:
    endpoint = Source(stack=StackId("a", "cluster"), output="cluster_endpoint")
    return replace(taking("a", "platform", cluster_endpoint=endpoint), after=(ROUTES,))


@dataclass
class Hubs:
    """Hubs, what AWS says of the connections to them, and whether the API answers."""

    scene: Scene
    states: dict[str, str] = field(default_factory=dict)
    hubs: Sequence[Hub] = HUBS[:1]
    reached: bool = True
    asked: list[Collection[str]] = field(default_factory=list)

    def ask(self, _access: Access, ids: Collection[str]) -> Mapping[str, str]:
        self.asked.append(ids)
        return {i: self.states[i] for i in ids if i in self.states}

    def run(self, *, routes: bool = True, connections: bool = True) -> tuple[Result, Result]:
        """Plan and apply the platform of a cell that stands otherwise."""
        context = self.scene.context()
        known = {"corp": "pcx-3", "tools": "pcx-4"} if connections else {}
        endpoint = {"cluster_endpoint": "https://abc.eks.amazonaws.com"}
        for record in (
            recorded("a", "cluster", outputs=endpoint),
            recorded("a", "peering", outputs={"connection_ids": known}),
            *([recorded("a", "routes")] if routes else []),
        ):
            context.registry.write(record)
        ways = HubWays(
            hubs={PLATFORM: tuple(self.hubs)}, ask=self.ask, answers=lambda _: self.reached
        )
        context = replace(context, hub_ways=ways)
        stack = platform()
        given = (context, [stack], sources_of(stack), self.scene.listener)
        (planned,) = plan_stacks_now(*given, parallel=1)
        journal = Journal(context.target.runs_folder / "run.jsonl", "apply")
        (applied,) = apply_stacks(*given, parallel=1, journal=journal, finished={}, allowed=NOTHING)
        assert planned.reason == applied.reason
        return planned, applied


def test_a_request_that_waits_puts_the_platform_off_and_says_what_its_owner_has_to_do(
    scene: Scene,
) -> None:
    planned, applied = Hubs(scene, {"pcx-3": "pending-acceptance"}).run()
    assert planned.status == applied.status == "deferred"
    assert not applied.broken
    assert applied.reason == (
        "waits for a way to its cluster: hub corp has not accepted pcx-3 (pending-acceptance): "
        "account 333333333333 has to accept it for vpc-3, and to route 10.64.0.0/20 to it in the "
        "route tables of that VPC"
    )
    assert scene.commands("apply", "plan") == []


def test_an_active_connection_is_enough(scene: Scene) -> None:
    _, applied = Hubs(scene, {"pcx-3": "active"}).run()
    assert applied.status == "no-change"


@pytest.mark.parametrize("other", ["pending-acceptance", "rejected", None])
def test_of_several_hubs_one_is_enough(scene: Scene, other: str | None) -> None:
    states = {"pcx-4": "active"} | ({"pcx-3": other} if other else {})
    _, applied = Hubs(scene, states, hubs=HUBS).run()
    assert applied.status == "no-change"


def test_of_several_hubs_that_wait_each_is_named(scene: Scene) -> None:
    states = {"pcx-3": "pending-acceptance", "pcx-4": "expired"}
    _, applied = Hubs(scene, states, hubs=HUBS).run()
    first, second = applied.reason.split("; ")
    assert "333333333333 has to accept" in first
    assert second == "pcx-4 to hub tools is expired: the next apply of a-peering asks again"


def test_an_api_that_does_not_answer_puts_it_off_too(scene: Scene) -> None:
    _, applied = Hubs(scene, {"pcx-3": "active"}, reached=False).run()
    assert applied.status == "deferred"
    assert applied.reason == (
        "waits for a way to its cluster: abc.eks.amazonaws.com does not answer from here, which "
        "has to be a place that a hub leads to; over hub corp account 333333333333 has to route "
        "10.64.0.0/20 to pcx-3 in the route tables of vpc-3"
    )


def test_the_routes_of_the_cell_itself_come_first(scene: Scene) -> None:
    hubs = Hubs(scene, {"pcx-3": "active"})
    _, applied = hubs.run(routes=False)
    assert (applied.status, applied.reason) == ("deferred", "waits for a-routes")
    assert hubs.asked == []


@pytest.mark.parametrize("hubs", [(), HUBS[:1]])
def test_where_nothing_can_be_known_nothing_is_put_off(scene: Scene, hubs: tuple[Hub, ...]) -> None:
    _, applied = Hubs(scene, hubs=hubs, reached=False).run()
    assert applied.status == "no-change", "no hub, or AWS does not say"


def test_something_answers_where_a_connection_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        assert answers(url)
    assert not answers(url)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert answers(url), "a proxy may reach what we do not"

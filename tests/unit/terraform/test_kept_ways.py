"""Routes behind a gateway keep their place: none goes but with its peer, hub or zone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cellfactory.layers import Stack, StackId
from cellfactory.terraform.kept_ways import cut_ways, refuse_cut
from cellfactory.terraform.messages import Change
from tests.unit.terraform.scene import ACCESS, Scene
from tests.unit.terraform.test_runner import apply, with_state

ROUTES = StackId("a", "routes")


def rows(*peers: str, zones: str = "12", over: str | None = "gateway", form: str = "{} {}") -> Any:
    """Rows of routes to peers, each with a block of its own."""
    more = {} if over is None else {"over": over}
    return {
        form.format(f"node-{zone}", f"10.{ord(peer)}.0.0/16"): {
            "zone": zone,
            "block": f"10.{ord(peer)}.0.0/16",
            "peer": peer,
            **more,
        }
        for peer in peers
        for zone in zones
    }


def change(action: str, key: str, kind: str = "aws_route", reason: str = "") -> Change:
    address = f'{kind}.to-peer["{key}"]'
    return Change(address=address, resource_type=kind, key=key, action=action, reason=reason)


B1, C1 = "node-1 10.98.0.0/16", "node-1 10.99.0.0/16"


def cut(planned: list[Change], before: Any, after: Any) -> list[str]:
    return [f"{one.action} {one.key}" for one in cut_ways(planned, before, after)]


@pytest.mark.parametrize("over", ["peering", "gateway"])
def test_a_flip_in_place_and_new_routes_are_fine(over: str) -> None:
    planned = [change("update", B1), change("create", C1), change("read", B1)]
    assert cut(planned, rows("b", over="peering"), rows("b", "c", over=over)) == []


def test_a_route_to_a_peer_that_stays_is_not_destroyed_or_replaced() -> None:
    both = rows("b", "c")
    assert cut([change("replace", B1)], both, both) == [f"replace {B1}"]
    renamed = rows("b", "c", form="{1} {0}")
    planned = [change("delete", B1), change("create", "10.98.0.0/16 node-1")]
    assert cut(planned, both, renamed) == [f"delete {B1}"]
    assert cut([change("delete", B1)], {}, both) == [f"delete {B1}"], "nobody knows what was"


def test_routes_go_with_their_peer_or_their_zone() -> None:
    both = rows("b", "c")
    assert cut([change("delete", B1)], both, rows("c")) == []
    assert cut([change("delete", B1)], both, rows("b", "c", zones="2")) == []


def test_what_was_half_made_is_made_anew() -> None:
    both = rows("b", "c")
    assert cut([change("replace", C1, reason="tainted")], rows("b"), both) == []


def test_a_mesh_without_a_gateway_and_other_resources_are_free() -> None:
    plain = rows("b", over=None)
    assert cut([change("replace", B1)], plain, plain) == []
    both = rows("b")
    assert cut([change("replace", B1, kind="aws_vpc_peering_connection_options")], both, both) == []


def test_other_layers_are_not_asked() -> None:
    text = {"cdk.tf.json": json.dumps({"locals": {"routes": rows("b")}})}
    planned = [change("replace", B1)]
    assert refuse_cut(StackId("a", "network"), planned, text, text) is None
    found = refuse_cut(ROUTES, planned, text, text)
    assert found is not None
    assert found.rule == "F774"
    assert refuse_cut(ROUTES, planned, {"cdk.tf.json": "no JSON"}, {"cdk.tf.json": "[]"}) is None


def test_no_word_lets_an_apply_replace_a_route(scene: Scene) -> None:
    stack = Stack(id=ROUTES, access=ACCESS, outputs={})
    with_state(scene, "a", "routes")
    planned = [{"action": "replace", "address": f'aws_route.to-peer["{B1}"]'}]
    scene.does("a-routes", "plan", changes=planned)
    sources = {ROUTES: {"cdk.tf.json": json.dumps({"locals": {"routes": rows("b")}})}}
    for words in ([], ["routes"], [f'aws_route.to-peer["{B1}"]']):
        result = apply(scene, stack, allow=words, sources=sources)["a-routes"]
        assert result.status == "refused"
        assert result.reason.startswith("F774 it would destroy or replace 1 route to peers")
    assert scene.commands("apply") == []

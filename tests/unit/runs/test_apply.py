"""What fails an apply of a part of the stacks: what was asked for and was not done."""

from __future__ import annotations

import pytest

from cellfactory.layers import Layer, StackId
from cellfactory.runs.apply import fatal_of
from cellfactory.terraform.results import Result


def stack(name: str) -> StackId:
    owner, layer = name.split("-")
    kinds: dict[str, Layer] = {
        k: k for k in ("account", "network", "peering", "accept", "routes", "cluster")
    }
    return StackId(owner, kinds[layer])


def applied(*names: str) -> list[Result]:
    return [Result(stack=stack(name), status="applied") for name in names]


def deferred(name: str, *waits_for: str) -> Result:
    return Result(stack=stack(name), status="deferred", waits_for=tuple(map(stack, waits_for)))


NEW_CELL = [
    *applied("a-account", "a-network", "a-cluster"),
    deferred("a-accept", "b-peering"),
    deferred("a-routes", "a-accept", "b-accept"),
]


@pytest.mark.parametrize(
    ("results", "is_fine"),
    [
        (applied("a-network"), True),
        (NEW_CELL, True),
        ([deferred("a-cluster", "a-network")], False),
        ([*applied("a-account"), deferred("a-cluster", "a-network")], False),
        ([deferred("a-accept", "b-peering")], True),
        ([*applied("b-network"), deferred("b-peering", "a-account")], True),
        ([*applied("b-network", "a-account"), deferred("b-peering", "a-account")], False),
    ],
    ids=["all", "new-cell", "layer", "own-layer-left-out", "nothing", "peer", "asked-for"],
)
def test_what_waits_for_others_that_were_not_asked_for_is_no_failure(
    results: list[Result], is_fine: bool
) -> None:
    fatal = fatal_of(results)
    assert fatal == frozenset(() if is_fine else {"deferred"})

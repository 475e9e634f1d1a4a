"""A question about a cell that nobody declared."""

from __future__ import annotations

import pytest

from cellfactory.facts.schema import UnknownInstanceType
from cellfactory.sizing.bounds import BOUNDS, SCENARIOS, stage
from cellfactory.sizing.setting import size_setting
from cellfactory.sizing.usage import Usage, mark_binding
from cellfactory.sizing.whatif import WhatIf, WhatIfError, assumed, setting_of_what_if
from tests.unit.sizing.sample import FACTS


def sized(**question: object) -> dict[str, Usage]:
    asked = WhatIf(**{"nodes": 1300, "instance": "r6gd.8xlarge", **question})  # type: ignore[arg-type]
    return {u.bound: u for u in size_setting(setting_of_what_if(asked, FACTS))}


def test_the_published_cell() -> None:
    usages = sized(level="maximum")
    assert usages["node-ceiling"].used == 1300
    assert usages["kubernetes-pods"].used == 124_800
    assert usages["pod-prefixes"].used == 6 * (434 + 2)
    base = usages["interface-endpoints-per-vpc"].used * 3 * 6 + 4
    assert usages["vpc-nau"].used == 9 * (1300 + 6) + base
    assert usages["vcpus"].used == 32 * (1300 + 6)
    assert usages["blocks-per-vpc"].used == 4
    assert all(usage.fits for usage in usages.values() if usage.gate == "error")


def test_uneven_zones_are_sized_by_the_largest() -> None:
    uneven, even = sized(nodes=1300), sized(nodes=1302)
    assert uneven["node-addresses"].used == even["node-addresses"].used == 436
    assert uneven["vcpus"].used == even["vcpus"].used - 2 * 32
    assert uneven["gp3-storage"].used < even["gp3-storage"].used
    assert uneven["network-interfaces"].used == even["network-interfaces"].used - 2 * 2


def test_a_mesh_of_its_like_and_a_hub() -> None:
    alone = sized()
    mesh = sized(cells=4, hubs=2, hub_nau=1000)
    assert mesh["peered-nau"].used == 4 * alone["vpc-nau"].used + 1000
    assert mesh["peerings-per-vpc"].used == 5
    assert mesh["outstanding-peering-requests"].used == 3  # two hubs, and one peer at a time
    assert mesh["routes-per-route-table"].used == alone["routes-per-route-table"].used + 5


def test_quotas_by_level_and_one_by_one() -> None:
    assert sized()["vpc-nau"].limit == 64_000
    assert sized(level="maximum")["vpc-nau"].limit == 256_000
    assert sized(level="maximum")["vcpus"].limit == float("inf")
    assert sized(level="maximum")["vcpus"].share == 0
    assert sized(quotas={"L-BB24F6E5": 100_000})["vpc-nau"].limit == 100_000


def test_the_other_knobs_reach_the_model() -> None:
    assert sized(prefixes=4)["pod-prefixes"].used == 4 * 436
    assert sized(zones=2)["node-addresses"].used == 650 + 2 * 2
    assert sized(max_pods=50)["kubernetes-pods"].used == 65_000
    assert sized(max_eni=8)["vpc-nau-misconfigured"].used > sized()["vpc-nau-misconfigured"].used
    assert sized(max_unavailable=50)["node-addresses"].used == 434 + 50
    assert sized(root_volume_gib=50)["gp3-storage"].used * 2 == sized()["gp3-storage"].used
    assert sized(cni="v1.15.3-eksbuild.1")["rebuild-shared"].used > sized()["rebuild-shared"].used
    assert sized(egress="nat_gateway")["elastic-addresses"].used == 3
    assert sized(region="us-west-2")["node-addresses"].scope.name.startswith("usw2-")
    churning = sized(churn=0.5)["pods-per-node-churn"]
    assert churning.used == 96 + 15  # half a pod a second, 30 s of rest
    assert "pods-per-node-churn" not in sized()


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"nodes": 2}, "3 zones take from 3 to 15,000 nodes"),
        ({"nodes": 15_001}, "3 zones take from 3 to 15,000 nodes"),
        ({"prefixes": 0}, "prefixes must be from 1 to 49, not 0"),
        ({"cells": 0}, "cells must be from 1 to 10,000"),
        ({"max_eni": 0}, "max eni must be"),
        ({"churn": -1.0}, "churn must be"),
        ({"churn": float("nan")}, "churn must be"),
        ({"hub_nau": -1}, "hub nau must be"),
        ({"zones": 1}, "a cell has 2 zones or more"),
        ({"zones": 20, "nodes": 20}, "a cell has 2 zones or more"),
        ({"region": "mars-north-1"}, "unknown Region 'mars-north-1'"),
        ({"instance": "i3.8xlarge"}, r"i3\.8xlarge \(xen\) cannot have prefixes"),
        ({"cni": "latest"}, "'latest' is not a version of the VPC CNI"),
    ],
)
def test_a_question_that_cannot_be_answered(question: dict[str, object], words: str) -> None:
    with pytest.raises(WhatIfError, match=words):
        sized(**question)


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("prefixes", 1, 49),
        ("cells", 1, 10_000),
        ("max_pods", 1, 10_000),
        ("max_eni", 1, 100),
        ("max_unavailable", 1, 100),
        ("root_volume_gib", 20, 16_384),
        ("hubs", 0, 1_000),
        ("hub_nau", 0, 10_000_000),
        ("churn", 0, 1_000),
    ],
)
def test_the_ends_of_what_may_be_asked(name: str, least: int, most: int) -> None:
    for value in (least, most):
        WhatIf(**{"nodes": 3, "instance": "r6gd.8xlarge", name: value})  # type: ignore[arg-type]
    for value in (least - 1, most + 1):
        with pytest.raises(WhatIfError, match=f"from {least:,} to {most:,}"):
            WhatIf(**{"nodes": 3, "instance": "r6gd.8xlarge", name: value})  # type: ignore[arg-type]


def test_an_unknown_instance_type_is_never_guessed() -> None:
    with pytest.raises(UnknownInstanceType, match=r"did you mean r6gd\.8xlarge"):
        sized(instance="r6gd.8xlrge")


def test_what_was_left_open_is_said() -> None:
    question = WhatIf(nodes=1300, instance="r6gd.8xlarge")
    said = "\n".join(assumed(question, {"nodes", "instance"}, FACTS))
    for option in ("prefixes", "zones", "region", "cells", "hubs", "hub-nau", "quotas", "quota",
                   "root-volume-gib", "max-unavailable", "cni", "egress", "max-pods", "max-eni",
                   "churn"):  # fmt: skip
        assert f"--{option}" in said
    fewer = "\n".join(
        assumed(question, {"nodes", "instance", "prefixes", "zones", "region"}, FACTS)
    )
    assert "--prefixes" not in fewer
    assert "--zones" not in fewer


def test_a_scenario_stops_the_work_where_it_does_not_fit() -> None:
    usages = tuple(sized(level="maximum").values())
    gates = {u.bound: u.gate for u in stage(usages, "custom-networking-off")}
    assert gates["vpc-nau-bare"] == "error"
    assert gates["vpc-nau"] == gates["vpc-nau-misconfigured"] == "note"
    assert gates["peered-nau-misconfigured"] == "note"
    assert gates["node-ceiling"] == "error"
    assert gates["kubernetes-pods"] == "warning"
    assert stage(usages, None) == usages


def test_every_bound_of_a_scenario_exists() -> None:
    assert {bound for bounds in SCENARIOS.values() for bound in bounds} <= BOUNDS.keys()


def test_a_full_mesh_of_such_cells_binds() -> None:
    question = WhatIf(nodes=1200, instance="r6gd.8xlarge", cells=46, level="maximum")
    usages = mark_binding(size_setting(setting_of_what_if(question, FACTS)))
    binding = next(usage for usage in usages if usage.binding)
    # 46 x (1,206 x 9 + 112), and 1,206 x 23 more where one loses prefix delegation
    assert (binding.bound, binding.used) == ("peered-nau-misconfigured", 532_174)
    assert binding.per_node == 46 * 9 + 23

"""Backwards is the inverse of forwards, and what is proposed as a mend does mend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellfactory.sizing.answers import cgnat_room
from cellfactory.sizing.joining import asked_mesh
from cellfactory.sizing.mend import broken_bounds, mend
from cellfactory.sizing.scale import apportion, scale_nodes
from cellfactory.sizing.setting import Setting, setting_of, size_setting
from cellfactory.sizing.solve import (
    SEARCH_LIMIT,
    most_cells,
    most_fitting,
    most_nodes,
    quota_raises,
)
from cellfactory.sizing.usage import Limit, Scope, Usage
from cellfactory.sizing.whatif import WhatIf, setting_of_what_if
from tests.unit.sizing.sample import FACTS, RAISED, hub, inventory, plan, pool

EIGHT = "r6gd.8xlarge"


def asked(nodes: int = 1299, **more: object) -> Setting:
    options = {"instance": EIGHT, "level": "maximum", **more}
    return setting_of_what_if(WhatIf(nodes=nodes, **options), FACTS)  # type: ignore[arg-type]


def most(setting: Setting) -> dict[str, int | None]:
    return most_cells(asked_mesh(setting), cgnat_room(setting.shape.pod_blocks))


def line(slope: int, base: int, limit: int) -> Usage:
    return Usage(
        bound="vpc-nau",
        scope=Scope("a", "cell", "a"),
        used=slope + base,
        allowed=Limit(value=limit),
        unit="NAU",
        gate="error",
        path=(),
    )


@given(st.integers(1, 50), st.integers(0, 1000), st.integers(0, 100_000), st.integers(1, 9))
def test_solving_a_line_is_dividing(slope: int, base: int, limit: int, least: int) -> None:
    def size(number: int) -> Iterator[Usage]:
        yield line(slope * number, base, limit)

    solved = most_fitting(size, ["vpc-nau", "node-ceiling"], least)
    exact = (limit - base) // slope
    if exact < least:
        assert solved == {"vpc-nau": least - 1}
    elif exact >= SEARCH_LIMIT:
        assert solved == {"vpc-nau": None}
    else:
        assert solved == {"vpc-nau": exact}


@settings(max_examples=15)
@given(
    st.integers(2, 500),
    st.sampled_from(["r6gd.8xlarge", "r6i.4xlarge", "m5.xlarge", "r6gd.16xlarge"]),
    st.integers(1, 9),
    st.sampled_from([1, 5, 40]),
)
def test_solving_is_the_inverse_of_sizing(
    per_zone: int, instance: str, prefixes: int, max_unavailable: int
) -> None:
    setting = asked(
        3 * per_zone, instance=instance, prefixes=prefixes, max_unavailable=max_unavailable
    )
    for bound, nodes in most_nodes(setting).items():
        if nodes is None:
            continue
        assert nodes % 3 == 0
        if nodes:
            at = size_setting(setting, scale_nodes(setting.shape, nodes // 3, 450))
            assert all(u.fits for u in at if u.bound == bound), bound
        beyond = size_setting(setting, scale_nodes(setting.shape, nodes // 3 + 1, 450))
        assert any(not u.fits for u in beyond if u.bound == bound), bound


def test_the_bounds_of_the_derivation() -> None:
    solved = most_nodes(asked(max_eni=8))
    # 64 of 4,031 prefixes are left: (4,031 / 6) - 2 x 2 nodes of surge, in three zones
    assert solved["pod-prefixes"] == 3 * (671 - 4)
    assert solved["rebuild-per-action"] == 4599  # 4,600 by hand, in thirds
    assert solved["rebuild-shared"] == 1809  # 1,810 by hand
    assert solved["kubernetes-pods"] == 1560  # 150,000 / 96 = 1,562
    # (256,000 - 112) / 105 = 2,437 nodes, 6 groups x 2 of surge, in thirds
    assert solved["vpc-nau-misconfigured"] == 2424
    # (256,000 - 112) / 218 = 1,173 nodes, 3 groups x 2 of surge
    assert solved["vpc-nau-attached"] == 1167
    assert solved["node-ceiling"] == 1299
    assert solved["prefix-slots"] is None


def test_cells_of_a_mesh_as_the_derivation_has_them() -> None:
    cells = most(asked())
    assert cells["pod-pool"] == 21
    assert cells["peered-nau"] == 43
    assert cells["peered-nau-all-misconfigured"] == 12
    assert cells["peerings-per-vpc"] == 126
    assert most(asked(level="default"))["peered-nau"] == 10
    # peers are asked in rounds: how many requests may wait limits no number of them
    assert most(asked(level="default"))["outstanding-peering-requests"] is None
    two = most(asked(level="default", hubs=2))
    assert (two["outstanding-peering-requests"], two["peerings-per-vpc"]) == (None, 49)
    # 4 blocks of its own and the gateway's route leave 995 peers, however many there are now
    assert most(asked(cells=4))["routes-per-route-table"] == 996
    assert most(asked(cells=40))["routes-per-route-table"] == 996
    assert {bound for bound in two if not bound.startswith("peered-nau")} == {
        "outstanding-peering-requests",
        "peerings-per-vpc",
        "pod-pool",
        "routes-per-route-table",
        "transit-gateway-attachments",
    }
    none = asked(level="default", quotas={"L-DC9F7029": 0})
    assert most(none)["outstanding-peering-requests"] == 1
    assert most(asked(hub_nau=500_000, hubs=1))["peered-nau"] == 1
    assert most(asked(hub_nau=511_000, hubs=1))["peered-nau"] == 0


def test_a_cell_of_an_inventory_among_its_peers() -> None:
    declared = inventory({"cell-a": 400, "cell-b": 200}, hubs={"hub": hub()})
    setting = setting_of(declared, plan(declared), "cell-a", FACTS)
    sized = {u.bound: u for u in size_setting(setting)}
    own, other = sized["vpc-nau"].used, 9 * 3 * 202
    assert sized["peered-nau"].used > own + other + 21_000
    solved = most_nodes(setting, ["peered-nau", "node-ceiling"])
    assert set(solved) == {"peered-nau", "node-ceiling"}
    assert solved["node-ceiling"] == 1299


def test_a_cell_that_fits_needs_no_mending() -> None:
    assert broken_bounds(asked()) == ()
    assert mend(asked()) == ()


def test_too_many_nodes_are_removed() -> None:
    (change,) = mend(asked(1500))
    assert change.words == "remove 201 nodes"
    assert change.shape.nodes == 1299


def test_a_node_without_a_pod_interface_gets_one() -> None:
    setting = asked(30, max_eni=1)
    assert broken_bounds(setting) == ("prefix-slots",)
    assert [change.words for change in mend(setting)] == ["MAX_ENI=2"]


def test_one_node_too_many() -> None:
    words = [c.words for c in mend(asked(1300, quotas={"L-1216C47A": 1305 * 32}))]
    assert words == ["raise L-1216C47A to 41,792", "remove 1 node"]


def test_a_new_account_asks_for_the_smallest_raises() -> None:
    setting = asked(300, level="default")
    raises = {r.code: (r.now, r.wanted, r.possible) for r in quota_raises(size_setting(setting))}
    assert raises == {"L-1216C47A": (5, 306 * 32, True)}
    (change,) = mend(setting)
    assert change.words == "raise L-1216C47A to 9,792"


def test_quotas_alone_may_not_be_enough() -> None:
    (change,) = mend(asked(1500, level="default"))
    assert change.words == "remove 201 nodes; and raise L-1216C47A to 41,760, L-7A658B76 to 128"
    both = mend(asked(1500, level="default", quotas={"L-1216C47A": 30_000}))
    words = [change.words for change in both]
    assert words[0].startswith("remove 201 nodes; and raise L-1216C47A to 41,760")
    assert words[1] == "remove 996 nodes"  # (504 + 6 of surge) x 100 GiB are 49.8 of 50 TiB


def test_a_lost_fuse_is_put_back_first() -> None:
    # 30 cells of 9 x 1,305 + 112 NAU, and 96 more for each node of the one without delegation
    setting = asked(1299, max_eni=8, cells=30, quotas={"L-CD17FD4B": 420_000})
    assert broken_bounds(setting) == ("peered-nau-misconfigured",)
    words = [change.words for change in mend(setting)]
    assert words[0] == "raise L-CD17FD4B to 480,990"
    assert "MAX_ENI=2" in words


def test_a_lost_fuse_spares_the_quotas_it_would_have_needed() -> None:
    setting = asked(1299, instance="r6gd.16xlarge", max_eni=15, cells=6, level="default")
    words = [change.words for change in mend(setting)]
    assert words[0].count("L-") == 4
    # (1,299 + 6 of surge) x 64 vCPUs, 100 GiB and 52 NAU, and 112 NAU besides; the mesh has room
    raised = "L-1216C47A to 83,520, L-7A658B76 to 128, L-BB24F6E5 to 67,972"
    assert words[1] == f"MAX_ENI=2; and raise {raised}"
    # 51 NAU for a node with 3 prefixes lost: five would spare no quota
    assert words[3].startswith("3 prefixes and 48 pods for each node; and raise L-1216C47A")
    assert len(words) == 4
    only = mend(asked(300, max_eni=8, level="default"))
    assert [change.words for change in only] == ["raise L-1216C47A to 9,792"]
    assert len(words) == len(set(words))


def test_nothing_is_removed_where_quotas_are_enough() -> None:
    assert [c.words for c in mend(asked(1300, level="default"))] == [
        "raise L-1216C47A to 41,792, L-7A658B76 to 128",
        "root volumes of nodes 39 GiB; and raise L-1216C47A to 41,792",
    ]


def test_no_disk_is_smaller_than_the_inventory_takes() -> None:
    # 306 nodes: 6 TiB are 20.08 GiB each, 5 TiB are 16.7
    some = mend(asked(300, quotas={"L-7A658B76": 6}))
    assert [c.words for c in some][:2] == ["raise L-7A658B76 to 30", "root volumes of nodes 20 GiB"]
    groups = {"driver": pool(100, root_volume_gib=30), "executor": pool(100)}
    mixed = inventory(groups=groups, quotas={**RAISED, "L-7A658B76": 20})  # of 38.8 TiB
    words = [c.words for c in mend(setting_of(mixed, plan(mixed), "cell-a", FACTS))]
    assert words[0] == "raise L-7A658B76 to 39"
    assert not any("GiB" in word for word in words), "15 GiB for a driver are too few"
    for tib in (0, 5):
        words = [c.words for c in mend(asked(300, quotas={"L-7A658B76": tib}))]
        assert not any("GiB" in word for word in words)


def test_pods_beyond_the_addresses_are_lowered_first() -> None:
    words = [c.words for c in mend(asked(300, max_pods=120))]
    assert words == ["max_pods of 96", "5 prefixes and 80 pods for each node"]


@pytest.mark.parametrize(
    ("instance", "prefixes", "held"),
    [("m5.large", 10, 9), ("m5.large", 11, 9), ("t4g.nano", 2, 1)],
)
def test_as_many_prefixes_as_an_interface_holds(instance: str, prefixes: int, held: int) -> None:
    (change,) = mend(asked(30, instance=instance, prefixes=prefixes))
    assert change.words == f"{held} prefixes and {16 * held} pods for each node"


def test_a_ceiling_is_lowered_with_the_nodes() -> None:
    declared = inventory({"cell-a": 400}, node_ceiling=1500)
    setting = setting_of(declared, plan(declared), "cell-a", FACTS)
    (lowered,) = mend(setting)
    assert lowered.words == "node_ceiling of 1,300"
    full = inventory({"cell-a": 433}, node_ceiling=1500)
    (lowered,) = mend(setting_of(full, plan(full), "cell-a", FACTS))
    assert lowered.words == "node_ceiling of 1,300"
    crowded = inventory({"cell-a": 440}, node_ceiling=1500)
    setting = setting_of(crowded, plan(crowded), "cell-a", FACTS)
    (both,) = mend(setting)
    assert both.words == "remove 21 nodes, node_ceiling of 1,300"
    assert (both.shape.nodes, both.shape.ceiling) == (1299, 1300)


def test_nodes_are_removed_pool_by_pool() -> None:
    groups = {"driver": pool(40, "r6i.4xlarge"), "executor": pool(460)}
    declared = inventory(groups=groups)
    (change,) = mend(setting_of(declared, plan(declared), "cell-a", FACTS))
    assert change.words == "remove 201 nodes (in each zone: driver 34, executor 399)"
    few = inventory(groups={"driver": pool(1), "executor": pool(460)})
    words = [c.words for c in mend(setting_of(few, plan(few), "cell-a", FACTS))]
    assert words == ["remove 84 nodes (in each zone: driver 1, executor 432)"]


def test_no_pool_is_removed_to_mend_a_cell() -> None:
    # of 3 x 3 nodes and 18 of surge, 576 vCPUs leave room for no pool but one
    groups = {name: pool(1) for name in ("driver", "executor", "other")}
    small = inventory(groups=groups, quotas={**RAISED, "L-1216C47A": 3 * 3 * 32})
    words = [c.words for c in mend(setting_of(small, plan(small), "cell-a", FACTS))]
    assert words == ["raise L-1216C47A to 864"]


def test_a_scenario_is_mended_too() -> None:
    setting = replace(asked(1299, quotas={"L-BB24F6E5": 100_000}), scenario="pods-counted")
    assert broken_bounds(setting) == ("vpc-nau-pods",)
    words = [change.words for change in mend(setting)]
    # (100,000 - 112) / 105 = 951 nodes, 6 of them surge
    assert words[-1] == "remove 354 nodes"


def test_no_number_of_nodes_mends_a_node_subnet_that_pods_draw_on() -> None:
    setting = replace(asked(1299), scenario="custom-networking-off")
    assert broken_bounds(setting) == ("node-addresses-bare", "vpc-nau-bare")
    assert mend(setting) == ()


@settings(max_examples=15)
@given(
    st.integers(1, 430),
    st.sampled_from(["r6gd.8xlarge", "m5.large", "i4i.16xlarge"]),
    st.integers(1, 30),
    st.sampled_from([2, 3]),
)
def test_a_raise_is_enough_and_one_less_is_not(
    per_zone: int, instance: str, cells: int, max_eni: int
) -> None:
    options = {"instance": instance, "cells": cells, "max_eni": max_eni, "prefixes": 5}
    setting = asked(3 * per_zone, level="default", **options)
    raises = {r.code: r.wanted for r in quota_raises(size_setting(setting)) if r.possible}
    broken = broken_bounds(asked(3 * per_zone, level="default", quotas=raises, **options))
    for code, wanted in raises.items():
        less = {**raises, code: wanted - 1}
        short = broken_bounds(asked(3 * per_zone, level="default", quotas=less, **options))
        assert set(short) > set(broken), code


def test_smaller_disks_or_fewer_prefixes_mend_what_they_can() -> None:
    words = [c.words for c in mend(asked(900, level="default", quotas={"L-1216C47A": 90_000}))]
    assert words[:2] == ["raise L-7A658B76 to 89", "root volumes of nodes 56 GiB"]
    prefixes = [c.words for c in mend(asked(2 * 700, zones=2))]
    assert prefixes == ["remove 100 nodes"]
    broken = inventory(groups={"executor": pool(100, "m5.large")}, prefixes_per_node=12)
    setting = setting_of(broken, plan(broken), "cell-a", FACTS)
    assert broken_bounds(setting) == ("prefix-slots",)
    fewer = next(
        c.shape for c in mend(setting) if c.words == "9 prefixes and 144 pods for each node"
    )
    assert (fewer.prefixes, fewer.max_pods) == (9, 144)


@settings(max_examples=12)
@given(
    st.integers(3, 900),
    st.sampled_from(["default", "maximum"]),
    st.integers(1, 60),
    st.sampled_from([None, 8]),
)
def test_every_change_proposed_does_mend(
    per_zone: int, level: str, cells: int, max_eni: int | None
) -> None:
    setting = asked(3 * per_zone, level=level, cells=cells, max_eni=max_eni)
    for change in mend(setting):
        assert broken_bounds(setting, change.shape) == (), change.words
    if broken_bounds(setting) and not mend(setting):
        smallest = replace(setting, shape=scale_nodes(setting.shape, 1, 450))
        assert broken_bounds(smallest), "a cell of three nodes would have fitted"


@given(st.integers(0, 3000), st.lists(st.integers(1, 500), min_size=1, max_size=5))
def test_parts_add_up_and_never_fall(total: int, weights: list[int]) -> None:
    parts, more = apportion(total, weights), apportion(total + 1, weights)
    assert sum(parts) == total
    assert all(after >= before for before, after in zip(parts, more, strict=True))
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert part >= max(0, total - len(weights)) * weight // whole
    assert all(parts) == (total >= len(weights))


def test_pools_keep_their_mix() -> None:
    groups = {"driver": pool(10, "r6i.4xlarge"), "executor": pool(90, max_unavailable=7)}
    declared = inventory(groups=groups)
    shape = setting_of(declared, plan(declared), "cell-a", FACTS).shape
    doubled = scale_nodes(shape, 1000, 450)
    assert [pool.per_zone for pool in doubled.pools] == [100, 900]
    assert [pool.surge for pool in doubled.pools] == [2, 14]
    assert doubled.nodes == 3000
    assert [p.name for p in scale_nodes(shape, 1, 450).pools] == ["executor"]


def test_a_quota_that_aws_does_not_raise_so_far_is_said() -> None:
    setting = asked(1299, cells=130)
    impossible = [r for r in quota_raises(size_setting(setting)) if not r.possible]
    assert {r.code for r in impossible} == {"L-CD17FD4B", "L-7E9ECCDB"}
    with pytest.raises(StopIteration):
        next(iter(mend(setting)))

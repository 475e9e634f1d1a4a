"""The ledger of whole cells and meshes, by hand and by property."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellfactory.inventory.schema import Inventory
from cellfactory.sizing.bounds import stage
from cellfactory.sizing.ledger import size_cell, size_inventory, size_mesh
from cellfactory.sizing.usage import Ledger, Scenario, Usage
from tests.unit.sizing.sample import FACTS, RAISED, addresses, hub, inventory, plan, pool

ENDPOINT_NAU = 6  # each endpoint and zone; the network address usage page


def ledger_of(declared: Inventory) -> Ledger:
    return size_inventory(declared, plan(declared), FACTS)


def usages(nodes: int = 400, **more: Any) -> dict[str, Usage]:
    """Size one cell; of bounds that stand once for each zone, keep the last."""
    declared = inventory({"cell-a": nodes}, **more)
    return {u.bound: u for u in size_cell(declared, "cell-a", addresses("cell-a"), FACTS)}


def endpoints(sized: dict[str, Usage]) -> float:
    return sized["interface-endpoints-per-vpc"].used


def test_a_cell_as_designed_by_hand() -> None:
    sized = usages(400)
    peak = 402  # one group in each zone and, for an update, max(2 x 1 zone, 1) nodes more
    assert sized["node-ceiling"].used == 1200
    assert sized["pod-prefixes"].used == 6 * peak
    assert sized["pod-prefixes"].limit == 4031
    assert sized["pod-prefixes-fragmented"].limit == 584 * 6
    assert sized["pod-interface-addresses"].used == peak
    assert sized["pod-interface-addresses"].limit == 1019
    assert sized["node-addresses"].used == peak
    assert sized["node-addresses"].limit == 2048 - 5
    base = 3 * ENDPOINT_NAU * endpoints(sized) + 4
    assert sized["vpc-nau"].used == 9 * 3 * peak + base
    assert sized["vpc-nau-pods"].used == (9 + 96) * 3 * peak + base
    assert sized["vpc-nau-misconfigured"].used == 32 * 3 * peak + base
    assert sized["vpc-nau-reset"].used == 125 * 3 * peak + base
    assert sized["vpc-nau-attached"].used == 218 * 3 * peak + base
    assert sized["vpc-nau-bare"].used == 247 * 3 * peak + base
    assert sized["vcpus"].used == 32 * 3 * peak
    assert sized["gp3-storage"].used == pytest.approx(100 * 3 * peak / 1024)
    assert sized["network-interfaces-per-zone"].used == 2 * peak + endpoints(sized) + 4
    assert sized["network-interfaces"].used == 3 * (2 * peak + endpoints(sized)) + 4
    assert sized["network-interfaces-reset"].used == 5 * peak + endpoints(sized) + 4
    assert sized["pod-prefixes-blue-green"].used == 6 * (peak + 400)
    assert sized["pod-prefixes-packed"].limit == 675 * 6
    assert sized["control-plane-addresses"].used == 6
    assert sized["control-plane-addresses"].limit == 16 - 5
    assert sized["endpoint-addresses"].limit == 64 - 5
    assert sized["prefix-slots"].limit == 29
    assert (sized["node-interfaces"].used, sized["node-interfaces"].limit) == (2, 8)
    assert (sized["pods-per-node"].used, sized["pods-per-node"].limit) == (96, 96)
    assert sized["routes-per-route-table"].used == 4 + 1
    assert sized["nodes-per-node-group"].used == 400
    assert sized["auto-scaling-groups"].used == 3
    assert sized["kubernetes-pods"].used == 96 * 1200
    assert sized["node-groups-per-cluster"].used == 3
    assert sized["blocks-per-vpc"].used == 4
    assert sized["subnets-per-vpc"].used == 12
    assert sized["endpoint-addresses"].used == endpoints(sized)
    assert "elastic-addresses" not in sized
    assert "nlb-targets" not in sized


def test_minutes_of_a_rebuild_by_hand() -> None:
    sized = usages(400)
    # 1,200 attaches, 50 at once and 5 a second; 5 mutating calls with the launch
    assert sized["rebuild-per-action"].used == pytest.approx((1200 - 50) / 5 / 60)
    assert "AttachNetworkInterface takes longest" in sized["rebuild-per-action"].assumption
    assert sized["rebuild-shared"].used == pytest.approx((5 * 1200 - 50) / 5 / 60)


def test_an_older_cni_calls_more() -> None:
    old = usages(400, addons={"vpc-cni": "v1.15.3-eksbuild.1"})
    assert old["rebuild-shared"].used == pytest.approx((6 * 1200 - 50) / 5 / 60)
    assert "CNI v1.15.3" in old["rebuild-shared"].assumption


def test_egress_and_ingress_take_their_part() -> None:
    plain = usages(10)
    open_ = usages(10, egress="nat_gateway", ingress={"node_group": "executor"})
    added = endpoints(open_) - endpoints(plain)
    assert open_["elastic-addresses"].used == 3
    assert open_["subnets-per-vpc"].used == 15
    assert open_["routes-per-route-table"].used == plain["routes-per-route-table"].used + 1
    nat_and_balancer = 3 * 6 + 3 * 6 + added * 3 * 6
    assert open_["vpc-nau"].used == plain["vpc-nau"].used + nat_and_balancer
    assert open_["endpoint-addresses"].used == plain["endpoint-addresses"].used + 1 + added
    # in each zone a load balancer and a NAT gateway; four interfaces of the control plane
    assert open_["network-interfaces-per-zone"].used == 2 * 12 + endpoints(open_) + 2 + 4
    assert open_["network-interfaces"].used == 3 * (2 * 12 + endpoints(open_) + 2) + 4
    assert open_["nlb-targets-per-zone"].used == 12
    assert open_["nlb-targets"].used == open_["targets-per-target-group"].used == 36


def test_a_pool_beyond_the_group_quota_is_split() -> None:
    sized = usages(1000)
    assert sized["node-groups-per-cluster"].used == 9
    assert sized["nodes-per-node-group"].used == 450
    assert sized["node-addresses"].used == 1000 + 3 * 2


def test_pools_add_up_and_the_largest_is_named() -> None:
    groups = {"driver": pool(13, "r6i.4xlarge"), "executor": pool(420, max_unavailable=20)}
    sized = usages(groups=groups)
    assert sized["node-ceiling"].used == 1299
    assert sized["vcpus"].used == 3 * (15 * 16 + 440 * 32)
    assert sized["node-ceiling"].path[-2:] == ("executor", "nodes_per_zone")


def test_the_pool_with_most_processors_is_named_for_them() -> None:
    groups = {"driver": pool(10, "r6i.24xlarge"), "executor": pool(300, "m5.large")}
    assert usages(groups=groups)["vcpus"].path[-2:] == ("driver", "nodes_per_zone")
    assert usages(groups=groups)["vcpus"].per_node == 96


def test_spot_and_other_families_count_apart() -> None:
    groups = {
        "driver": pool(10, "r6i.4xlarge"),
        "executor": pool(20, capacity="spot"),
        "accelerated": pool(1, "g5.8xlarge"),
    }
    declared = inventory(groups=groups)
    sized = size_cell(declared, "cell-a", addresses("cell-a"), FACTS)
    vcpus = {u.scope.name: u.used for u in sized if u.bound == "vcpus"}
    assert vcpus == {
        "on-demand-vcpus": 3 * 12 * 16,
        "spot-vcpus": 3 * 22 * 32,
        "on-demand-vcpus-g": 3 * 3 * 32,
    }


def test_a_small_instance_has_too_few_slots() -> None:
    sized = usages(groups={"executor": pool(1, "m5.large")}, prefixes_per_node=10)
    assert sized["prefix-slots"].used == 10
    assert sized["prefix-slots"].limit == 9
    assert not sized["prefix-slots"].fits


def test_default_quotas_hold_where_nothing_was_raised() -> None:
    sized = usages(400, quotas={})
    assert sized["vcpus"].limit == 5
    assert sized["vpc-nau"].limit == 64_000
    assert not sized["vcpus"].allowed.raised


def test_the_cells_quota_goes_over_its_types() -> None:
    in_type = {"L-1216C47A": 8, "L-BB24F6E5": 70_000}
    sized = usages(quotas={"L-1216C47A": 7}, type_quotas=in_type)
    assert sized["vcpus"].limit == 7
    assert sized["vpc-nau"].limit == 70_000


def test_an_override_above_the_maximum_counts_as_the_maximum() -> None:
    assert usages(quotas={"L-BB24F6E5": 999_999})["vpc-nau"].limit == 256_000


def test_a_mesh_by_hand() -> None:
    declared = inventory({"cell-a": 400, "cell-b": 10, "cell-c": 20}, hubs={"hub": hub()})
    own = {
        cell: {u.bound: u for u in size_cell(declared, cell, addresses(cell), FACTS)}
        for cell in declared.cells
    }
    mesh = {(u.scope.owner, u.bound): u for u in size_mesh(declared, plan(declared), "mesh", FACTS)}
    designed = sum(own[cell]["vpc-nau"].used for cell in own)
    off = own["cell-a"]["vpc-nau-misconfigured"].used - own["cell-a"]["vpc-nau"].used
    reset = own["cell-a"]["vpc-nau-reset"].used - own["cell-a"]["vpc-nau"].used
    for owner in ("cell-a", "cell-b", "cell-c", "hub"):
        assert mesh[owner, "peered-nau"].used == designed + 21_000
        assert mesh[owner, "peered-nau-reset"].used == designed + 21_000 + reset
        assert mesh[owner, "peered-nau-misconfigured"].used == designed + 21_000 + off
        assert mesh[owner, "peerings-per-vpc"].used == 3
        assert mesh[owner, "transit-gateway-attachments"].used == 4
        assert mesh[owner, "transit-gateway-attachments"].limit == 5000
    assert mesh["hub", "peered-nau"].limit == 128_000
    assert mesh["hub", "peered-nau"].assumption.startswith("3 cells, 21,000 NAU of hubs")
    assert mesh["cell-b", "peered-nau"].limit == 512_000
    requests = [mesh[cell, "outstanding-peering-requests"].used for cell in sorted(own)]
    assert requests == [2, 2, 1]  # the lower name asks, one peer at a time; each asks the hub first
    assert ("hub", "outstanding-peering-requests") not in mesh


def test_routes_and_rules_by_hand() -> None:
    declared = inventory(
        {"cell-a": 10, "cell-b": 10, "cell-c": 10},
        hubs={"hub": hub(blocks=3)},
        ingress={"node_group": "executor"},
    )
    sized = {u.bound: u for u in size_cell(declared, "cell-a", addresses("cell-a"), FACTS)}
    # its own 4 blocks, 2 cells, 3 blocks of the hub, the S3 gateway
    assert sized["routes-per-route-table"].used == 4 + 2 + 3 + 1
    assert sized["rules-per-security-group"].used == 3 + 2


def test_without_edges_between_cells_only_the_hub_adds_up() -> None:
    declared = inventory({"cell-a": 400, "cell-b": 10}, hubs={"hub": hub()}, cell_to_cell="none")
    mesh = {(u.scope.owner, u.bound): u for u in size_mesh(declared, plan(declared), "mesh", FACTS)}
    own = {
        cell: next(
            u.used
            for u in size_cell(declared, cell, addresses(cell), FACTS)
            if u.bound == "vpc-nau"
        )
        for cell in declared.cells
    }
    assert mesh["cell-b", "peered-nau"].used == own["cell-b"] + 21_000
    assert mesh["hub", "peered-nau"].used == sum(own.values()) + 21_000
    assert mesh["cell-a", "peerings-per-vpc"].used == 1


def test_a_hub_of_another_region_does_not_count() -> None:
    declared = inventory(hubs={"hub": hub(region="us-west-2")})
    mesh = {(u.scope.owner, u.bound): u for u in size_mesh(declared, plan(declared), "mesh", FACTS)}
    own = size_cell(declared, "cell-a", addresses("cell-a"), FACTS)
    assert mesh["cell-a", "peered-nau"].used == next(u.used for u in own if u.bound == "vpc-nau")
    assert mesh["cell-a", "peered-nau"].assumption.startswith("1 cell, 0 NAU of hubs")
    for bound in ("peered-nau", "peered-nau-misconfigured", "peered-nau-reset"):
        assert mesh["hub", bound].used == 21_000


def test_the_ledger_holds_cells_hubs_and_pools_once() -> None:
    declared = inventory({"cell-a": 400, "cell-b": 10}, hubs={"hub": hub()})
    ledger = ledger_of(declared)
    owners = [u.scope.owner for u in ledger]
    assert list(dict.fromkeys(owners)) == ["cell-a", "cell-b", "hub", "address pools"]
    keys = [(u.bound, u.scope) for u in ledger]
    assert len(keys) == len(set(keys))
    pods = next(u for u in ledger if u.bound == "pod-pool")
    assert (pods.used, pods.limit) == (6 * 65_536, 64 * 65_536)


def test_the_binding_bound_is_the_fullest_that_nodes_fill() -> None:
    ledger = ledger_of(inventory({"cell-a": 433, "cell-b": 10}, quotas=RAISED))
    binding = ledger.binding("cell-a")
    assert binding is not None
    assert (binding.bound, binding.used, binding.limit) == ("node-ceiling", 1299, 1300)
    marked = [u.scope.owner for u in ledger if u.binding]
    assert marked == ["cell-a", "cell-b"]


@settings(max_examples=30)
@given(st.integers(1, 600), st.integers(1, 100), st.integers(1, 20))
def test_more_nodes_never_use_less(nodes: int, more: int, prefixes: int) -> None:
    before = usages(nodes, prefixes_per_node=prefixes)
    after = usages(nodes + more, prefixes_per_node=prefixes)
    for bound, usage in before.items():
        if bound == "resolver-packets":  # CoreDNS grows with the nodes
            continue
        assert after[bound].used >= usage.used, bound
        assert after[bound].limit == usage.limit, bound
        if usage.per_node:
            assert after[bound].used > usage.used or bound.startswith("rebuild-"), bound


@settings(max_examples=20)
@given(st.lists(st.integers(1, 500), min_size=1, max_size=8), st.integers(0, 100_000))
def test_a_mesh_is_at_least_its_largest_cell(sizes: list[int], nau: int) -> None:
    cells = {f"cell-{index}": nodes for index, nodes in enumerate(sizes)}
    ledger = ledger_of(inventory(cells, hubs={"hub": hub(nau)}))
    own = [u.used for u in ledger if u.bound == "vpc-nau"]
    for usage in ledger:
        if usage.bound == "peered-nau":
            assert usage.used == sum(own) + nau
        if usage.bound == "peered-nau-misconfigured":
            assert usage.used >= max(own)


@settings(max_examples=20)
@given(st.integers(3, 150))
def test_twice_the_nodes_take_twice_what_hangs_on_nodes(nodes: int) -> None:
    one, two = usages(nodes, max_pods=90), usages(2 * nodes, max_pods=90)
    surge = 2
    for bound in ("pod-prefixes", "node-addresses", "vcpus", "gp3-storage"):
        per_peak = one[bound].used / (nodes + surge)
        assert two[bound].used == pytest.approx(per_peak * (2 * nodes + surge)), bound
    assert two["kubernetes-pods"].used == 2 * one["kubernetes-pods"].used
    assert one["kubernetes-pods"].used == 3 * nodes * 90


def test_a_full_mesh_binds_its_cells_and_its_nodes_are_counted() -> None:
    quotas = {**RAISED, "L-CD17FD4B": 40_000}
    ledger = ledger_of(inventory({"cell-a": 300, "cell-b": 100}, quotas=quotas))
    binding = ledger.binding("cell-a")
    assert binding is not None
    assert binding.bound == "peered-nau-misconfigured"
    per_node = {u.bound: u.per_node for u in ledger.of("cell-a") if u.bound.startswith("peered")}
    # 9 NAU for a node; 32 with delegation off, 125 reset, where this is the cell that costs most
    assert per_node == {
        "peered-nau": 9,
        "peered-nau-pods": 105,
        "peered-nau-misconfigured": 32,
        "peered-nau-reset": 125,
        "peered-nau-all-misconfigured": 32,
    }
    other = {u.bound: u.per_node for u in ledger.of("cell-b") if u.bound.startswith("peered")}
    assert other["peered-nau-misconfigured"] == other["peered-nau-reset"] == 9
    more = ledger_of(inventory({"cell-a": 301, "cell-b": 100}, quotas=quotas))
    used = {u.bound: u.used for u in ledger.of("cell-a")}
    for usage in more.of("cell-a"):
        if usage.bound in per_node:
            assert usage.used - used[usage.bound] == 3 * usage.per_node, usage.bound
    short = {**quotas, "L-CD17FD4B": int(used["peered-nau"]) - 1}
    over = ledger_of(inventory({"cell-a": 300, "cell-b": 100}, quotas=short))
    assert not any(u.fits for u in over if u.bound == "peered-nau")
    assert not any(u.excess_nodes for u in over if u.bound == "peered-nau"), "of which cell?"
    alone = ledger_of(inventory({"cell-a": 1}, hubs={"hub": hub()}))
    assert all(u.per_node == 0 for u in alone.of("hub"))


def test_an_infinite_share_is_no_crash() -> None:
    sized = usages(quotas={"L-1216C47A": 0})
    assert sized["vcpus"].share == float("inf")
    assert not sized["vcpus"].fits


# What one more node adds to the usage of a zone, or of a cell whose zones grow by one each.
IN_A_ZONE = {"network-interfaces-per-zone", "network-interfaces-reset", "nlb-targets-per-zone"}
IN_A_ZONE |= {"transit-gateway-bandwidth"}
TWICE = {"pod-prefixes-blue-green"}  # the pool that grows stands twice


@pytest.mark.parametrize("instance", ["r6gd.8xlarge", "m5.xlarge", "r6gd.16xlarge"])
def test_what_one_more_node_adds(instance: str) -> None:
    groups = {"driver": pool(5, "r6i.4xlarge"), "executor": pool(300, instance)}
    larger = {"driver": pool(5, "r6i.4xlarge"), "executor": pool(301, instance)}
    ingress = {"node_group": "executor"}
    before = usages(groups=groups, ingress=ingress, prefixes_per_node=5)
    after = usages(groups=larger, ingress=ingress, prefixes_per_node=5)
    grown = {bound for bound, usage in before.items() if after[bound].used != usage.used}
    grown.discard("resolver-packets")  # CoreDNS grows with the nodes
    grown.discard("group-update")  # grows with the largest group
    assert grown == {bound for bound, usage in before.items() if usage.per_node} | {
        "nodes-per-node-group"
    }
    for bound in grown - {"nodes-per-node-group"}:
        usage = before[bound]
        zones = 1 if usage.scope.kind == "zone" or bound in IN_A_ZONE else 3
        times = zones * (2 if bound in TWICE else 1)
        added = after[bound].used - usage.used
        assert added == pytest.approx(times * usage.per_node), bound


def test_a_provisioned_control_plane_schedules_so_many_pods_a_second() -> None:
    assert "pod-scheduling" not in usages(400)
    usage = usages(400, control_plane_tier="xl")["pod-scheduling"]
    # 1,200 nodes of 96 pods, 167 of them each second
    assert usage.used == pytest.approx(1200 * 96 / 167 / 60)
    assert (usage.limit, usage.gate) == (30, "warning")
    assert "1,700 requests at once, 1.65 USD an hour" in usage.assumption


@pytest.mark.parametrize(("nodes", "tier"), [(400, "xl"), (1100, "2xl"), (2000, "4xl")])
def test_a_standard_control_plane_is_told_the_tier_that_would_do(nodes: int, tier: str) -> None:
    usage = usages(nodes)["pods-per-second"]
    assert usage.used == pytest.approx(3 * nodes * 96 / (30 * 60))
    assert (usage.limit, usage.gate) == (400, "note")
    assert f"tier {tier} (" in usage.assumption
    assert "is the smallest that does" in usage.assumption


def test_no_tier_does_for_more_than_the_fastest() -> None:
    usage = usages(2501)["pods-per-second"]
    assert not usage.fits
    assert "no tier does" in usage.assumption


def test_the_database_of_a_provisioned_control_plane_is_twice_as_large() -> None:
    standard, provisioned = usages(400), usages(400, control_plane_tier="2xl")
    used = 1200 * 96 * 8200 / 10**9
    for found, limit in ((standard, 8), (provisioned, 16)):
        usage = found["cluster-database"]
        assert usage.used == pytest.approx(used)
        assert (usage.limit, usage.gate) == (limit, "warning")
    assert "pods-per-second" not in provisioned


def test_coredns_asks_the_resolver_from_as_many_nodes_as_it_runs_on() -> None:
    tainted = [{"key": "a", "effect": "NoSchedule"}]
    groups = {"driver": pool(2, "r6i.4xlarge"), "executor": pool(400, taints=tainted)}
    spread = usages(400)["resolver-packets"]
    packed = usages(groups=groups)["resolver-packets"]
    # 1,206 nodes of 32 vCPUs at an update's height: 151 replicas, each on a node of its own
    assert spread.used == pytest.approx(1200 * 96 * 0.1 / 151)
    # four drivers in each of three zones at an update's height are all that CoreDNS may run on
    assert packed.used == pytest.approx(1206 * 96 * 0.1 / 12)
    assert (packed.limit, packed.gate) == (1024, "warning")


def test_a_transit_gateway_in_place_of_peerings() -> None:
    sized = usages(groups={"executor": pool(434, "r6gd.8xlarge")})
    # 12 Gbit/s of each node at its baseline, two nodes more while they are updated
    assert sized["transit-gateway-bandwidth"].used == (434 + 2) * 12
    assert sized["transit-gateway-bandwidth"].limit == 100
    assert sized["transit-gateway-bandwidth"].gate == "note"


def test_two_pod_interfaces_where_one_has_too_few_slots() -> None:
    groups = {"executor": pool(10, "m5.large"), "driver": pool(5)}
    sized = usages(groups=groups, prefixes_per_node=12)
    base = 3 * ENDPOINT_NAU * endpoints(sized) + 4
    # m5.large holds 9 prefixes on an interface and takes two: 1 + 2 x 2 + 12
    assert sized["vpc-nau"].used == 3 * (12 * 17 + 7 * 15) + base
    assert sized["pod-interface-addresses"].used == 12 * 2 + 7
    assert sized["pod-interface-addresses"].per_node == pytest.approx(31 / 19)
    assert sized["pod-prefixes-fragmented"].limit == 12 * (4094 // 14)
    assert sized["network-interfaces-per-zone"].used == 12 * 3 + 7 * 2 + endpoints(sized) + 4


def test_what_nobody_may_have_is_not_there_and_what_left_is_taken() -> None:
    declared = inventory({"cell-a": 10}, hubs={"hub": hub(blocks=1)})
    pools = declared.address_pools.model_copy(
        update={
            "node": [IPv4Network("10.0.0.0/14")],  # the hub holds 10.0.0.0/16 of it
            "pod": [IPv4Network("100.64.0.0/13")],
            "reserved": [IPv4Network("100.67.0.0/16"), IPv4Network("192.168.0.0/16")],
        }
    )
    declared = declared.model_copy(update={"address_pools": pools})
    left = (IPv4Network("10.2.0.0/16"), IPv4Network("100.68.0.0/16"))
    addresses = replace(plan(declared), removed=left)
    ledger = size_inventory(declared, addresses, FACTS)
    used = {u.bound: (u.used, u.limit) for u in ledger.of("address pools")}
    # cell-a has 10.16.0.0/18, outside of the pool here, and three /16 of pods
    assert used["node-pool"] == (65_536, 3 * 65_536)
    assert used["pod-pool"] == (4 * 65_536, 7 * 65_536)
    assert not any(u.per_node for u in ledger.of("address pools"))


def test_what_goes_wrong_takes_addresses_too() -> None:
    sized = usages(20)
    peak = 22  # of r6gd.8xlarge: 8 interfaces of 30 addresses
    # the first /22 of the /16 is not reserved for prefixes, and no single address comes from it
    assert sized["pod-addresses-misconfigured"].used == peak * (1 + 29)
    assert sized["pod-addresses-misconfigured"].limit == 1024 - 5
    assert sized["pod-addresses-attached"].used == peak * 7 * 30
    assert sized["node-addresses-reset"].used == peak * (1 + 3 + 4 * 29)
    assert sized["node-addresses-bare"].used == peak * 8 * 30
    assert sized["node-addresses-bare"].limit == 2048 - 5
    assert all(sized[b].gate == "note" for b in sized if b.endswith(("-bare", "-attached")))


@pytest.mark.parametrize("scenario", ["misconfigured", "reset", "interfaces-full",
                                      "custom-networking-off"])  # fmt: skip
def test_every_scenario_counts_addresses(scenario: Scenario) -> None:
    declared = inventory({"cell-a": 430})
    ledger = stage(ledger_of(declared), scenario)
    broken = {u.bound for u in ledger if u.gate == "error" and not u.fits}
    assert any("addresses" in bound for bound in broken), broken

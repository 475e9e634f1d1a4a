"""Every bound can fail, says what mends it in numbers, and gates as its row says."""

from __future__ import annotations

import pytest

from cellfactory.errors import Finding
from cellfactory.inventory.schema import Inventory
from cellfactory.sizing.bounds import BOUNDS
from cellfactory.sizing.ledger import size_inventory
from cellfactory.sizing.quotas import check_quotas
from cellfactory.sizing.rules import check_ledger, describe, hint, raise_to
from cellfactory.sizing.usage import Gate, Ledger, Limit, Scope, Usage, mark_binding
from tests.unit.sizing.sample import FACTS, RAISED, hub, inventory, plan, pool


def findings(declared: Inventory) -> dict[str, Finding]:
    ledger = size_inventory(declared, plan(declared), FACTS)
    return {finding.rule: finding for finding in check_ledger(ledger)}


def usage(used: float, limit: Limit, **more: object) -> Usage:
    gate: Gate = "error"
    return Usage(
        bound="peered-nau",
        scope=Scope("cell-a", "vpc", "cell-a"),
        used=used,
        allowed=limit,
        unit="NAU",
        gate=gate,
        path=("cells", "cell-a"),
        **more,  # type: ignore[arg-type]
    )


NAU = {"code": "L-CD17FD4B", "maximum": 512_000, "adjustable": True}


def test_every_rule_is_there_once() -> None:
    rules = [bound.rule for bound in BOUNDS.values()]
    assert len(rules) == len(set(rules))
    assert all(rule.startswith("F3") and len(rule) == 4 for rule in rules)
    assert {"F391", "F392", "F393"}.isdisjoint(rules)


def test_a_cell_that_fits_yields_nothing() -> None:
    assert findings(inventory({"cell-a": 400})) == {}


def test_a_new_account_cannot_hold_a_cell() -> None:
    found = findings(inventory({"cell-a": 400}, quotas={}))
    assert found["F355"].severity == "error"
    assert "38,592 vCPUs; the limit is 5" in found["F355"].message
    assert "raise L-1216C47A to 38,592 and write it under quotas" in found["F355"].hint
    assert "remove" not in found["F355"].hint, "1,206 nodes of 1,200 are no way out"
    assert "raise L-7A658B76 to 118 " in found["F357"].hint


def test_no_more_nodes_are_removed_than_there_are() -> None:
    # 12 nodes and 6 of surge have 576 vCPUs; one node in each zone must stay
    nine = findings(inventory({"cell-a": 4}, quotas={"L-1216C47A": 576 - 9 * 32}))["F355"]
    ten = findings(inventory({"cell-a": 4}, quotas={"L-1216C47A": 576 - 10 * 32}))["F355"]
    assert "remove 9 nodes" in nine.hint
    assert "remove" not in ten.hint
    zones = {"L-DF5E4CA3": 2 * 6 + 4 + 6 - 2 * 3}  # nodes, control plane, endpoints of a zone
    found = findings(inventory({"cell-a": 4}, quotas={**RAISED, **zones}))
    assert {"F358", "F359"} & found.keys() == {"F358", "F359"}
    assert "remove 3 nodes" in found["F358"].hint
    assert "remove" not in found["F359"].hint


def test_a_ceiling_that_promises_too_much_is_told_apart_from_nodes() -> None:
    found = findings(inventory({"cell-a": 400}, node_ceiling=1500))["F345"]
    assert found.path == ("cell_types", "type-cell-a", "node_ceiling")
    assert "1,500 nodes; the limit is 1,300" in found.message
    assert "remove" not in found.hint
    assert found.hint.startswith("lower node_ceiling to 1,300")
    one = findings(inventory({"cell-a": 400}, node_ceiling=1301))["F345"]
    assert "remove" not in one.hint
    declared = inventory({"cell-a": 400}, node_ceiling=1300)
    sized = {u.bound: u for u in size_inventory(declared, plan(declared), FACTS)}
    for bound in ("declared-ceiling", "node-ceiling"):
        assert sized[bound].per_node == 1
    full = findings(inventory({"cell-a": 500}, node_ceiling=1500))["F345"]
    assert "remove 200 nodes" in full.hint
    assert full.path[-1] == "nodes_per_zone"


def test_too_many_nodes_for_our_policy() -> None:
    found = findings(inventory({"cell-a": 440}))
    assert found["F345"].message == (
        "cell cell-a needs 1,320 nodes; the limit is 1,300 (102%): nodes, policy"
    )
    assert found["F345"].hint.startswith("remove 20 nodes, or add another cell")
    assert "docs/decisions/" in found["F345"].hint
    path = ("cell_types", "type-cell-a", "node_groups", "executor", "nodes_per_zone")
    assert found["F345"].path == path


def test_more_nodes_than_the_subnets_were_planned_for() -> None:
    found = findings(inventory({"cell-a": 700}))
    assert found["F301"].severity == "error"
    assert found["F301"].message.startswith("cell cell-a in zone use1-az")
    # 700 nodes and 2 x 2 of an update take 6 each; 4,031 prefixes are there
    assert "remove 33 nodes in each zone" in found["F301"].hint
    assert found["F302"].severity == "warning"


def test_more_nodes_than_are_planned_for() -> None:
    found = findings(inventory({"cell-a": 50}, node_ceiling=120))
    assert "150 nodes; the limit is 120" in found["F344"].message
    assert "F345" not in found


def test_a_planned_ceiling_above_our_policy() -> None:
    assert (
        "1,301 nodes; the limit is 1,300"
        in findings(inventory({"cell-a": 5}, node_ceiling=1301))["F345"].message
    )


def test_one_misconfigured_cell_must_not_break_the_mesh() -> None:
    # 1,206 nodes with an update's surge, 32 - 9 NAU each above the design
    quotas = {**RAISED, "L-CD17FD4B": 128_000}
    fits = inventory({"cell-a": 400}, quotas=quotas, hubs={"hub": hub(80_000)})
    assert "F332" not in findings(fits)
    breaks = findings(inventory({"cell-a": 400}, quotas=quotas, hubs={"hub": hub(100_000)}))
    assert breaks["F332"].severity == "error"
    assert "F330" not in breaks


def test_too_many_prefixes_point_at_the_instance_type() -> None:
    groups = {"executor": pool(10, "m5.large")}
    found = findings(inventory(groups=groups, prefixes_per_node=10))["F315"]
    assert "10 prefixes; the limit is 9" in found.message
    assert found.path == (
        *("cell_types", "type-cell-a", "node_groups", "executor", "instance_type"),
    )


def test_pods_without_an_address() -> None:
    found = findings(inventory({"cell-a": 10}, max_pods=110))
    assert "110 pods; the limit is 96" in found["F317"].message
    assert "F318" not in found
    assert "F318" in findings(inventory({"cell-a": 10}, max_pods=111, prefixes_per_node=7))


def test_a_load_balancer_in_front_of_every_node() -> None:
    found = findings(inventory({"cell-a": 433}, ingress={"node_group": "executor"}))
    assert "1,305 targets; the limit is 1,000" in found["F362"].message
    assert "F360" not in found


def test_a_large_mesh_has_too_many_peerings() -> None:
    cells = {f"cell-{index:02d}": 1 for index in range(52)}
    found = findings(inventory(cells))
    assert "51 connections; the limit is 50" in found["F370"].message
    assert "raise L-7E9ECCDB to 51" in found["F370"].hint
    assert "set cell_to_cell: none" in found["F370"].hint
    assert "F371" not in found


def test_a_hub_is_not_told_what_helps_cells_alone() -> None:
    cells = {f"cell-{index:02d}": 1 for index in range(51)}
    raised = {**RAISED, "L-7E9ECCDB": 125, "L-DC9F7029": 125}
    found = findings(inventory(cells, quotas=raised, hubs={"hub": hub(nau=130_000)}))
    assert {rule for rule, finding in found.items() if finding.severity == "error"} == {
        "F330", "F332", "F370"
    }  # fmt: skip
    for rule in ("F330", "F332", "F370"):
        assert found[rule].path == ("hubs", "hub")
        assert "cell_to_cell" not in found[rule].hint
    assert "each part with a hub of its own" in found["F370"].hint
    assert "take cells off the hub" in found["F330"].hint


def test_a_zone_full_of_groups() -> None:
    groups = {f"pool-{index}": pool(1) for index in range(11)}
    found = findings(inventory(groups=groups))
    assert "33 node groups; the limit is 30" in found["F346"].message


def test_the_hint_adds_up() -> None:
    over = usage(600_000, Limit(value=128_000, **NAU), per_node=9)  # type: ignore[arg-type]
    assert over.excess_nodes == 52_445  # 472,000 / 9, rounded up
    assert raise_to(over) is None
    assert "remove 52,445 nodes" in hint(over)
    assert "AWS raises L-CD17FD4B to 512,000 at most" in hint(over)
    within = usage(300_000.5, Limit(value=128_000, **NAU))  # type: ignore[arg-type]
    assert raise_to(within) == 300_001
    assert "raise L-CD17FD4B to 300,001" in hint(within)
    assert raise_to(usage(1, Limit(value=2, **NAU))) is None  # type: ignore[arg-type]
    reasoned = usage(11, Limit(value=10, source="a page"), assumption="nobody else is there")
    assert hint(reasoned).splitlines()[1:] == ["nobody else is there", "see a page"]
    assert all(hint(usage(11, Limit(value=10))).splitlines())
    assert "remove 1 node," in hint(usage(11, Limit(value=10), per_node=3))


def test_headroom_and_share() -> None:
    sized = usage(75, Limit(value=100), per_node=10)
    assert (sized.headroom, sized.share, sized.more_nodes, sized.excess_nodes) == (25, 0.75, 2, 0)
    assert usage(75, Limit(value=100)).more_nodes is None
    assert usage(0, Limit(value=0)).share == 0
    assert usage(1, Limit(value=1)).share == 1
    assert not sized.binding
    assert (Limit(value=1).adjustable, Limit(value=1).raised) == (False, False)
    twins = (usage(1, Limit(value=2), per_node=1), usage(2, Limit(value=4), per_node=1))
    assert [u.binding for u in mark_binding(twins)] == [True, False]
    assert [u.binding for u in mark_binding(mark_binding(twins)[::-1])] == [True, False]
    assert "(none is allowed)" in describe(usage(1, Limit(value=0)))


def test_notes_are_in_the_ledger_only() -> None:
    declared = inventory({"cell-a": 433})
    ledger = size_inventory(declared, plan(declared), FACTS)
    over = {u.bound for u in ledger if not u.fits}
    assert "eks-contact-nodes" in over
    assert all(BOUNDS[bound].gate == "note" for bound in over)
    assert list(check_ledger(ledger)) == []
    assert ledger.fits
    assert not Ledger((usage(2, Limit(value=1)),)).fits
    assert not Ledger((usage(1, Limit(value=1)), usage(2, Limit(value=1)))).fits
    assert Ledger(()).fits


@pytest.mark.parametrize(
    ("quotas", "rule", "words"),
    [
        ({"L-CD17FD4B": 600_000}, "F391", "AWS gives at most 512,000"),
        ({"L-CD17FD4C": 128_000}, "F392", "no bound uses the quota L-CD17FD4C"),
    ],
)
def test_recorded_quotas_that_cannot_be_true(quotas: dict[str, int], rule: str, words: str) -> None:
    declared = inventory(quotas=quotas, hubs={"hub": hub(quotas=quotas)}, type_quotas=quotas)
    found = list(check_quotas(declared, FACTS))
    assert [finding.rule for finding in found] == [rule] * 3
    assert words in found[0].message
    code = next(iter(quotas))
    assert [finding.path for finding in found] == [
        ("hubs", "hub", "quotas", code),
        ("cell_types", "type-cell-a", "quotas", code),
        ("cells", "cell-a", "quotas", code),
    ]


def test_a_misspelt_code_names_the_nearest() -> None:
    (found,) = check_quotas(inventory(quotas={"L-CD17FD4C": 128_000}), FACTS)
    assert "did you mean L-CD17FD4B" in found.hint
    assert list(check_quotas(inventory(quotas=RAISED), FACTS)) == []


def test_processors_that_nobody_counts_are_said() -> None:
    groups = {"executor": pool(2), "accelerated": pool(1, "g5.8xlarge", capacity="spot")}
    declared = inventory(groups=groups)
    (found,) = check_quotas(declared, FACTS)
    assert (found.rule, found.severity) == ("F393", "warning")
    assert "the vCPUs of g5.8xlarge Spot instances" in found.message
    assert found.path[-2:] == ("accelerated", "instance_type")
    ledger = size_inventory(declared, plan(declared), FACTS)
    vcpus = {u.scope.name: u for u in ledger if u.bound == "vcpus"}
    assert vcpus.keys() == {"on-demand-vcpus", "unknown-quota"}
    unknown = vcpus["unknown-quota"]
    assert (unknown.used, unknown.limit, unknown.share) == (3 * 3 * 32, float("inf"), 0)
    assert unknown.more_nodes is None
    assert "no quota is known" in unknown.assumption


def test_quotas_that_bound_each_other_are_raised_so_far_and_no_further() -> None:
    """https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html: at most 1,000."""
    rules, groups = "L-0EA8095F", "L-2AFB9258"
    hubs = {f"hub-{n}": hub(blocks=100) for n in range(3)}
    many = findings(inventory({"cell-a": 10}, hubs=hubs))["F312"]
    assert "302 rules; the limit is 60" in many.message
    assert f"AWS raises {rules} to 200 at most" in many.hint
    assert f"raise {rules}" not in many.hint
    few = findings(inventory({"cell-a": 10}, hubs={"hub": hub(blocks=90)}))["F312"]
    assert f"raise {rules} to 92 and write it under quotas" in few.hint
    lower = {**RAISED, groups: 3, rules: 333}
    assert "F312" not in findings(inventory({"cell-a": 10}, hubs=hubs, quotas=lower))
    told = {f.rule: f for f in check_quotas(inventory(quotas={rules: 201}), FACTS)}
    assert "AWS gives at most 200" in told["F391"].message
    assert not list(check_quotas(inventory(quotas={rules: 200}), FACTS))
    assert not list(check_quotas(inventory(quotas={rules: 333, groups: 3}), FACTS))

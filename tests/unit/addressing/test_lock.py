"""The lock reads back what it wrote, refuses what a hand broke, and gives back on purpose only."""

from __future__ import annotations

import re
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.addressing.lock import EMPTY_LOCK, Lock, additions, check_locked, release, settle
from cellfactory.addressing.lock_file import parse_lock, render_lock
from cellfactory.addressing.plan import plan_addresses
from cellfactory.addressing.rules import RULES
from cellfactory.errors import InventoryError, UsageError
from cellfactory.facts.loader import load_facts
from tests import inventories

FACTS = load_facts()


def planned(cells: int, lock: Lock = EMPTY_LOCK) -> Lock:
    return plan_addresses(inventories.inventory(inventories.data(cells=cells)), lock, FACTS)[1]


TEXT = render_lock(planned(2, planned(3)))  # two cells, and one that left
BLOCK_AT = st.sampled_from([found.span() for found in re.finditer(r"\d+(\.\d+){3}/\d+", TEXT)])
THREE_CELLS = inventories.inventory(inventories.data(cells=3))


def problems(text: str | bytes) -> list[str]:
    """Read a lock and give every problem as it would be shown, hints left out."""
    try:
        parse_lock(text, "cells.lock.yaml", FACTS)
    except InventoryError as error:
        return [str(problem).splitlines()[0] for problem in error.problems]
    return []


def test_a_lock_reads_as_a_person_would_want_it() -> None:
    lines = TEXT.splitlines()
    assert lines[0] == "# Made by `cellfactory lock`; commit it, and do not edit it."
    at = lines.index("cells:")
    assert lines[at + 1 : at + 21] == [
        "  cell-000:",
        "    born:",
        "      organization: one",
        '      management_account: "111111111111"',
        '      account: "444444444444"',
        "      region: us-east-1",
        "      mesh: east",
        "      ip_family: ipv4",
        "      service_block: 172.20.0.0/16",
        "      state: {bucket: example-cells-tfstate, region: us-east-1}",
        "    primary: 10.128.0.0/23",
        "    pod_blocks: [100.64.0.0/19]",
        "    zones:",
        "      use1-az1:",
        "        node: 10.128.0.192/27",
        "        endpoint: 10.128.0.0/26",
        "        control_plane: 10.128.1.32/27",
        "        public: 10.128.1.128/28",
        "        transit: 10.128.1.176/28",
        "        pod: 100.64.0.0/21",
    ]
    assert "removed:\n  cell-002:" in TEXT


def test_what_is_written_reads_back() -> None:
    for lock in (EMPTY_LOCK, planned(1), planned(2, planned(3))):
        assert parse_lock(render_lock(lock), "cells.lock.yaml", FACTS) == lock
        assert render_lock(parse_lock(render_lock(lock), "cells.lock.yaml", FACTS)) == render_lock(
            lock
        )


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("version: 2", "version: 3",
         "F200 the lock has version 3; this cellfactory reads versions 1 to 2"),
        ("    primary: 10.128.0.0/23\n", "", "F200 cell-000 lacks 'primary'"),
        ("        node: 10.128.0.192/27", "        nod: 10.128.0.192/27",
         "F200 unknown key 'nod'; did you mean 'node'?"),
        ("10.128.0.192/27", "10.128.0.193/27",
         "F200 node: 10.128.0.193/27 is not the first address of a block; did you mean "
         "10.128.0.192/27?"),
        ("cells:\n", "cells: &a\n", "F200 YAML anchors and aliases are not allowed: a"),
        ("  cell-001:", "  cell-000:", "F200 the key 'cell-000' is duplicated; first on line 8"),
        ("  cell-002:", "  cell-001:", "F201 cell 'cell-001' is under both cells and removed"),
        ("primary: 10.128.2.0/23", "primary: 10.128.0.0/22",
         "F201 10.128.0.0/23 of cell 'cell-000' overlaps 10.128.0.0/22 of cell 'cell-001'"),
        ("node: 10.128.0.192/27", "node: 10.128.2.0/27",
         "F201 10.128.2.0/27 of cell 'cell-000' is outside 10.128.0.0/23"),
        ("node: 10.128.0.192/27", "node: 10.128.0.0/27",
         "F201 10.128.0.0/27 of node in use1-az1 overlaps 10.128.0.0/26 of endpoint in use1-az1"),
        ("pod: 100.64.0.0/21", "pod: 100.64.64.0/21",
         "F201 100.64.64.0/21 of cell 'cell-000' is outside 100.64.0.0/19"),
        ("pod: 100.64.8.0/21", "pod: 100.64.0.0/21",
         "F201 100.64.0.0/21 of pod in use1-az2 overlaps 100.64.0.0/21 of pod in use1-az1"),
        ("pod_blocks: [100.64.0.0/19]", "pod_blocks: [100.64.0.0/19, 100.64.16.0/20]",
         "F201 100.64.16.0/20 of the VPC overlaps 100.64.0.0/19 of the VPC"),
        ("pod_blocks: [100.64.0.0/19]", "pod_blocks: []",
         "F201 cell 'cell-000' with ip_family ipv4 lacks pod blocks"),
        ("pod: 100.64.0.0/21", "pod: 100.64.0.0/30",
         "F201 100.64.0.0/30 is not a valid VPC block, which is a /16 to a /28"),
        ("pod_blocks: [100.64.0.0/19]", "pod_blocks: [100.64.0.0/10]",
         "F201 100.64.0.0/10 is not a valid VPC block, which is a /16 to a /28"),
    ],
)  # fmt: skip
def test_an_edit_that_breaks_the_lock_is_told_at_its_place(old: str, new: str, shown: str) -> None:
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    found = problems(text)
    assert shown in [line.split(": ", 1)[1] for line in found]


def test_a_broken_block_is_shown_where_it_stands() -> None:
    text = TEXT.replace("node: 10.128.0.192/27", "node: 10.128.2.0/27", 1)
    line = text[: text.index("10.128.2.0/27")].count("\n") + 1
    assert problems(text)[0].startswith(f"cells.lock.yaml:{line}:15: F201")


@given(st.one_of(st.text(), st.binary()))
def test_any_text_is_a_lock_or_refused(text: str | bytes) -> None:
    assert problems(text)


@given(st.integers(0, len(TEXT)), st.integers(0, 20), st.text(" \n:-[]{}/.0123", max_size=6))
def test_any_slip_of_the_editor_is_a_lock_or_refused(start: int, length: int, new: str) -> None:
    text = TEXT[:start] + new + TEXT[start + length :]
    shown = problems(text)
    for line in shown:
        assert re.match(r"cells\.lock\.yaml:\d+:\d+: F20[01] ", line)
    if not shown:
        plan_addresses(THREE_CELLS, parse_lock(text, "cells.lock.yaml", FACTS), FACTS)


@given(BLOCK_AT, st.integers(0, 32), st.integers(0, 1 << 12))
def test_any_other_block_is_planned_with_or_refused(
    at: tuple[int, int], length: int, step: int
) -> None:
    other = IPv4Network((int(IPv4Network("10.128.0.0").network_address), length), strict=False)
    moved = int(other.network_address) + step * other.num_addresses
    block = IPv4Network((moved % (1 << 32), length))
    text = f"{TEXT[: at[0]]}{block}{TEXT[at[1] :]}"
    if not problems(text):
        plan_addresses(THREE_CELLS, parse_lock(text, "cells.lock.yaml", FACTS), FACTS)


def test_only_what_left_can_be_released() -> None:
    lock = parse_lock(TEXT, "cells.lock.yaml", FACTS)
    assert set(release(lock, "cell-002").removed) == set()
    assert release(lock, "cell-002").cells == lock.cells
    with pytest.raises(UsageError, match="remove it from the inventory first"):
        release(lock, "cell-000")
    with pytest.raises(UsageError, match="no removed cell 'cell-009'; removed cells: cell-002"):
        release(lock, "cell-009")


def test_who_is_there_and_who_left_is_settled_by_name() -> None:
    lock = parse_lock(TEXT, "cells.lock.yaml", FACTS)
    settled = settle(lock, {"cell-001", "cell-002", "cell-007"})
    assert set(settled.cells) == {"cell-001", "cell-002"}
    assert set(settled.removed) == {"cell-000"}
    assert settle(settled, {"cell-000", "cell-001"}) == lock


def test_blocks_are_given_back_before_the_next_cell_asks() -> None:
    made = inventories.data(cells=2)
    made["address_pools"]["pod"] = ["100.64.0.0/18"]  # two cells fill it
    _, lock = plan_addresses(inventories.inventory(made), EMPTY_LOCK, FACTS)
    made["cells"]["cell-009"] = made["cells"].pop("cell-001")
    next_one = inventories.inventory(made)
    told = plan_addresses(next_one, lock, FACTS)[0].findings
    assert [f.rule for f in told] == ["F202", "F218"]
    freed = release(settle(lock, next_one.cells), "cell-001")
    plan, after = plan_addresses(next_one, freed, FACTS)
    assert plan.findings == ()
    assert after.cells["cell-009"].blocks == lock.cells["cell-001"].blocks


def test_a_lock_that_is_out_of_date_says_for_whom() -> None:
    lock = parse_lock(TEXT, "cells.lock.yaml", FACTS)
    assert list(check_locked(lock, planned(2, lock))) == []
    (more,) = check_locked(lock, planned(4, lock))
    assert more.rule == "F211"
    assert more.message == "the lock is out of date (new: 'cell-002', 'cell-003')"
    (less,) = check_locked(lock, planned(1, lock))
    assert less.message == "the lock is out of date (gone: 'cell-001')"
    other = Lock(cells={**lock.cells, "cell-000": lock.cells["cell-001"]}, removed=lock.removed)
    (moved,) = check_locked(lock, other)
    assert moved.message == "the lock is out of date (other blocks: 'cell-000')"
    (freed,) = check_locked(lock, release(lock, "cell-002"))
    assert freed.message == "the lock is out of date (no longer removed: 'cell-002')"


def test_of_a_newer_lock_only_that_is_said() -> None:
    newer = TEXT.replace("version: 2", "version: 3").replace("primary:", "first:")
    assert problems(newer) == [
        "cells.lock.yaml:6:10: F200 the lock has version 3; this cellfactory reads versions 1 to 2"
    ]


def test_a_conflict_in_the_lock_is_never_mended_by_hand() -> None:
    text = TEXT.replace("removed:\n", "<<<<<<< HEAD\nremoved:\n=======\n>>>>>>> two\n")
    with pytest.raises(InventoryError) as caught:
        parse_lock(text, "cells.lock.yaml", FACTS)
    (problem,) = caught.value.problems
    assert "unresolved Git merge conflict" in problem.finding.message
    assert "git checkout --ours cells.lock.yaml" in problem.finding.hint
    assert "cellfactory lock" in problem.finding.hint


def test_a_birth_that_was_cut_out_is_missed() -> None:
    lines = TEXT.splitlines(keepends=True)
    start = lines.index("    born:\n")
    text = "".join(lines[:start] + lines[start + 9 :])
    assert [line.split(": ", 1)[1] for line in problems(text)] == [
        "F201 the lock has no `born` entry for cell 'cell-000'"
    ]


def test_cells_are_added_and_nothing_else_is_changed() -> None:
    lock = parse_lock(TEXT, "cells.lock.yaml", FACTS)
    assert additions(lock, planned(2, lock)) is None
    assert additions(lock, planned(1, lock)) is None, "one left, and none is new"
    made = inventories.data(cells=1)
    made["cells"]["cell-007"] = inventories.cell(7)
    after = plan_addresses(inventories.inventory(made), lock, FACTS)[1]
    added = additions(lock, after)
    assert added is not None
    assert added.cells == {**lock.cells, "cell-007": after.cells["cell-007"]}
    assert added.removed == lock.removed
    assert added.births == {**lock.births, "cell-007": after.births["cell-007"]}
    assert set(after.removed) == {"cell-001", "cell-002"}, "that is for `lock` to write"


def test_rule_ids_are_of_the_addresses_and_say_something() -> None:
    assert all(re.fullmatch(r"F2\d\d", rule) for rule in RULES)
    assert all(sentence.endswith((".", ").")) for sentence in RULES.values())

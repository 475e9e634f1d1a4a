"""Each fact is read by code, or says why it only informs; each policy is read, and decides."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from cellfactory.addressing.lock import EMPTY_LOCK
from cellfactory.addressing.need import need_of
from cellfactory.addressing.plan import plan_addresses
from cellfactory.facts.loader import load_facts
from cellfactory.facts.schema import Facts, NauWeight, Parameter, Quota, TokenBucket
from cellfactory.inventory.node_config import pods_per_node
from cellfactory.inventory.schema import CellType, NodeGroup
from cellfactory.sizing.mend import mend
from cellfactory.sizing.shape import shape_of
from cellfactory.sizing.whatif import WhatIf, assumed, setting_of_what_if
from tests import inventories
from tests.sources import FACTORY, modules

FACTS = load_facts()
NO_READERS = ("sandbox/", "sizing/bounds.py")
"""The emulator, which names many actions; ids of bounds, which often bear the name of a quota."""


@cache
def texts() -> frozenset[str]:
    """Every text in the code that may read facts."""
    return frozenset(
        node.value
        for path, tree in modules().items()
        if not path.relative_to(FACTORY).as_posix().startswith(NO_READERS)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


COUPLED = {id_ for quota in FACTS.quotas.values() for id_ in (quota.times, quota.within)}
ACTIONS = {call.action for row in FACTS.calls.values() for call in row.calls}


def is_read(row: Quota | Parameter | NauWeight | TokenBucket) -> bool:
    """Whether code asks for a row: by its id, or by what it is found by in its table."""
    if isinstance(row, Quota) and (row.families or row.id in COUPLED):
        return True  # found by the type of an instance, or by the quota that it bounds
    if isinstance(row, TokenBucket) and row.action != "*":
        return row.id in texts() or row.action in ACTIONS | texts()  # found by the action of a call
    return row.id in texts()


def rows() -> Iterator[Quota | Parameter | NauWeight | TokenBucket]:
    for table in (FACTS.quotas, FACTS.parameters, FACTS.nau, FACTS.buckets):
        yield from table.values()


@pytest.mark.parametrize("row", tuple(rows()), ids=lambda row: row.id)
def test_a_fact_is_read_or_says_that_it_only_informs(
    row: Quota | Parameter | NauWeight | TokenBucket,
) -> None:
    if row.informs:
        assert not is_read(row), f"code reads {row.id}: it does more than inform"
    else:
        assert is_read(row), f"no code reads {row.id}: use it, remove it, or say what it informs of"


@pytest.mark.parametrize("id_", FACTS.policy)
def test_each_policy_is_read(id_: str) -> None:
    assert id_ in texts()


def with_policy(**values: float) -> Facts:
    """The facts with other decisions of ours."""
    changed = {
        id_: replace(row, value=values.get(id_.replace("-", "_"), row.value))
        for id_, row in FACTS.policy.items()
    }
    return replace(FACTS, policy=changed)


def test_the_policy_decides_the_prefixes_of_a_node() -> None:
    facts = with_policy(prefixes_per_node=4)
    cell_type = inventories.inventory(inventories.data()).cell_types["plain"]
    assert pods_per_node(cell_type, facts) == 64
    assert need_of(cell_type, facts).prefixes_per_node == 4
    question = WhatIf(nodes=300, instance="r6gd.8xlarge")
    assert setting_of_what_if(question, facts).shape.prefixes == 4
    assert "4 prefixes for each node (--prefixes)" in list(assumed(question, (), facts))


def test_the_policy_decides_the_interfaces_of_a_node() -> None:
    facts = with_policy(interfaces_per_node=3)
    inventory = inventories.inventory(inventories.data())
    plan, _ = plan_addresses(inventory, EMPTY_LOCK, facts)
    name = next(iter(inventory.cells))
    assert shape_of(inventory, name, plan.cells[name], facts).interfaces == 3
    question = WhatIf(
        nodes=1300, instance="r6gd.8xlarge", prefixes=12, zones=5, max_eni=8, level="maximum"
    )
    loose = setting_of_what_if(question, facts)
    assert "MAX_ENI=3" in " ".join(change.words for change in mend(loose))


def test_the_schema_of_the_inventory_says_the_same() -> None:
    group = NodeGroup.model_fields["max_unavailable"]
    assert group.default == FACTS.parameter("update-max-unavailable-default")
    (most,) = (mark.le for mark in group.metadata if hasattr(mark, "le"))
    assert most == FACTS.quota("update-max-unavailable").default
    (zones,) = (
        mark.min_length
        for mark in CellType.model_fields["zones"].metadata
        if hasattr(mark, "min_length")
    )
    assert zones == FACTS.parameter("cluster-subnet-zones-least")

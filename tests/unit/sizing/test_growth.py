"""Growth: what is due when, held against the ledger of the cell with so many nodes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cellfactory.inventory.groups import group_size
from cellfactory.sizing.growth import grow
from cellfactory.sizing.scale import scale_nodes
from cellfactory.sizing.setting import Setting, setting_of, size_setting
from tests.unit.sizing.sample import FACTS, inventory, plan


def setting(nodes: int, **quotas: int) -> Setting:
    raised = {"L-BB24F6E5": 256_000, "L-CD17FD4B": 512_000, "L-7A658B76": 900, "L-1216C47A": 20_000}
    raised |= {code.replace("_", "-"): value for code, value in quotas.items()}
    declared = inventory({"cell-a": nodes}, quotas=raised)
    return setting_of(declared, plan(declared), "cell-a", FACTS)


def broken(cell: Setting, nodes: int, **quotas: float) -> set[str]:
    shape = scale_nodes(cell.shape, nodes // 3, group_size(FACTS))
    shape = replace(shape, quotas={**shape.quotas, **quotas})
    return {u.bound for u in size_setting(cell, shape) if u.gate == "error" and not u.fits}


@pytest.mark.parametrize("nodes", [20, 100, 200])
def test_what_is_due_is_what_would_not_fit(nodes: int) -> None:
    cell = setting(nodes)
    told = grow(cell, 30)
    assert told.nodes == 3 * nodes
    (vcpus,) = told.raises
    assert (vcpus.bound, vcpus.code) == ("vcpus", "L-1216C47A")
    assert vcpus.months == (vcpus.nodes - 3 * nodes) / 30
    assert "vcpus" not in broken(cell, vcpus.nodes)
    assert "vcpus" in broken(cell, vcpus.nodes + 3)
    assert told.full is not None
    assert told.full.bound == "node-ceiling"
    assert told.full.months == (1299 - 3 * nodes) / 30
    assert broken(cell, told.full.nodes, **{"L-1216C47A": 10**6}) == set()


def test_what_is_full_already_is_due_now() -> None:
    told = grow(setting(200, L_1216C47A=1_000), 10)
    assert told.raises[0].months == 0
    assert told.raises[0].code == "L-1216C47A"


def test_raises_beyond_the_wall_are_not_asked_for() -> None:
    told = grow(setting(20, L_1216C47A=10**6), 10)
    assert told.raises == ()
    assert told.full is not None

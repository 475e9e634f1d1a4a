"""Regions: those that AWS opened after the facts were read, and names of every partition."""

from __future__ import annotations

import pytest

from cellfactory.errors import Finding, InventoryError
from tests import inventories


def found(region: str) -> list[Finding]:
    made = inventories.data(1)
    made["meshes"]["east"]["region"] = region
    with pytest.raises(InventoryError) as refused:
        inventories.inventory(made)
    return [problem.finding for problem in refused.value.problems]


@pytest.mark.parametrize("region", ["me-west-1", "sa-west-1", "eusc-de-east-1", "us-esat-1"])
def test_a_region_that_is_not_known_is_said_with_the_day_of_the_list(region: str) -> None:
    words = f"unknown Region {region!r}"
    (unknown,) = (f for f in found(region) if f.message.startswith(words))
    assert unknown.hint.startswith("as of 2026-")
    assert "are not known here" in unknown.hint


@pytest.mark.parametrize("region", ["east", "us-east", "US-EAST-1", "abcde-east-1"])
def test_what_is_no_name_of_a_region_is_malformed(region: str) -> None:
    assert not any("unknown Region" in f.message for f in found(region))

"""One table says what each kind of subnet is, and everything else follows it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from cellfactory.addressing.blocks import (
    POD_KINDS,
    PRIMARY_KINDS,
    SUBNET_KINDS,
    Purpose,
    subnet_kinds,
)
from cellfactory.addressing.lock_file import LockedZone

PAGE = Path(__file__).resolve().parents[3] / "docs" / "addresses.md"


def test_each_purpose_has_one_row_and_is_cut_from_one_block() -> None:
    assert tuple(SUBNET_KINDS) == get_args(Purpose) == (*PRIMARY_KINDS, *POD_KINDS)
    assert list(LockedZone.model_fields) == list(SUBNET_KINDS)
    assert all(row.name == name for name, row in SUBNET_KINDS.items())


def test_what_is_made_has_routes_and_what_is_kept_free_has_none() -> None:
    made = subnet_kinds(egress=True)
    assert {row.name for row in SUBNET_KINDS.values() if row.routes} == set(made)
    assert set(made) - set(subnet_kinds(egress=False)) == {"public"}


@pytest.mark.parametrize("kind", SUBNET_KINDS)
def test_the_page_of_addresses_shows_each_kind(kind: Purpose) -> None:
    (row,) = [line for line in PAGE.read_text("utf-8").splitlines() if f"`{kind}`" in line][:1]
    assert f"the {SUBNET_KINDS[kind].cut_from} block" in row or "a pod block" in row

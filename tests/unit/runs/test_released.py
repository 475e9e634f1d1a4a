"""Blocks are given back when nobody knows of a state that holds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellfactory.errors import TerraformError
from cellfactory.runs.released import require_gone
from tests.inventories import data, render
from tests.unit.runs.conftest import Place


@pytest.fixture
def inventory(place: Place) -> Path:
    file = place.folder / "cells.yaml"
    file.write_text(render(data()), "utf-8")
    return file


def test_a_cell_with_a_state_keeps_its_blocks(place: Place, inventory: Path) -> None:
    place.remember("gone", "network")
    place.remember("gone", "account")
    place.remember("stays", "network")
    with pytest.raises(TerraformError, match="F648 gone-network still has a state") as told:
        require_gone(inventory, ["gone"], place.registry_folder)
    assert "cellfactory decommission gone" in str(told.value)
    assert "stays" not in str(told.value)


def test_an_account_that_is_kept_holds_no_blocks(place: Place, inventory: Path) -> None:
    place.remember("gone", "account")
    assert require_gone(inventory, ["gone"], place.registry_folder)


def test_where_no_registry_is_known_nobody_looks(place: Place, inventory: Path) -> None:
    place.remember("gone", "network")
    assert not require_gone(inventory, ["gone"], None)


def test_the_registry_of_the_sandbox_is_known(place: Place, inventory: Path) -> None:
    folder = place.folder / ".cellfactory" / "sandbox" / "registry" / "cells" / "gone"
    folder.mkdir(parents=True)
    (folder / "network.json").write_text("{}", "utf-8")
    with pytest.raises(TerraformError, match="F648"):
        require_gone(inventory, ["gone"], None)

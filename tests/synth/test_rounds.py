"""Edges in rounds and hubs by a role, as Terraform: which rows there are, and what never moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cellfactory.tree.tree import Tree, read_tree
from tests.inventories import data, render
from tests.synth.conftest import Example, synthesize

pytestmark = pytest.mark.synth

MOST = 3  # requests that may wait


def mesh(folder: Path, cells: int, **mesh: Any) -> Example:
    made = data(cells, nodes=3, quotas={"L-DC9F7029": MOST, "L-1216C47A": 9_000})
    made["hubs"] = {
        "shared": {
            "account": "333333333333",
            "vpc": "vpc-0f00ba12",
            "region": "us-east-1",
            "blocks": ["10.0.0.0/16"],
            "dns_resolution": True,
            "accept": {"role": "arn:aws:iam::333333333333:role/accept"},
            "route_tables": ["rtb-0f00ba12", "rtb-0f00ba13"],
        }
    }
    made["meshes"]["east"] |= {"hubs": ["shared"], **mesh}
    folder.mkdir()
    file = folder / "cells.yaml"
    file.write_text(render(made), "utf-8")
    return synthesize(file)


def tree_of(example: Example) -> Tree:
    return read_tree(example.stacks, example.texts)


def addresses(tree: Tree, stack: str) -> set[str]:
    return {resource.address for resource in tree.resources(stack).values()}


def test_no_address_moves_where_a_mesh_begins_to_ask_in_rounds(tmp_path: Path) -> None:
    small, large = (mesh(tmp_path / str(cells), cells) for cells in (MOST, MOST + 1))
    before, after = tree_of(small), tree_of(large)
    assert "hubs" not in small.documents["cell-000-peering"]["locals"]
    assert "hubs" in large.documents["cell-000-peering"]["locals"]
    for stack in small.documents:
        assert addresses(before, stack) <= addresses(after, stack), stack
    new = f"cell-{MOST:03}"
    asked = addresses(after, "cell-000-peering") - addresses(before, "cell-000-peering")
    assert asked == {f'aws_vpc_peering_connection.peer["{new}"]'}


def test_each_row_says_the_same_whether_it_comes_in_rounds_or_not(tmp_path: Path) -> None:
    small, large = (mesh(tmp_path / str(cells), cells) for cells in (MOST, MOST + 1))
    for stack in ("cell-000-peering", "cell-002-accept", "cell-002-routes"):
        one, other = (tree_of(made).resources(stack) for made in (small, large))
        for key, resource in one.items():
            assert other[key].address == resource.address
            assert other[key].type == resource.type


def test_the_rows_of_a_hub_are_its_cells(tmp_path: Path) -> None:
    star = tree_of(mesh(tmp_path / "star", 2, cell_to_cell="none"))
    blocks = ("10.128.0.0/23", "10.128.2.0/23")
    assert addresses(star, "shared-hub") == {
        *(f'aws_vpc_peering_connection_accepter.cell["cell-00{n}"]' for n in range(2)),
        *(f'aws_vpc_peering_connection_options.names["cell-00{n}"]' for n in range(2)),
        *(f'aws_route.to-cell["rtb-0f00ba1{n} {block}"]' for n in (2, 3) for block in blocks),
    }

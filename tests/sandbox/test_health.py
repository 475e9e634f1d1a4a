"""What the emulated EKS says of clusters that do well, and of those that do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cellfactory.terraform.health import ask_health
from tests.sandbox.eks_cell import Cell
from tests.unit.runs.conftest import recorded
from tests.unit.terraform.scene import cluster

pytestmark = pytest.mark.sandbox

STACK = replace(cluster("cell"), outputs={"cluster_name": "string"})
RECORD = recorded("cell", "cluster", outputs={"cluster_name": "cell"})


class ToCell:
    """A session in the account of a cell."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell

    def client(self, service: str, **_: object) -> object:
        return self.cell.emulator.client(service, self.cell.account)


def test_a_cluster_with_nodes_and_add_ons_does_well(cell: Cell) -> None:
    cell.create()
    cell.create_nodes()
    cell.eks.create_addon(
        clusterName="cell", addonName="vpc-cni", addonVersion="v1.20.4-eksbuild.1"
    )
    assert ask_health(lambda _: ToCell(cell))(STACK, RECORD) == ()


def test_a_cluster_that_is_gone_does_not(cell: Cell) -> None:
    (finding,) = ask_health(lambda _: ToCell(cell))(STACK, RECORD)
    assert finding.rule == "F661"
    assert "ResourceNotFound" in finding.message

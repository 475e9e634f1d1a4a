"""An EKS that takes a while: what is CREATING, and what cannot be had as long as it is."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.eks_cell import make_cell
from tests.sandbox.emulators import WORLD, running

pytestmark = pytest.mark.sandbox

SECONDS = 2.0


def test_what_is_being_made_is_told_so_and_takes_no_nodes(tmp_path: Path) -> None:
    with running(tmp_path, replace(WORLD, eks_seconds=SECONDS)) as emulator:
        cell = make_cell(emulator, "700000000001")
        made = cell.create()
        assert made["status"] == "CREATING"
        assert "endpoint" not in made, "there is no API to reach yet"
        with pytest.raises(ClientError, match="Cluster 'cell' is not in ACTIVE status"):
            cell.create_nodes()
        time.sleep(SECONDS)
        cluster = cell.eks.describe_cluster(name="cell")["cluster"]
        assert (cluster["status"], bool(cluster["endpoint"])) == ("ACTIVE", True)

        addon = cell.eks.create_addon(clusterName="cell", addonName="kube-proxy")["addon"]
        assert (cell.create_nodes()["status"], addon["status"]) == ("CREATING", "CREATING")
        time.sleep(SECONDS)
        group = cell.eks.describe_nodegroup(clusterName="cell", nodegroupName="node")["nodegroup"]
        addon = cell.eks.describe_addon(clusterName="cell", addonName="kube-proxy")["addon"]
        assert (group["status"], addon["status"]) == ("ACTIVE", "ACTIVE")

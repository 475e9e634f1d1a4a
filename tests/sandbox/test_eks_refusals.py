"""What EKS refuses of a cluster that stands, and what it does when one is gone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from cellfactory.sandbox.world import World
from tests.sandbox.eks_cell import Cell, make_cell
from tests.sandbox.emulators import running

pytestmark = pytest.mark.sandbox


def test_the_set_of_zones_is_for_life(cell: Cell) -> None:
    cell.create()
    third = cell.ec2.create_subnet(
        VpcId=cell.vpc, CidrBlock="10.64.2.0/24", AvailabilityZoneId="use1-az4"
    )["Subnet"]["SubnetId"]
    for subnets in ([*cell.subnets, third], [cell.subnets[0], third]):
        with pytest.raises(ClientError, match="should belong to the exact set of AZs") as refused:
            cell.eks.update_cluster_config(name="cell", resourcesVpcConfig={"subnetIds": subnets})
        assert refused.value.response["Error"]["Code"] == "InvalidParameterException"
    config = {"subnetIds": list(reversed(cell.subnets))}
    cell.eks.update_cluster_config(name="cell", resourcesVpcConfig=config)


def test_one_thing_is_updated_at_a_time(cell: Cell) -> None:
    cell.create()
    with pytest.raises(ClientError, match="Only one type of update"):
        cell.eks.update_cluster_config(
            name="cell",
            resourcesVpcConfig={"endpointPublicAccess": False},
            logging={"clusterLogging": [{"types": ["api"], "enabled": True}]},
        )


@pytest.mark.parametrize("version", ["v99.0.0-eksbuild.1", "v1.20.4", "latest"])
def test_versions_of_add_ons_that_eks_does_not_have_are_refused(cell: Cell, version: str) -> None:
    cell.create()
    with pytest.raises(ClientError, match="Addon version specified is not supported"):
        cell.eks.create_addon(clusterName="cell", addonName="vpc-cni", addonVersion=version)


def test_eks_writes_its_log_after_the_cluster_is_gone(tmp_path: Path) -> None:
    group = "/aws/eks/cell/cluster"
    with running(tmp_path, World(late_log_seconds=2)) as emulator:
        own = make_cell(emulator, "7" * 12)
        logs = emulator.client("logs", own.account)
        own.create(logging={"clusterLogging": [{"types": ["api"], "enabled": True}]})
        assert [g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]] == [group]
        own.eks.delete_cluster(name="cell")
        logs.delete_log_group(logGroupName=group)
        assert [g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]] == [group]
        time.sleep(2)
        logs.delete_log_group(logGroupName=group)
        assert logs.describe_log_groups()["logGroups"] == []

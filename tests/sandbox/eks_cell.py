"""A VPC of an account, and clusters in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.sandbox.emulators import Emulator


@dataclass(frozen=True)
class Cell:
    """A VPC with two subnets, and a cluster in it."""

    emulator: Emulator
    account: str
    vpc: str
    subnets: list[str]

    @property
    def eks(self) -> Any:
        return self.emulator.client("eks", self.account)

    @property
    def ec2(self) -> Any:
        return self.emulator.client("ec2", self.account)

    def role(self, name: str) -> str:
        return f"arn:aws:iam::{self.account}:role/{name}"

    def create(self, name: str = "cell", **changes: Any) -> dict[str, Any]:
        request = {
            "name": name,
            "version": "1.34",
            "roleArn": self.role("cluster"),
            "accessConfig": {"authenticationMode": "API"},
            "resourcesVpcConfig": {
                "subnetIds": self.subnets,
                "endpointPrivateAccess": True,
                "endpointPublicAccess": False,
            },
        }
        cluster: dict[str, Any] = self.eks.create_cluster(**(request | changes))["cluster"]
        return cluster

    def template(self, **data: Any) -> dict[str, str]:
        made = self.ec2.create_launch_template(LaunchTemplateName="node", LaunchTemplateData=data)
        return {"id": made["LaunchTemplate"]["LaunchTemplateId"], "version": "1"}

    def create_nodes(self, **changes: Any) -> dict[str, Any]:
        request = {
            "clusterName": "cell",
            "nodegroupName": "node",
            "subnets": self.subnets[:1],
            "nodeRole": self.role("node"),
            "scalingConfig": {"minSize": 420, "maxSize": 420, "desiredSize": 420},
        }
        group: dict[str, Any] = self.eks.create_nodegroup(**(request | changes))["nodegroup"]
        return group


def make_cell(emulator: Emulator, account: str) -> Cell:
    ec2 = emulator.client("ec2", account)
    vpc = ec2.create_vpc(CidrBlock="10.64.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZoneId=zone)["Subnet"]["SubnetId"]
        for block, zone in (("10.64.0.0/24", "use1-az1"), ("10.64.1.0/24", "use1-az2"))
    ]
    return Cell(emulator, account, vpc, subnets)

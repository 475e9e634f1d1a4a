"""What is left in the VPC of a cell on the emulated AWS, and keeps it from going, until swept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cellfactory.layers import Access, Stack, StackId
from cellfactory.naming import stack_tags
from cellfactory.sandbox.world import Organization, World
from cellfactory.terraform.engine import find_engine
from cellfactory.terraform.guard import NOTHING
from cellfactory.terraform.journal import Journal
from cellfactory.terraform.registry import Registry
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import Listener, apply_stacks, destroy_stacks
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.sessions import sessions
from cellfactory.terraform.store import FolderStore
from cellfactory.terraform.sweep import Sweeper
from cellfactory.terraform.target import Target, environment
from tests.sandbox.eks_cell import Cell, make_cell
from tests.sandbox.emulators import MANAGEMENT, REGION, Emulator, running
from tests.unit.runs.conftest import recorded

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]

ACCOUNT = "7" * 12
ROLES = (f"arn:aws:iam::{MANAGEMENT[0]}:role/CellFactory", f"arn:aws:iam::{ACCOUNT}:role/Member")
PROVIDER: Mapping[str, Any] = {
    "region": REGION,
    "allowed_account_ids": [ACCOUNT],
    "assume_role": [{"role_arn": role, "session_name": "test"} for role in ROLES],
    "default_tags": [{"tags": stack_tags("cell", "cell", "network")}],
}


@pytest.fixture
def leaking(tmp_path: Path) -> Iterator[Emulator]:
    world = World(
        organizations=(Organization(management_account=MANAGEMENT[0]),),
        leaked_interfaces=2,
        guardduty=True,
    )
    with running(tmp_path, world) as emulator:
        yield emulator


def sweeper(emulator: Emulator, folder: Path) -> Sweeper:
    target = Target(mode="sandbox", folder=folder, endpoint=emulator.endpoint)
    return Sweeper(session_of=sessions(target, "test"), seconds=60, pause=lambda *_: None)


def end_a_cluster(cell: Cell) -> None:
    cell.create()
    cell.create_nodes()
    cell.eks.delete_nodegroup(clusterName="cell", nodegroupName="node")
    cell.eks.delete_cluster(name="cell")


def refusal(call: Any, **asked: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**asked)
    return str(caught.value.response["Error"]["Code"])


def test_leftovers_hold_a_vpc_and_are_swept_there_and_nowhere_else(
    leaking: Emulator, tmp_path: Path
) -> None:
    cell, neighbour = make_cell(leaking, ACCOUNT), make_cell(leaking, ACCOUNT)
    end_a_cluster(neighbour)
    document = {"provider": {"aws": [PROVIDER]}}
    record = recorded("cell", document=document, account=ACCOUNT, outputs={"vpc_id": cell.vpc})
    cell.create()
    cell.create_nodes()
    cell.eks.delete_nodegroup(clusterName="cell", nodegroupName="node")
    clearer = sweeper(leaking, tmp_path)
    (standing,) = clearer.look(record)
    assert (standing.kind, standing.certain) == ("EKS cluster", False), "of a live one: nothing"
    cell.eks.delete_cluster(name="cell")

    found = clearer.look(record)
    assert [(one.kind, one.certain) for one in found] == [
        ("VPC endpoint", True),
        ("network interface", True),
        ("network interface", True),
        ("security group", True),
        ("security group", True),
    ]
    makers = [one.told.partition(":")[0] for one in found]
    assert makers[:3] == ["GuardDuty", "VPC CNI", "VPC CNI"]
    assert sorted(makers[3:]) == ["EKS", "GuardDuty"]
    for subnet in cell.subnets[:1]:
        assert refusal(cell.ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    for one in found[3:]:
        assert refusal(cell.ec2.delete_security_group, GroupId=one.id) == "DependencyViolation"
    held = {
        "Filters": [{"Name": "description", "Values": [f"VPC Endpoint Interface {found[0].id}"]}]
    }
    for row in cell.ec2.describe_network_interfaces(**held)["NetworkInterfaces"]:
        asked = {"NetworkInterfaceId": row["NetworkInterfaceId"]}
        assert refusal(cell.ec2.delete_network_interface, **asked) == "InvalidParameterValue"
    mine = cell.ec2.create_network_interface(SubnetId=cell.subnets[1], Description="my own")
    told: list[str] = []
    clearer.sweep(record, told.append, lambda: False)
    assert told == [f"deletes {one}" for one in found]
    (stranger,) = clearer.look(record)
    assert (stranger.id, stranger.certain) == (
        mine["NetworkInterface"]["NetworkInterfaceId"],
        False,
    )
    cell.ec2.delete_network_interface(NetworkInterfaceId=stranger.id)
    for subnet in cell.subnets:
        cell.ec2.delete_subnet(SubnetId=subnet)
    cell.ec2.delete_vpc(VpcId=cell.vpc)
    assert refusal(neighbour.ec2.delete_vpc, VpcId=neighbour.vpc) == "DependencyViolation"
    other = replace(record, outputs={"vpc_id": neighbour.vpc})
    assert len(clearer.look(other)) == 5, "nothing of the VPC next door was touched"


def test_load_balancers_of_both_generations_go_when_a_controller_of_the_cluster_made_them(
    leaking: Emulator, tmp_path: Path
) -> None:
    cell = make_cell(leaking, ACCOUNT)
    new, old = leaking.client("elbv2", ACCOUNT), leaking.client("elb", ACCOUNT)
    controllers = [{"Key": "elbv2.k8s.aws/cluster", "Value": "cell"}]
    new.create_load_balancer(Name="k8s-a", Subnets=cell.subnets, Type="network", Tags=controllers)
    new.create_load_balancer(Name="mine", Subnets=cell.subnets, Type="network")
    old.create_load_balancer(
        LoadBalancerName="a1b2",
        Listeners=[{"Protocol": "TCP", "LoadBalancerPort": 80, "InstancePort": 80}],
        Subnets=cell.subnets[:1],
        Tags=[{"Key": "kubernetes.io/cluster/cell", "Value": "owned"}],
    )
    document = {"provider": {"aws": [PROVIDER]}}
    record = recorded("cell", document=document, account=ACCOUNT, outputs={"vpc_id": cell.vpc})
    clearer = sweeper(leaking, tmp_path)
    clearer.sweep(record, print, lambda: False)
    assert [one["LoadBalancerName"] for one in new.describe_load_balancers()["LoadBalancers"]] == [
        "mine"
    ]
    assert old.describe_load_balancers()["LoadBalancerDescriptions"] == []
    kinds = {one.kind for one in clearer.swept[record.stack]}
    assert {"load balancer", "classic load balancer"} <= kinds


NETWORK = Stack(
    id=StackId("cell", "network"),
    access=Access(account=ACCOUNT, roles=ROLES, region=REGION, sts_region=REGION),
    outputs={"vpc_id": "string"},
)


def a_network(*, broken: bool) -> dict[StackId, dict[str, str]]:
    """Terraform of a VPC with two subnets and a group, which fails at its last subnet if broken."""
    vpc = "${aws_vpc.cell.id}"
    blocks = ["10.64.0.0/24", "10.99.0.0/24" if broken else "10.64.1.0/24"]
    document = {
        "terraform": {
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 5.0.0"}},
            "backend": {"s3": {"bucket": "b", "key": "k", "region": REGION}},
        },
        "provider": {"aws": [PROVIDER]},
        "resource": {
            "aws_vpc": {"cell": {"cidr_block": "10.64.0.0/20"}},
            "aws_security_group": {"nodes": {"name": "nodes", "vpc_id": vpc}},
            "aws_subnet": {
                f"s{number}": {
                    "vpc_id": vpc,
                    "cidr_block": block,
                    "availability_zone": f"{REGION}{'ab'[number]}",
                }
                for number, block in enumerate(blocks)
            },
        },
        "output": {"vpc_id": {"value": vpc}},
    }
    return {NETWORK.id: {"cdk.tf.json": json.dumps(document)}}


class Run:
    """Our own runner with the real Terraform, in a folder."""

    def __init__(self, emulator: Emulator, folder: Path, mirror: Path) -> None:
        environ = {"PATH": "/usr/bin:/bin", "TF_PLUGIN_MIRROR": str(mirror)}
        target = Target(
            mode="sandbox", folder=folder / "sandbox", endpoint=emulator.endpoint, mirror=mirror
        )
        target.folder.mkdir(exist_ok=True)
        terraform = {"TERRAFORM": shutil.which("terraform") or ""}
        self.told: list[str] = []
        self.context = RunContext(
            engine=find_engine(terraform, folder),
            target=target,
            registry=Registry(FolderStore(target.registry_folder)),
            environment=environment(target, environ),
            sweeper=Sweeper(session_of=sessions(target, "test"), seconds=60),
        )
        self.listener = Listener(
            started=lambda _: None,
            finished=lambda _: None,
            waiting=lambda _, why: self.told.append(why),
        )

    def apply(self, *, broken: bool = False) -> Result:
        runs = self.context.target.runs_folder
        (result,) = apply_stacks(
            self.context,
            [NETWORK],
            a_network(broken=broken),
            self.listener,
            parallel=1,
            journal=Journal(runs / "run.jsonl", "apply"),
            finished={},
            allowed=NOTHING,
        )
        return result

    def destroy(self, *, sweep: bool) -> Result:
        (result,) = destroy_stacks(
            self.context, [NETWORK.id], self.listener, parallel=1, sweep=sweep
        )
        return result


@pytest.mark.terraform
@pytest.mark.skipif(shutil.which("terraform") is None, reason="there is no terraform on PATH")
@pytest.mark.parametrize("broken", [False, True])
def test_a_network_that_terraform_made_is_destroyed_once_it_is_swept(
    leaking: Emulator, tmp_path: Path, terraform_mirror: Path, broken: bool
) -> None:
    run = Run(leaking, tmp_path, terraform_mirror)
    applied = run.apply(broken=broken)
    assert applied.status == ("failed" if broken else "applied"), applied.diagnostics
    ec2 = leaking.client("ec2", ACCOUNT)
    (vpc,) = (row["VpcId"] for row in ec2.describe_vpcs()["Vpcs"])
    subnets = [row["SubnetId"] for row in ec2.describe_subnets()["Subnets"]]
    if broken:  # the way of its outputs is not there, nor a second subnet for a cluster
        leak(ec2, subnets[0])
    else:
        end_a_cluster(Cell(leaking, ACCOUNT, vpc, subnets))

    refused = run.destroy(sweep=False)
    assert refused.status == "refused", refused
    assert refused.reason.startswith("F640 ")
    assert "VPC CNI: aws-K8S-i-" in refused.reason
    assert refused.reason.endswith("cellfactory destroy --sandbox --cell cell --sweep")
    swept = run.destroy(sweep=True)
    assert swept.status == "destroyed", swept
    assert all(line.startswith("deletes ") for line in run.told)
    assert ec2.describe_vpcs()["Vpcs"] == []
    assert run.context.registry.stacks() == frozenset()


def leak(ec2: Any, subnet: str) -> None:
    """Leave an interface behind as the VPC CNI does."""
    tags = {"node.k8s.amazonaws.com/instance_id": "i-1", "cluster.k8s.amazonaws.com/name": "cell"}
    ec2.create_network_interface(
        SubnetId=subnet,
        Description="aws-K8S-i-1",
        TagSpecifications=[
            {
                "ResourceType": "network-interface",
                "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            }
        ],
    )

"""Another node port is another target group, and Terraform gets from the one to the other.

The load balancer, its listener, target group and attachments are those that `synth` writes; what
they stand on is made by hand, so that no cluster has to be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data, render_data
from cellfactory.sandbox.world import Member, Organization, World
from tests.sandbox.configuration import in_cell
from tests.sandbox.emulators import MEMBER_ROLE, Emulator, start, stop
from tests.sandbox.places import CELL as ACCOUNT
from tests.sandbox.places import MANAGEMENT
from tests.sandbox.test_terraform import TERRAFORM, terraform
from tests.terraform.ladder import ROOT, Ladder

CELL = "moka-usw2-a"
KINDS = ("aws_lb", "aws_lb_target_group", "aws_lb_listener", "aws_autoscaling_attachment")
pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.timeout(900)]


def written(folder: Path, port: int) -> dict[str, Any]:
    """What `synth` writes of the way in, by kind and name, with another node port."""
    folder.mkdir()
    made = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    made["cells"] = {CELL: made["cells"][CELL]}
    kind = made["cell_types"][made["cells"][CELL]["type"]]
    kind["ingress"] = {"node_group": next(iter(kind["node_groups"])), "node_port": port}
    (folder / "cells.yaml").write_text(render_data(made), "utf-8")
    ladder = Ladder(folder=folder, mirror=folder)
    ladder.run("lock")
    ladder.run("synth")
    found = ladder.documents()[f"{CELL}-cluster"]["resource"]
    return {kind: found[kind] for kind in KINDS}


def test_a_port_that_is_not_usual_is_in_the_name_and_both_can_stand(tmp_path: Path) -> None:
    usual, other = (written(tmp_path / str(port), port) for port in (30080, 31080))
    groups = [made["aws_lb_target_group"]["ingress-targets"] for made in (usual, other)]
    assert [(each["name"], each["port"]) for each in groups] == [
        (CELL, 30080),
        (f"{CELL}-31080", 31080),
    ]
    attachments = usual["aws_autoscaling_attachment"].values()
    for each in (*groups, *attachments):
        assert each["lifecycle"] == {"create_before_destroy": True}


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    organization = Organization(
        management_account=MANAGEMENT, members=(Member(account=ACCOUNT, role=MEMBER_ROLE),)
    )
    process, running = start(tmp_path, World(organizations=(organization,)))
    yield running
    stop(process)


def ground(emulator: Emulator) -> dict[str, Any]:
    """A VPC, a subnet, a security group and an Auto Scaling group."""
    ec2 = emulator.client("ec2", ACCOUNT)
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="a", Description="a", VpcId=vpc)["GroupId"]
    data = {"ImageId": "ami-12c6146b", "InstanceType": "m6i.large"}
    ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData=data)
    emulator.client("autoscaling", ACCOUNT).create_auto_scaling_group(
        AutoScalingGroupName="nodes",
        LaunchTemplate={"LaunchTemplateName": "nodes"},
        **{"MinSize": 0, "MaxSize": 0, "VPCZoneIdentifier": subnet},
    )
    return {"vpc": vpc, "subnet": subnet, "group": group}


def configured(emulator: Emulator, resources: dict[str, Any], on: dict[str, Any]) -> str:
    """A document of its own for these resources, on what was made by hand."""
    made = json.loads(json.dumps(resources))
    made["aws_lb"]["ingress"] |= {"subnets": [on["subnet"]], "security_groups": [on["group"]]}
    made["aws_lb_target_group"]["ingress-targets"]["vpc_id"] = on["vpc"]
    first = dict([*made["aws_autoscaling_attachment"].items()][:1])
    for attachment in first.values():
        attachment["autoscaling_group_name"] = "nodes"
    made["aws_autoscaling_attachment"] = first
    versions = {"aws": {"source": "hashicorp/aws", "version": ">= 5.100.0, < 7.0.0"}}
    return json.dumps(
        {
            "terraform": {"required_providers": versions},
            "provider": {"aws": [in_cell(emulator.endpoint)]},
            "resource": made,
        }
    )


@pytest.mark.long
@pytest.mark.skipif(TERRAFORM is None, reason="there is no terraform on PATH or in $TERRAFORM")
def test_terraform_goes_from_one_port_to_another_and_back(
    emulator: Emulator, tmp_path: Path, terraform_mirror: Path
) -> None:
    folder = tmp_path / "configuration"
    folder.mkdir()
    mirror = json.dumps(str(terraform_mirror.resolve()))
    (folder / "terraform.rc").write_text(
        f"provider_installation {{\n  filesystem_mirror {{\n    path = {mirror}\n  }}\n}}\n"
    )
    on = ground(emulator)
    balancers = emulator.client("elbv2", ACCOUNT)
    scaling = emulator.client("autoscaling", ACCOUNT)
    for number, port in enumerate((30080, 31080, 30080)):
        resources = written(tmp_path / str(number), port)
        (folder / "main.tf.json").write_text(configured(emulator, resources, on))
        if number == 0:
            terraform(folder, "init", "-input=false")
        terraform(folder, "apply", "-auto-approve", "-input=false")
        (group,) = balancers.describe_target_groups()["TargetGroups"]
        assert group["Port"] == port
        (balancer,) = balancers.describe_load_balancers()["LoadBalancers"]
        (listener,) = balancers.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])[
            "Listeners"
        ]
        assert listener["DefaultActions"][0]["TargetGroupArn"] == group["TargetGroupArn"]
        (nodes,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        assert nodes["TargetGroupARNs"] == [group["TargetGroupArn"]]
        terraform(folder, "plan", "-detailed-exitcode", "-input=false")

"""The real Terraform and the real AWS provider, against the emulator."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellfactory.sandbox.client import leftovers
from cellfactory.sandbox.world import Member, Organization, World
from tests.sandbox.configuration import configuration
from tests.sandbox.emulators import HUB as HUB_IN_WORLD
from tests.sandbox.emulators import IMAGE as IMAGE_IN_WORLD
from tests.sandbox.emulators import MEMBER_ROLE, REGION, Emulator, start, stop
from tests.sandbox.places import CELL, HUB, HUB_VPC, IMAGE, MANAGEMENT, PEER

pytestmark = [pytest.mark.sandbox, pytest.mark.terraform, pytest.mark.timeout(1200)]

BUCKET = "cells-tfstate"
TERRAFORM = shutil.which(os.environ.get("TERRAFORM", "terraform"))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Emulator]:
    assert (
        HUB_IN_WORLD.account,
        HUB_IN_WORLD.vpc_id,
        IMAGE_IN_WORLD.name,
    ) == (HUB, HUB_VPC, IMAGE)
    organization = Organization(
        management_account=MANAGEMENT,
        units=("ou-ab12-cdefgh34",),
        members=tuple(Member(account=one, role=MEMBER_ROLE) for one in (CELL, PEER)),
    )
    world = World(organizations=(organization,), hubs=(HUB_IN_WORLD,), images=(IMAGE_IN_WORLD,))
    process, running = start(tmp_path, world)
    yield running
    stop(process)


def terraform(folder: Path, *arguments: str, code: int = 0) -> str:
    environment = {
        **os.environ,
        "TF_CLI_CONFIG_FILE": str(folder / "terraform.rc"),
        "TF_IN_AUTOMATION": "1",
    }
    environment.pop("AWS_CA_BUNDLE", None)
    ended = subprocess.run(
        [str(TERRAFORM), f"-chdir={folder}", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == code, ended.stdout[-4000:] + ended.stderr[-4000:]
    return ended.stdout


@pytest.mark.long
@pytest.mark.skipif(TERRAFORM is None, reason="there is no terraform on PATH or in $TERRAFORM")
def test_a_whole_cell_is_applied_planned_again_and_destroyed(
    fresh: Emulator, tmp_path: Path, terraform_mirror: Path
) -> None:
    folder = tmp_path / "configuration"
    folder.mkdir()
    mirror = json.dumps(str(terraform_mirror.resolve()))
    (folder / "terraform.rc").write_text(
        f"provider_installation {{\n  filesystem_mirror {{\n    path = {mirror}\n  }}\n}}\n"
    )
    (folder / "main.tf.json").write_text(configuration(fresh.endpoint, BUCKET))
    s3 = fresh.outside("s3")
    s3.create_bucket(Bucket=BUCKET)

    terraform(folder, "init", "-input=false")
    terraform(folder, "apply", "-auto-approve", "-input=false")
    _look(fresh)
    assert terraform(folder, "plan", "-detailed-exitcode", "-input=false")
    keys = [row["Key"] for row in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert keys == ["cell/all.tfstate"], "the state is there, its lock is not"

    terraform(folder, "destroy", "-auto-approve", "-input=false")
    for account in (CELL, PEER):
        assert leftovers(fresh.endpoint, account, REGION) == []
    members = [f"account {account}" for account in (CELL, PEER)]
    assert leftovers(fresh.endpoint, MANAGEMENT, REGION) == members, "the world's own, no other"
    assert leftovers(fresh.endpoint, HUB, REGION) == [f"vpc {HUB_VPC}"]


def _look(emulator: Emulator) -> None:
    """Look at what no second plan would show."""
    ec2 = emulator.client("ec2", CELL)
    states = {
        row["AccepterVpcInfo"]["OwnerId"]: row["Status"]["Code"]
        for row in ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
    }
    assert states == {PEER: "active", HUB: "pending-acceptance"}
    scaling = emulator.client("autoscaling", CELL)
    (group,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    (attached,) = group["TargetGroupARNs"]
    (target,) = emulator.client("elbv2", CELL).describe_target_groups()["TargetGroups"]
    assert (attached, group["Instances"]) == (target["TargetGroupArn"], [])
    organizations = emulator.client("organizations", MANAGEMENT)
    made = [row for row in organizations.list_accounts()["Accounts"] if row["Name"] == "cell-new"]
    parents = organizations.list_parents(ChildId=made[0]["Id"])["Parents"]
    assert [parent["Id"] for parent in parents] == ["ou-ab12-cdefgh34"]

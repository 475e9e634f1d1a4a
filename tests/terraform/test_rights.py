"""The derived roles, enforced: the ladder passes under them, and what they must not do is refused.

The tests of this file are the steps of one story, in the order in which they stand. With
CELLFACTORY_RIGHTS=all the cells are also read again, changed and destroyed (five minutes more).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cellfactory.documents import load_data, render_data
from tests.terraform.ladder import ROOT
from tests.terraform.rights import MEMBERS, PROVISIONING, RightsLadder
from tools.actions_run import TYPE, accept, change, world

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.timeout(1_500)]

MANAGEMENT = "111111111111"
ACCOUNT, ROLE, CELL = "555555555555", "OrganizationAccountAccessRole", "moka-use1-b"
ALL = os.environ.get("CELLFACTORY_RIGHTS") == "all"
longer = pytest.mark.skipif(not ALL, reason="CELLFACTORY_RIGHTS=all runs it, minutes more")
DENIED = r"AccessDenied|UnauthorizedOperation|not authorized"


def small() -> dict[str, Any]:
    """Two cells that a real run makes soon: no NAT gateways, one node group in each zone."""
    made = world()
    kind = made["cell_types"][TYPE]
    if not ALL:
        kind["egress"] = "none"
    return made


def begin(folder: Path, mirror: Path, lost: str = "") -> RightsLadder:
    (folder / "cells.yaml").write_text(render_data(small()), "utf-8")
    shutil.copy(ROOT / "cells.lock.yaml", folder)
    ladder = RightsLadder(folder=folder, mirror=mirror, lost=lost)
    ladder.resolve_hub_names()
    ladder.run("lock")
    ladder.run("synth")
    ladder.start()
    return ladder


@pytest.fixture(scope="module")
def ladder(
    tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path
) -> Iterator[RightsLadder]:
    ladder = begin(tmp_path_factory.mktemp("rights"), terraform_mirror)
    yield ladder
    ladder.stop()


def statuses(rows: dict[str, dict[str, Any]]) -> set[str]:
    return {row["status"] for name, row in rows.items() if not name.endswith("-platform")}


def test_every_layer_is_applied_by_the_derived_roles(ladder: RightsLadder) -> None:
    rows = ladder.results("apply")
    assert statuses(rows) == {"applied"}
    assert {name.rpartition("-")[2] for name in rows} >= {
        *("account", "network", "peering", "accept", "routes", "cluster")
    }


Refusal = Callable[[Any], object]


def own_vpc(ec2: Any) -> str:
    return next(
        str(vpc["VpcId"])
        for vpc in ec2.describe_vpcs()["Vpcs"]
        if {"Key": "cellfactory:cell", "Value": CELL} in vpc.get("Tags", [])
    )


NOBODY = json.dumps({"Version": "2012-10-17", "Statement": []})
EVERYTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
OTHER = [{"Key": "cellfactory:cell", "Value": "moka-use1-c"}]
MINE = [{"Key": "cellfactory:cell", "Value": CELL}]
REFUSED: dict[str, tuple[str, Refusal]] = {
    "make a user": ("iam", lambda iam: iam.create_user(UserName="somebody")),
    "make a key": ("iam", lambda iam: iam.create_access_key(UserName="somebody")),
    "make itself an administrator": (
        "iam",
        lambda iam: iam.attach_role_policy(RoleName=ROLE, PolicyArn=ADMIN),
    ),
    "make nodes administrators": (
        "iam",
        lambda iam: iam.attach_role_policy(RoleName=f"{CELL}-node", PolicyArn=ADMIN),
    ),
    "make jobs administrators": (
        "iam",
        lambda iam: iam.attach_role_policy(RoleName=f"{CELL}-spark-job-jobs", PolicyArn=ADMIN),
    ),
    "write a policy of its own": (
        "iam",
        lambda iam: iam.put_role_policy(
            RoleName=ROLE, PolicyName="more", PolicyDocument=EVERYTHING
        ),
    ),
    "leave its boundary": (
        "iam",
        lambda iam: iam.delete_role_permissions_boundary(RoleName=ROLE),
    ),
    "change who is trusted": (
        "iam",
        lambda iam: iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=NOBODY),
    ),
    "make a role of another name": (
        "iam",
        lambda iam: iam.create_role(RoleName="Admin", AssumeRolePolicyDocument=NOBODY),
    ),
    "take another role": (
        "sts",
        lambda sts: sts.assume_role(
            RoleArn="arn:aws:iam::333333333333:role/Admin", RoleSessionName="x"
        ),
    ),
    "delete the state bucket": (
        "s3",
        lambda s3: s3.delete_bucket(Bucket="example-cells-tfstate"),
    ),
    "read a state": (
        "s3",
        lambda s3: s3.get_object(Bucket="example-cells-tfstate", Key="cells/x/network.tfstate"),
    ),
    "look into another bucket": ("s3", lambda s3: s3.list_objects_v2(Bucket="somebody")),
    "open another bucket": (
        "s3",
        lambda s3: s3.put_bucket_policy(Bucket="somebody", Policy=EVERYTHING),
    ),
    "stop the trail": ("cloudtrail", lambda trail: trail.stop_logging(Name="organization")),
    "delete the trail": ("cloudtrail", lambda trail: trail.delete_trail(Name="organization")),
    "leave the organization": ("organizations", lambda o: o.leave_organization()),
    "make a VPC without tags": ("ec2", lambda ec2: ec2.create_vpc(CidrBlock="10.9.0.0/16")),
    "make a VPC of another cell": (
        "ec2",
        lambda ec2: ec2.create_vpc(
            CidrBlock="10.9.0.0/16",
            TagSpecifications=[{"ResourceType": "vpc", "Tags": OTHER}],
        ),
    ),
    "start an instance": (
        "ec2",
        lambda ec2: ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1),
    ),
    "delete another cluster": ("eks", lambda eks: eks.delete_cluster(name="moka-use1-c")),
    "make a key without tags": ("kms", lambda kms: kms.create_key()),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_role_of_a_cell_must_not(ladder: RightsLadder, what: str) -> None:
    service, call = REFUSED[what]
    session = ladder.as_role(ACCOUNT, ROLE)
    with pytest.raises(ClientError, match=DENIED):
        call(session.client(service, endpoint_url=ladder.endpoint))


def test_what_bears_the_tag_of_another_cell_is_not_touched(ladder: RightsLadder) -> None:
    """The same VPC, whose tag somebody else changed."""
    own: Any = ladder.as_role(ACCOUNT, ROLE).client("ec2", endpoint_url=ladder.endpoint)
    anybody = ladder.client("ec2", ACCOUNT)
    vpc = own_vpc(own)
    own.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    anybody.create_tags(Resources=[vpc], Tags=OTHER)
    try:
        with pytest.raises(ClientError, match=DENIED):
            own.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
        with pytest.raises(ClientError, match=DENIED):
            own.delete_vpc(VpcId=vpc)
        with pytest.raises(ClientError, match=DENIED):
            own.create_tags(Resources=[vpc], Tags=MINE)
    finally:
        anybody.create_tags(Resources=[vpc], Tags=MINE)


def test_the_provisioning_role_makes_accounts_and_nothing_else(ladder: RightsLadder) -> None:
    session = ladder.as_role(MANAGEMENT, PROVISIONING)
    calls: dict[str, Refusal] = {
        "iam": lambda iam: iam.create_user(UserName="somebody"),
        "ec2": lambda ec2: ec2.describe_vpcs(),
        "organizations": lambda o: o.close_account(AccountId=ACCOUNT),
        "sts": lambda sts: sts.assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/Admin", RoleSessionName="x"
        ),
    }
    for service, call in calls.items():
        with pytest.raises(ClientError, match=DENIED):
            call(session.client(service, endpoint_url=ladder.endpoint))


@longer
def test_the_rest_of_the_ladder_passes(ladder: RightsLadder) -> None:
    accept(ladder)
    assert statuses(ladder.results("apply", "--layer", "routes")) == {"applied"}
    assert statuses(ladder.results("plan", "--exit-code")) == {"no-change"}
    file = ladder.folder / "cells.yaml"
    made = load_data(file.read_text("utf-8"))
    change(made)
    file.write_text(render_data(made), "utf-8")
    ladder.run("lock")
    ladder.run("synth")
    allowed = (word for layer in ("network", "cluster") for word in ("--allow-destroy", layer))
    assert statuses(ladder.results("apply", *allowed)) <= {"applied", "no-change"}
    rows = ladder.results("destroy", "--forget-accounts")
    assert statuses(rows) == {"destroyed", "forgotten"}


@pytest.mark.parametrize(
    ("lost", "code"),
    [("NetworkEc2Create", "ec2:CreateVpc"), ("NetworkLogsNamed", "logs:CreateLogGroup")],
)
def test_without_a_statement_the_layer_that_it_is_for_fails(
    tmp_path: Path, terraform_mirror: Path, lost: str, code: str
) -> None:
    ladder = begin(tmp_path, terraform_mirror, lost)
    try:
        ladder.run("apply", "--sandbox", "--cell", CELL, "--layer", "network", code=6)
        assert f"{CELL}-network" in ladder.stderr
        assert code in ladder.stderr
    finally:
        ladder.stop()


def test_the_roles_are_those_of_both_organizations() -> None:
    inventory = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    organizations = inventory["organizations"].values()
    assert {one["member_role"] for one in organizations} == set(MEMBERS)
    assert {one["provisioning_role"] for one in organizations} == {PROVISIONING}

"""What the derived roles must not do is refused by an emulated AWS that enforces them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cellfactory.layers import list_bootstrap_stacks
from cellfactory.naming import cell_boundary_arn
from cellfactory.runs.emulator import Emulator, prepare_world
from cellfactory.runs.reading import read_declared, read_design
from cellfactory.sandbox.world import RoleRights, parse_world, render_world
from cellfactory.specs.access import describe_member
from cellfactory.specs.roles import RolesSpec
from tests.terraform.ladder import ROOT
from tests.terraform.rights import RightsLadder

pytestmark = pytest.mark.sandbox

MANAGEMENT = "111111111111"
ACCOUNT, ROLE, CELL = "555555555555", "OrganizationAccountAccessRole", "moka-use1-b"
DENIED = r"AccessDenied|UnauthorizedOperation|not authorized"


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RightsLadder]:
    """The shipped inventory's world, before anything is applied."""
    folder = tmp_path_factory.mktemp("rights")
    for name in ("cells.yaml", "cells.lock.yaml"):
        shutil.copy(ROOT / name, folder)
    ladder = RightsLadder(folder=folder, mirror=folder)
    ladder.start()
    yield ladder
    ladder.stop()


Refusal = Callable[[Any], object]


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
            RoleArn="arn:aws:iam::333333333333:role/Admin", RoleSessionName="other"
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
    session = ladder.as_member(MANAGEMENT, ACCOUNT, ROLE)
    with pytest.raises(ClientError, match=DENIED):
        call(session.client(service, endpoint_url=ladder.endpoint))


def test_what_bears_the_tag_of_another_cell_is_not_touched(ladder: RightsLadder) -> None:
    """The same VPC, whose tag somebody else changed."""
    own: Any = ladder.as_member(MANAGEMENT, ACCOUNT, ROLE).client(
        "ec2", endpoint_url=ladder.endpoint
    )
    anybody = ladder.client("ec2", ACCOUNT)
    tags = [*MINE, {"Key": "cellfactory:layer", "Value": "network"}]
    vpc = own.create_vpc(
        CidrBlock="10.9.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}]
    )["Vpc"]["VpcId"]
    own.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    anybody.create_tags(Resources=[vpc], Tags=OTHER)
    with pytest.raises(ClientError, match=DENIED):
        own.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    with pytest.raises(ClientError, match=DENIED):
        own.delete_vpc(VpcId=vpc)
    with pytest.raises(ClientError, match=DENIED):
        own.create_tags(Resources=[vpc], Tags=MINE)
    anybody.create_tags(Resources=[vpc], Tags=MINE)
    own.delete_vpc(VpcId=vpc)


def test_the_provisioning_role_makes_accounts_and_nothing_else(ladder: RightsLadder) -> None:
    session = ladder.as_provisioning(MANAGEMENT)
    calls: dict[str, Refusal] = {
        "iam": lambda iam: iam.create_user(UserName="somebody"),
        "ec2": lambda ec2: ec2.describe_vpcs(),
        "organizations": lambda o: o.close_account(AccountId=ACCOUNT),
        "sts": lambda sts: sts.assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/Admin", RoleSessionName="other"
        ),
    }
    for service, call in calls.items():
        with pytest.raises(ClientError, match=DENIED):
            call(session.client(service, endpoint_url=ladder.endpoint))


@dataclass(slots=True)
class Bootstrapped(RightsLadder):
    """A ladder whose member role is what `bootstrap` makes of it, boundary included."""

    def start(self) -> None:
        """Serve a world with that role in every account."""
        declared = read_declared(self.folder / "cells.yaml")
        spec = member_of(declared, BOUNDED)
        texts = {
            name: json.dumps({"Version": "2012-10-17", "Statement": held})
            for name, held in documents_of(spec).items()
        }
        rights = RoleRights(
            role=MEMBER,
            policies=tuple(text for name, text in texts.items() if name != "boundary"),
            boundary=texts["boundary"],
        )
        folder = prepare_world(read_design(self.folder / "cells.yaml"), self.folder)
        file = folder / "world.json"
        told = parse_world(file.read_text("utf-8"))
        file.write_text(render_world(replace(told, enforce_iam=True, rights=(rights,))), "utf-8")
        emulator = Emulator(folder, 0)
        server = emulator.start()
        self.running, self.endpoint = (emulator, server), server.endpoint


BOUNDED, MEMBER, ITS_ACCOUNT, ITS_MANAGEMENT = (
    *("moka-usw2-a", "CellFactoryMember"),
    *("666666666666", "222222222222"),
)


def member_of(declared: Any, cell: str) -> RolesSpec:
    """What `bootstrap` makes in the account of a cell."""
    inventory, facts = declared.inventory, declared.facts
    stacks = {stack.id.name: stack for stack in list_bootstrap_stacks(inventory, facts)}
    parts: Any = SimpleNamespace(inventory=inventory, facts=facts)
    return describe_member(parts, stacks[f"{cell}-member"])


def documents_of(spec: RolesSpec) -> dict[str, list[Any]]:
    """The statements of each policy of the member role, and of its boundary."""
    found = {name: list(held) for name, held in spec.roles["member"].policies.items()}
    return found | {"boundary": list(spec.boundary)}


@pytest.fixture(scope="module")
def bootstrapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bootstrapped]:
    folder = tmp_path_factory.mktemp("bootstrapped")
    for name in ("cells.yaml", "cells.lock.yaml"):
        shutil.copy(ROOT / name, folder)
    ladder = Bootstrapped(folder=folder, mirror=folder)
    ladder.start()
    yield ladder
    ladder.stop()


def test_the_member_role_makes_no_role_without_the_boundary(bootstrapped: Bootstrapped) -> None:
    session = bootstrapped.as_member(ITS_MANAGEMENT, ITS_ACCOUNT, MEMBER)
    iam: Any = session.client("iam", endpoint_url=bootstrapped.endpoint)
    bounded = cell_boundary_arn(ITS_ACCOUNT)
    role = f"{BOUNDED}-node"
    tags = [{"Key": "cellfactory:cell", "Value": BOUNDED}]
    given = {"RoleName": role, "AssumeRolePolicyDocument": NOBODY, "Tags": tags}
    for boundary in ({}, {"PermissionsBoundary": ADMIN}):
        with pytest.raises(ClientError, match=DENIED):
            iam.create_role(**given, **boundary)
    iam.create_role(**given, PermissionsBoundary=bounded)
    with pytest.raises(ClientError, match=DENIED):
        iam.delete_role_permissions_boundary(RoleName=role)
    with pytest.raises(ClientError, match=DENIED):
        iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=ADMIN)
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=bounded)
    told = iam.get_role(RoleName=role)["Role"]["PermissionsBoundary"]
    assert told["PermissionsBoundaryArn"] == bounded

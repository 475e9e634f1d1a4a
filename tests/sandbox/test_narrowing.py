"""A member role is not narrowed by its own keys: another way into the account comes first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cellfactory.documents import load_data, render_data
from cellfactory.errors import TerraformError
from cellfactory.layers import list_bootstrap_stacks
from cellfactory.naming import role_arn
from cellfactory.runs.bootstrap_ground import Ground
from cellfactory.runs.bootstrap_narrow import _widened, require_other_ways
from cellfactory.runs.bootstrap_ways import Keys, find_ways
from cellfactory.runs.reading import read_declared
from cellfactory.sandbox.world import Organization, World
from tests.sandbox.emulators import UNIT, Emulator, running

pytestmark = pytest.mark.sandbox

ROOT = Path(__file__).resolve().parents[2]
MANAGEMENT, CELL = "222222222222", "moka-usw2-a"
MEMBER, KEEPER, VISITOR = "CellFactoryMember", "OrganizationAccountAccessRole", "SandboxVisitor"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    organization = Organization(management_account=MANAGEMENT, units=(UNIT,))
    world = World(organizations=(organization,), enforce_iam=True)
    with running(tmp_path_factory.mktemp("narrowing"), world) as emulator:
        yield emulator


@pytest.fixture
def account(aws: Emulator, request: pytest.FixtureRequest) -> str:
    """An account that has just been made, with one role."""
    told = aws.client("organizations", MANAGEMENT).create_account(
        Email=f"aws+{abs(hash(request.node.name))}@example.com",
        AccountName="cell",
        RoleName=MEMBER,
    )
    return str(told["CreateAccountStatus"]["AccountId"])


@pytest.fixture
def declared(account: str, tmp_path: Path) -> Any:
    made = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    made["cells"] = {CELL: {**made["cells"][CELL], "account": {"id": account}}}
    (tmp_path / "cells.yaml").write_text(render_data(made), "utf-8")
    return read_declared(tmp_path / "cells.yaml")


def ground(aws: Emulator, declared: Any, **keys: Any) -> Ground:
    """What a run stands on, as far as the ways go."""
    every = list_bootstrap_stacks(declared.inventory, declared.facts)
    stacks = tuple(stack for stack in every if stack.id.layer == "member")
    held = Keys(via=VISITOR, **keys)
    context: Any = SimpleNamespace(
        target=SimpleNamespace(mode="sandbox", endpoint=aws.endpoint, region="us-east-1")
    )
    return Ground(
        context=context,
        stacks=stacks,
        sources={},
        ways=find_ways(declared.inventory, stacks, held, "777777777777"),
        place="bucket",
        states={},
    )


class Told:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def noted(self, notice: Any) -> None:
        self.said.append(notice.sentence)


def require(found: Ground, declared: Any, *, narrows: bool) -> tuple[Ground, list[str]]:
    watcher: Any = Told()
    made = require_other_ways(found, declared.inventory, watcher, narrows=narrows)
    return made, watcher.said


def roles(aws: Emulator, account: str) -> set[str]:
    found = aws.client("iam", account).list_roles()["Roles"]
    return {one["RoleName"] for one in found} - {VISITOR}


def test_it_is_refused_while_nothing_else_leads_in(
    aws: Emulator, account: str, declared: Any
) -> None:
    found = ground(aws, declared, member_via=MEMBER)
    with pytest.raises(TerraformError, match=f"F683 .*{account}") as caught:
        require(found, declared, narrows=False)
    assert "--narrow" in caught.value.problems[0].finding.hint
    assert roles(aws, account) == {MEMBER}


def test_a_way_that_is_not_there_is_not_made_without_the_word(
    aws: Emulator, account: str, declared: Any
) -> None:
    with pytest.raises(TerraformError, match="F622"):
        require(ground(aws, declared), declared, narrows=False)
    assert roles(aws, account) == {MEMBER}


@pytest.mark.parametrize("via", [MEMBER, KEEPER])
def test_with_the_word_the_administrators_of_the_organization_get_a_way_of_their_own(
    aws: Emulator, account: str, declared: Any, via: str
) -> None:
    made, said = require(ground(aws, declared, member_via=via), declared, narrows=True)
    (way,) = made.ways.values()
    assert way.roles == (role_arn(MANAGEMENT, VISITOR), role_arn(account, KEEPER))
    assert said == [
        f"{role_arn(account, KEEPER)} leads into the account from its management account now"
    ]
    role = aws.client("iam", account).get_role(RoleName=KEEPER)["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{MANAGEMENT}:root"}
    again, said = require(ground(aws, declared), declared, narrows=True)
    assert (again.ways, said) == (made.ways, [])
    assert require(ground(aws, declared), declared, narrows=False)[0].ways == made.ways


@pytest.mark.parametrize("also", ["arn:aws:iam::999999999999:root", "*"])
def test_a_role_of_this_name_that_trusts_others_is_given_nothing(
    aws: Emulator, account: str, declared: Any, also: str
) -> None:
    iam = aws.client("iam", account)
    everybody = {"AWS": [f"arn:aws:iam::{MANAGEMENT}:root", also]}
    statement = {"Effect": "Allow", "Principal": everybody, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_role(RoleName=KEEPER, AssumeRolePolicyDocument=trust)
    with pytest.raises(TerraformError, match=f"F683 .*{KEEPER} is there, and trusts others"):
        require(ground(aws, declared, member_via=MEMBER), declared, narrows=True)
    assert iam.list_attached_role_policies(RoleName=KEEPER)["AttachedPolicies"] == []


def test_a_profile_that_is_the_member_role_is_refused_with_the_word_too(
    aws: Emulator, account: str, declared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows by which other keys the account could be entered then."""
    found = ground(aws, declared, profiles={account: "cell"}, member_via=None)
    monkeypatch.setattr("cellfactory.runs.bootstrap_narrow._taken", lambda *_: MEMBER)
    with pytest.raises(TerraformError, match="F683"):
        require(found, declared, narrows=True)


def test_it_is_taken_back(aws: Emulator, account: str, declared: Any) -> None:
    iam = aws.client("iam", account)
    made, _ = require(ground(aws, declared), declared, narrows=True)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=document)["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=MEMBER, PermissionsBoundary=boundary)
    for _ in range(2):
        (notice,) = _widened(made, declared.inventory)
        assert "an administrator's again" in notice.sentence
        assert "PermissionsBoundary" not in iam.get_role(RoleName=MEMBER)["Role"]
        attached = iam.list_attached_role_policies(RoleName=MEMBER)["AttachedPolicies"]
        assert [one["PolicyArn"] for one in attached] == [ADMINISTRATOR]

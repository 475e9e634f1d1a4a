"""The roles of cells' accounts: what they can make, and what those can do then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cellfactory.inventory.schema import Inventory
from cellfactory.layers import list_bootstrap_stacks
from cellfactory.layers.bootstrap import roles_boundary
from cellfactory.naming import cell_boundary_arn
from cellfactory.policy.identity_rules import CELL_BOUNDARY
from cellfactory.runs.reading import read_declared
from cellfactory.sandbox.asking import Call, questions
from cellfactory.sandbox.judging import allows
from cellfactory.specs.access import describe_member
from cellfactory.specs.parts import Parts
from cellfactory.specs.roles import RolesSpec

ROOT = Path(__file__).resolve().parents[3]
CELL, ACCOUNT = "moka-usw2-a", "666666666666"
BOUNDARY = cell_boundary_arn(ACCOUNT)


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return read_declared(ROOT / "cells.yaml").inventory


@pytest.fixture(scope="module")
def spec(inventory: Inventory) -> RolesSpec:
    declared = read_declared(ROOT / "cells.yaml")
    parts: Any = Parts(inventory=inventory, plan=None, facts=declared.facts, charts={})  # type: ignore[arg-type]
    stacks = list_bootstrap_stacks(inventory, declared.facts)
    (stack,) = [one for one in stacks if one.id.name == f"{CELL}-member"]
    return describe_member(parts, stack)


def may(spec: RolesSpec, operation: str, **parameters: Any) -> bool:
    """Whether the member role may do something with a role, as the emulator judges it."""
    call = Call(
        service="iam",
        operation=operation,
        account=ACCOUNT,
        region="us-east-1",
        parameters={"RoleName": f"{CELL}-node", **parameters},
    )
    held = [{"Statement": list(each)} for each in spec.roles["member"].policies.values()]
    boundary = {"Statement": list(spec.boundary)}
    return all(allows(held, question, boundary) for question in questions(call))


def test_a_role_is_made_within_the_boundary_or_not_at_all(spec: RolesSpec) -> None:
    assert may(spec, "CreateRole", PermissionsBoundary=BOUNDARY)
    assert not may(spec, "CreateRole")
    for other in ("arn:aws:iam::aws:policy/AdministratorAccess", BOUNDARY + "-2"):
        assert not may(spec, "CreateRole", PermissionsBoundary=other)


def test_a_role_gets_its_boundary_later_and_never_loses_it(spec: RolesSpec) -> None:
    assert may(spec, "PutRolePermissionsBoundary", PermissionsBoundary=BOUNDARY)
    other = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert not may(spec, "PutRolePermissionsBoundary", PermissionsBoundary=other)
    assert not may(spec, "DeleteRolePermissionsBoundary")


@pytest.mark.parametrize(
    "operation", ["CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicy"]
)
def test_what_the_boundary_says_is_not_changed(spec: RolesSpec, operation: str) -> None:
    call = Call(
        service="iam",
        operation=operation,
        account=ACCOUNT,
        region="us-east-1",
        parameters={"PolicyArn": BOUNDARY},
    )
    held = [{"Statement": list(each)} for each in spec.roles["member"].policies.values()]
    assert not any(allows(held, one, {"Statement": list(spec.boundary)}) for one in questions(call))


ANYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
OF_JOBS = {  # what an administrator's policy would let a job do, and whether it still may
    ("s3", "GetObject", (("Bucket", "events"), ("Key", "a"))): True,
    ("iam", "CreateServiceLinkedRole", (("AWSServiceName", "elasticloadbalancing"),)): True,
    ("sts", "AssumeRole", (("RoleArn", "arn:aws:iam::999999999999:role/Lake"),)): True,
    ("sts", "AssumeRole", (("RoleArn", f"arn:aws:iam::{ACCOUNT}:role/CellFactoryMember"),)): False,
    ("sts", "AssumeRole", (("RoleArn", "arn:aws:iam::222222222222:role/CellFactory"),)): False,
    ("iam", "CreateRole", (("RoleName", "mine"),)): False,
    ("iam", "CreateUser", (("UserName", "me"),)): False,
    ("iam", "CreateAccessKey", (("UserName", "me"),)): False,
    ("iam", "AttachRolePolicy", (("RoleName", f"{CELL}-node"), ("PolicyArn", "x"))): False,
    ("iam", "DeleteRolePermissionsBoundary", (("RoleName", f"{CELL}-node"),)): False,
    ("iam", "UpdateAssumeRolePolicy", (("RoleName", f"{CELL}-node"),)): False,
    ("organizations", "LeaveOrganization", ()): False,
}


@pytest.mark.parametrize("asked", OF_JOBS, ids=lambda asked: f"{asked[0]}:{asked[1]}")
def test_a_job_with_every_right_hands_none_on(spec: RolesSpec, asked: Any) -> None:
    (boundary,) = spec.others.values()
    service, operation, parameters = asked
    call = Call(
        service=service,
        operation=operation,
        account=ACCOUNT,
        region="us-east-1",
        parameters=dict(parameters),
    )
    found = {allows([ANYTHING], one, {"Statement": list(boundary)}) for one in questions(call)}
    assert found == {OF_JOBS[asked]}


def test_only_where_bootstrap_makes_it_there_is_a_boundary(inventory: Inventory) -> None:
    """An account that the factory makes, a role that AWS made, or one that others made: none."""
    found = {cell: roles_boundary(inventory, cell) for cell in inventory.cells}
    assert {cell: arn for cell, arn in found.items() if arn} == {CELL: BOUNDARY}
    assert inventory.pipeline is not None
    without = inventory.model_copy(update={"pipeline": None})
    assert roles_boundary(without, CELL) is None
    by_hand = inventory.pipeline.model_copy(update={"by_hand": ["member_roles"]})
    assert roles_boundary(inventory.model_copy(update={"pipeline": by_hand}), CELL) is None


def test_policy_knows_the_boundary_by_its_name(spec: RolesSpec) -> None:
    """Its rules are exported alone, and import nothing of ours but the tree."""
    assert set(spec.others) == {CELL_BOUNDARY} == {BOUNDARY.rpartition("/")[2]}

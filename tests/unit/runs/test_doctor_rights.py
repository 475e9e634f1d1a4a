"""`doctor` names a member role that is an administrator."""

from __future__ import annotations

import pytest

from cellfactory.design import Declared
from cellfactory.runs.doctor_cell import ADMINISTRATOR, NO_ADMINISTRATOR
from tests.unit.runs.test_doctor import CELL, MADE, ask, declared, refused

__all__ = ["declared"]


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"AttachedPolicies": [{"PolicyArn": ADMINISTRATOR}]}, "warning"),
        ({"AttachedPolicies": [{"PolicyArn": "arn:aws:iam::1:policy/cellfactory-member"}]}, "ok"),
        (refused("AccessDenied"), "ok"),  # it may not look at itself: bootstrap has narrowed it
    ],
    ids=["as AWS made it", "of bootstrap", "narrowed"],
)
def test_an_administrator_is_named_with_what_narrows_it(
    declared: Declared, told: object, status: str
) -> None:
    answer = ask(declared, CELL, {("iam", "list_attached_role_policies"): told})[NO_ADMINISTRATOR]
    assert answer.status == status
    assert ("docs/bootstrap.md" in answer.fix) == (status == "warning")
    made = ask(declared, MADE)[NO_ADMINISTRATOR]
    assert made.seen == "CreateAccount attaches AdministratorAccess to CellFactoryMember"
    assert "bootstrap --adopt --narrow" in made.fix
    if status == "warning":
        assert "bootstrap keeps OrganizationAccountAccessRole" in answer.fix

"""What `doctor` asks about an organization, in its management account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cellfactory.credentials import Session
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory, NewAccount, Organization
from cellfactory.layers.access import management_access
from cellfactory.layers.permissions import management_actions, region_actions
from cellfactory.layers.rows import Layer
from cellfactory.layers.stack import Access
from cellfactory.runs.permissions import ask_permissions
from cellfactory.runs.questions import Question, Unmet, Visit, error_code

ACCOUNT_MANAGEMENT = "account.amazonaws.com"
TRUST_PAGE = "docs/prerequisites.md has the trust of the provisioning role"


def organization_questions(
    inventory: Inventory, facts: Facts, name: str, enter: Callable[[Access], Session]
) -> Iterator[Question]:
    """Ask by the provisioning role; nothing where the organization has no cell."""
    cells = [cell for cell, declared in inventory.cells.items() if declared.organization == name]
    if not cells:
        return
    organization = inventory.organizations[name]
    visit = Visit(management_access(inventory, facts, cells[0]), enter)
    role = visit.access.roles[-1]
    yield Question(
        claim=f"{role} can be assumed",
        ask=visit.open,
        path=("provisioning_role",),
        fix=TRUST_PAGE,
        bars=True,
    )
    yield Question(
        claim=f"{organization.management_account} is the management account",
        ask=visit.asks("organizations", _management, organization),
        path=("management_account",),
    )
    yield Question(
        claim="all features of the organization are on",
        ask=visit.asks("organizations", _features),
    )
    yield from _of_new_accounts(inventory, facts, cells, visit)


def _of_new_accounts(
    inventory: Inventory, facts: Facts, cells: list[str], visit: Visit
) -> Iterator[Question]:
    """Ask what it takes to make accounts; nothing where none is to be made."""
    new = {c: a for c in cells if isinstance(a := inventory.cells[c].account, NewAccount)}
    if not new:
        return
    for unit in dict.fromkeys(account.ou for account in new.values()):
        yield Question(
            claim=f"{unit} is in the organization",
            ask=visit.asks("organizations", _unit, unit),
        )
    wanted: dict[Layer, tuple[str, ...]] = {"account": management_actions()}
    regions = {inventory.region_of(cell) for cell in new}
    opt_in = sorted(region for region in regions if facts.regions[region].opt_in)
    if opt_in:
        wanted = {"account": (*management_actions(), *region_actions())}
        yield Question(
            claim=f"Account Management is trusted, to enable {', '.join(opt_in)}",
            ask=visit.asks("organizations", _trusted),
        )
    yield Question(
        claim="the provisioning role may make accounts",
        ask=visit.asks("iam", ask_permissions, visit.access.roles[-1], wanted),
        path=("provisioning_role",),
    )


def _management(organizations: Any, organization: Organization) -> Unmet | None:
    found = organizations.describe_organization()["Organization"]["MasterAccountId"]
    if found == organization.management_account:
        return None
    seen = f"{organization.management_account} belongs to an organization managed by {found}"
    return Unmet(seen, f'write management_account: "{found}"')


def _features(organizations: Any) -> Unmet | None:
    if organizations.describe_organization()["Organization"]["FeatureSet"] == "ALL":
        return None
    seen = "the organization has consolidated billing only: policies and trusted access need more"
    return Unmet(seen, "aws organizations enable-all-features")


def _unit(organizations: Any, unit: str) -> Unmet | None:
    from botocore.exceptions import ClientError

    if unit.startswith("r-"):
        roots = [root["Id"] for root in organizations.list_roots()["Roots"]]
        if unit in roots:
            return None
        return Unmet(f"the organization has no root {unit}", f"its root is {', '.join(roots)}")
    try:
        organizations.describe_organizational_unit(OrganizationalUnitId=unit)
    except ClientError as error:
        if error_code(error) != "OrganizationalUnitNotFoundException":
            raise
        fix = "aws organizations list-roots\n"
        fix += "aws organizations list-organizational-units-for-parent --parent-id ROOT"
        return Unmet(f"the organization has no unit {unit}", fix)
    return None


def _trusted(organizations: Any) -> Unmet | None:
    pages = organizations.get_paginator("list_aws_service_access_for_organization").paginate()
    trusted = {
        row["ServicePrincipal"] for page in pages for row in page["EnabledServicePrincipals"]
    }
    if ACCOUNT_MANAGEMENT in trusted:
        return None
    return Unmet(
        "the organization does not trust Account Management",
        f"aws organizations enable-aws-service-access --service-principal {ACCOUNT_MANAGEMENT}",
    )

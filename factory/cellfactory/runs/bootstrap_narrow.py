"""A member role is not narrowed by itself: another way in comes first, and leads back if need be.

CreateAccount leaves an account with one role, which is an administrator's. Were it narrowed by its
own keys, it would lose the right to go on half-way, and nobody could ever widen it. So what narrows
it is the administrator of the management account, by the role that AWS itself advises for that, and
that the pipeline's roles cannot take.

Source:
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_create-cross-account-role.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from cellfactory.credentials import Session, asking_aws
from cellfactory.design import Declared
from cellfactory.errors import Finding, TerraformError, UsageError
from cellfactory.inventory.nearest import suggest
from cellfactory.inventory.schema import Inventory, Organization
from cellfactory.layers import Stack, StackId
from cellfactory.layers.bootstrap import AWS_MADE_ROLE
from cellfactory.naming import TAG_STACK, role_arn
from cellfactory.runs.bootstrap_ground import Ground, find_ground
from cellfactory.runs.bootstrap_ways import Keys
from cellfactory.runs.notices import Pending
from cellfactory.runs.request import Outcome, Request
from cellfactory.runs.watcher import Watcher
from cellfactory.terraform.placed import Way, enter

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
LATE_SECONDS, POLL_SECONDS = 60.0, 1.0  # until a role that was made can be taken


def require_other_ways(
    ground: Ground, inventory: Inventory, watcher: Watcher, *, narrows: bool
) -> Ground:
    """Make sure that no member role is narrowed by its own keys.

    Args:
        ground: of the run.
        inventory: whose stacks they are.
        watcher: is told of each role that is made.
        narrows: whether another way in is made where there is none.

    Raises:
        TerraformError: with every account that only its member role leads into (F683), or when AWS
            refuses something (F622).
    """
    ways, closed = dict(ground.ways), []
    for stack in ground.stacks:
        organization = _organization_of(inventory, stack.id)
        if organization is None:
            continue
        if not _goes_by(ground, stack, organization.member_role, narrows=narrows):
            continue
        if not narrows or not ways[stack.id].roles:
            closed.append(_narrows_itself(stack, organization))
            continue
        ways[stack.id] = _open(ground, stack, organization)
        role = role_arn(stack.access.account, AWS_MADE_ROLE)
        watcher.noted(Pending(f"{role} leads into the account from its management account now"))
    if closed:
        raise TerraformError.of(closed)
    return replace(ground, ways=ways)


def _organization_of(inventory: Inventory, stack: StackId) -> Organization | None:
    """The organization of a member role's account; None of what makes no member role."""
    if stack.layer == "member":
        return inventory.organization_of(stack.owner)
    gateway = inventory.meshes[stack.owner].gateway if stack.layer == "netmember" else None
    return inventory.organizations[gateway.organization] if gateway else None


def _goes_by(ground: Ground, stack: Stack, role: str, *, narrows: bool) -> bool:
    """Tell whether the way into an account is its member role, or there is none yet.

    Raises:
        TerraformError: when the way is closed, and none is to be made (F622).
    """
    try:
        return _taken(ground.session(stack), stack) == role
    except TerraformError:
        if not narrows:
            raise
        return True


def _taken(session: Session, stack: Stack) -> str:
    """The name of the role that a session is of; empty for a user."""
    with asking_aws("F622", "cannot identify the current credentials"):
        sts = session.client("sts", region_name=stack.access.sts_region)
        kind, _, rest = str(sts.get_caller_identity()["Arn"]).split(":")[5].partition("/")
    return rest.partition("/")[0] if kind == "assumed-role" else ""


def _narrows_itself(stack: Stack, organization: Organization) -> Finding:
    account, role = stack.access.account, organization.member_role
    return Finding(
        rule="F683",
        stack=stack.id.name,
        message=f"{role} would be changed by its own keys, and nothing else leads into account "
        f"{account}: it could not go on half-way",
        hint=f"--narrow makes {AWS_MADE_ROLE} there first, an administrator's role that account "
        f"{organization.management_account} alone may take, and goes by that\n"
        f"or name another way in: --profile {account}=NAME, or --member-via ROLE",
    )


def _open(ground: Ground, stack: Stack, organization: Organization) -> Way:
    """Make the administrator's role of an account by its member role, and wait until it is taken.

    A run that was killed in between finds the role, and goes on with it.

    Raises:
        TerraformError: where there is a role of this name that trusts others, too (F683), or when
            AWS refuses something (F622).
    """
    account, management = stack.access.account, organization.management_account
    way = ground.ways[stack.id]
    by_member = replace(way, roles=(*way.roles[:-1], role_arn(account, organization.member_role)))
    session = enter(by_member, stack.access, ground.connect)
    iam = session.client("iam", region_name=stack.access.region)
    with asking_aws("F622", f"{AWS_MADE_ROLE} cannot be made in account {account}"):
        _make_keeper(iam, management, stack.id.name)
    found = replace(way, roles=(*way.roles[:-1], role_arn(account, AWS_MADE_ROLE)))
    late = time.monotonic() + LATE_SECONDS
    while True:
        try:
            enter(found, stack.access, ground.connect)
        except TerraformError:
            if time.monotonic() > late:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return found


def _make_keeper(iam: Any, management: str, stack: str) -> None:
    from botocore.exceptions import ClientError

    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{management}:root"},
        "Action": "sts:AssumeRole",
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    try:
        iam.create_role(
            RoleName=AWS_MADE_ROLE,
            AssumeRolePolicyDocument=trust,
            Description="The way in of the organization's administrators",
            Tags=[{"Key": TAG_STACK, "Value": stack}],
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityAlreadyExists":
            raise
        found = iam.get_role(RoleName=AWS_MADE_ROLE)["Role"]
        if found["AssumeRolePolicyDocument"].get("Statement") not in (statement, [statement]):
            raise TerraformError(_leads_elsewhere(found["Arn"], management, stack)) from error
    iam.attach_role_policy(RoleName=AWS_MADE_ROLE, PolicyArn=ADMINISTRATOR)


def _leads_elsewhere(role: str, management: str, stack: str) -> Finding:
    return Finding(
        rule="F683",
        stack=stack,
        message=f"{role} is there, and trusts others than account {management} alone: it is not "
        "made an administrator's",
        hint=f"let it trust arn:aws:iam::{management}:root alone, or remove it; or name another "
        "way in: --member-via ROLE",
    )


def widen(
    declared: Declared, request: Request, watcher: Watcher, keys: Keys, cells: Collection[str]
) -> Outcome:
    """Take it back: give member roles AdministratorAccess again, and take their boundary away.

    Args:
        declared: the inventory.
        request: where.
        watcher: is asked.
        keys: an administrator's, of each account.
        cells: whose roles they are.

    Raises:
        TerraformError: where `bootstrap` makes no member role (F685), where nothing but that role
            leads into its account (F683), or when AWS refuses something (F622).
        UsageError: when a cell is unknown, or the answer is no.
    """
    for cell in cells:
        if cell not in declared.inventory.cells:
            msg = f"unknown cell {cell!r}{suggest(cell, declared.inventory.cells)}"
            raise UsageError(msg)
    ground = find_ground(declared, request, watcher, keys)
    stacks = {stack.id.owner: stack for stack in ground.stacks if stack.id.layer == "member"}
    if lacking := [cell for cell in cells if cell not in stacks]:
        raise TerraformError.of([_has_none(cell) for cell in lacking])
    chosen = [stacks[cell] for cell in cells]
    members = {stack.id for stack in chosen}
    others = replace(ground, stacks=tuple(chosen), ways={i: ground.ways[i] for i in members})
    require_other_ways(others, declared.inventory, watcher, narrows=False)
    named = ", ".join(cells)
    if not watcher.confirms(f"make the member role of {named} an administrator's?"):
        msg = "widen: not confirmed, nothing was done"
        raise UsageError(msg)
    return Outcome(results=(), notices=tuple(_widened(others, declared.inventory)))


def _widened(ground: Ground, inventory: Inventory) -> Iterator[Pending]:
    for stack in ground.stacks:
        role = inventory.organization_of(stack.id.owner).member_role
        iam = ground.inside(stack).client("iam")
        with asking_aws("F622", f"{role} cannot be widened in account {stack.access.account}"):
            if "PermissionsBoundary" in iam.get_role(RoleName=role)["Role"]:
                iam.delete_role_permissions_boundary(RoleName=role)
            iam.attach_role_policy(RoleName=role, PolicyArn=ADMINISTRATOR)
        yield Pending(
            f"{role_arn(stack.access.account, role)} is an administrator's again; the next "
            "bootstrap narrows it, unless pipeline.by_hand names member_roles"
        )


def _has_none(cell: str) -> Finding:
    return Finding(
        rule="F685",
        message=f"bootstrap makes no member role in the account of cell {cell!r}: there is nothing "
        "to widen",
        hint="it does in accounts with an id, of organizations with a member_role of their own, "
        "unless pipeline.by_hand names member_roles",
    )

"""The layers `bootstrap`, `member` and `netmember`: roles of accounts that are there already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Organization
from cellfactory.layers import LAYERS, ROWS, Layer, Stack
from cellfactory.layers.access import plan_role, ring_roles
from cellfactory.layers.bootstrap import network_accounts
from cellfactory.layers.hub_rights import hub_roles
from cellfactory.layers.permissions import Statement, read_statements, statements
from cellfactory.naming import (
    cell_boundary_arn,
    factory_policy_name,
    reading_role_name,
    role_arn,
)
from cellfactory.specs.packing import packed, roles_spec
from cellfactory.specs.parts import Parts
from cellfactory.specs.pipeline import require_pipeline
from cellfactory.specs.roles import RoleSpec, RolesSpec, Statements
from cellfactory.specs.trust import role_trust

_BY_DOCTOR = (
    *("organizations:DescribeOrganization", "organizations:DescribeOrganizationalUnit"),
    *("organizations:ListRoots", "organizations:ListAWSServiceAccessForOrganization"),
)
_CELL_BOUNDARY = cell_boundary_arn("*").rpartition("/")[2]
MEMBER_LAYERS: tuple[Layer, ...] = tuple(
    layer
    for layer in LAYERS
    if ROWS[layer].owner == "cell"
    and not ROWS[layer].by_bootstrap
    and not ROWS[layer].makes_account
)
"""Layers that are applied by the member role."""
MESH_LAYERS: tuple[Layer, ...] = tuple(
    layer for layer in LAYERS if ROWS[layer].owner == "mesh" and not ROWS[layer].by_bootstrap
)
"""Layers that are applied by the member role of a network account."""


def describe_organization(parts: Parts, stack: Stack) -> RolesSpec:
    """Collect the roles of an organization's management account."""
    inventory, name = parts.inventory, stack.id.owner
    organization, pipeline = inventory.organizations[name], require_pipeline(inventory)
    role, member = organization.provisioning_role, organization.member_role
    appliers = ring_roles(inventory).values()
    own = [_any_account(role), _any_account(reading_role_name(role))]
    hubs, hubs_read = (hub_roles(inventory, name, reads=reads) for reads in (False, True))
    gateways = MESH_LAYERS if organization.management_account in network_accounts(inventory) else ()
    doctor = (
        _allow("AskedByDoctor", _BY_DOCTOR, ["*"]),
        _allow("WhatItMay", ["iam:SimulatePrincipalPolicy"], own),
    )
    return roles_spec(
        factory_policy_name("provisioning", "boundary"),
        _provisioning_boundary(member, (*hubs, *hubs_read), has_gateways=bool(gateways)),
        {
            "provisioning": RoleSpec(
                name=role,
                description="Makes accounts of cells, and goes into them",
                trust=(role_trust("AppliesOfThePipeline", appliers),),
                policies={
                    **packed(
                        factory_policy_name("provisioning"),
                        (
                            *_as_policy(statements("account")),
                            _allow(
                                "GoToMembers", ["sts:AssumeRole"], [_any_account(member), *hubs]
                            ),
                            *doctor,
                        ),
                        parts.facts,
                    ),
                    **_by_layer("provisioning", gateways, statements, parts.facts),
                },
            ),
            "provisioning-read": RoleSpec(
                name=reading_role_name(role),
                description="Looks at accounts of cells, and goes into them to look",
                trust=(role_trust("PlansOfThePipeline", [plan_role(pipeline.account)]),),
                policies={
                    **packed(
                        factory_policy_name("provisioning-read"),
                        (
                            *_as_policy(read_statements("account")),
                            _allow(
                                "GoToMembersToLook",
                                ["sts:AssumeRole"],
                                [_any_account(reading_role_name(member)), *hubs_read],
                            ),
                            *doctor,
                        ),
                        parts.facts,
                    ),
                    **_by_layer("provisioning-read", gateways, read_statements, parts.facts),
                },
            ),
        },
        parts.facts,
    )


def describe_member(parts: Parts, stack: Stack) -> RolesSpec:
    """Collect the roles of a cell's account, which is the same for all of an organization."""
    inventory = parts.inventory
    sharers = tuple(network_accounts(inventory))
    layers = MEMBER_LAYERS if sharers else tuple(one for one in MEMBER_LAYERS if one != "transit")
    return _member_roles(
        parts,
        inventory.organization_of(stack.id.owner),
        _by_layer("member", layers, partial(statements, sharers=sharers), parts.facts),
        _by_layer("member-read", layers, read_statements, parts.facts),
        of="a cell",
    )


def describe_network_member(parts: Parts, stack: Stack) -> RolesSpec:
    """Collect the roles of a network account: they do what the layers of meshes are made of."""
    gateway = parts.inventory.meshes[stack.id.owner].gateway
    assert gateway is not None  # it has the account
    return _member_roles(
        parts,
        parts.inventory.organizations[gateway.organization],
        _by_layer("member", MESH_LAYERS, statements, parts.facts),
        _by_layer("member-read", MESH_LAYERS, read_statements, parts.facts),
        of="the gateways of meshes",
    )


def _member_roles(
    parts: Parts,
    organization: Organization,
    changing: Mapping[str, Statements],
    looking: Mapping[str, Statements],
    *,
    of: str,
) -> RolesSpec:
    """Make the member role and the one beside it that reads, by what each may do."""
    role, way = organization.member_role, organization.provisioning_role
    account = organization.management_account
    reading = role_arn(account, reading_role_name(way))
    return roles_spec(
        factory_policy_name("member", "boundary"),
        _member_boundary(role),
        {
            "member": RoleSpec(
                name=role,
                description=f"Makes and changes what {of} is made of",
                trust=(role_trust("ProvisioningRoleAlone", [role_arn(account, way)]),),
                policies=changing,
            ),
            "member-read": RoleSpec(
                name=reading_role_name(role),
                description=f"Looks at what {of} is made of, and changes nothing",
                trust=(role_trust("ReadingProvisioningRoleAlone", [reading]),),
                policies=looking,
            ),
        },
        parts.facts,
        {_CELL_BOUNDARY: _cell_boundary(role, way)},
    )


def _by_layer(
    use: str,
    layers: Sequence[Layer],
    statements_of: Callable[[Layer], tuple[Statement, ...]],
    facts: Facts,
) -> Mapping[str, Statements]:
    """One policy for each layer that takes anything, or more where it is too long for one."""
    return {
        name: held
        for layer in layers
        for name, held in packed(
            factory_policy_name(use, layer), _as_policy(statements_of(layer)), facts
        ).items()
    }


def _as_policy(told: Iterable[Statement]) -> Statements:
    return tuple(one.document() for one in told)


def _provisioning_boundary(member: str, hubs: Sequence[str], *, has_gateways: bool) -> Statements:
    """All that accounts take, and nothing that takes an organization apart.

    Args:
        member: the role of accounts that it may go into.
        hubs: roles of hubs, likewise.
        has_gateways: whether the management account itself has gateways of meshes.
    """
    gateways = _allow("GatewaysOfMeshes", ["ec2:*", "ram:*"], ["*"])
    members = [_any_account(member), _any_account(reading_role_name(member)), *hubs]
    return (
        _allow(
            "AccountsAndLooking",
            ["organizations:*", "account:*", "iam:Get*", "iam:List*", "iam:Simulate*"],
            ["*"],
        ),
        _allow("GoToMembers", ["sts:AssumeRole"], members),
        *((gateways,) if has_gateways else ()),
        _deny(
            "NotTheOrganization",
            [
                *("organizations:DeleteOrganization", "organizations:LeaveOrganization"),
                *("organizations:RemoveAccountFromOrganization", "organizations:*Policy"),
                *("organizations:*DelegatedAdministrator", "organizations:*PolicyType"),
                *("organizations:EnableAWSServiceAccess", "organizations:DisableAWSServiceAccess"),
                *("organizations:InviteAccountToOrganization", "account:PutContactInformation"),
                *("account:StartPrimaryEmailUpdate", "account:AcceptPrimaryEmailUpdate"),
            ],
            ["*"],
        ),
    )


def _member_boundary(role: str) -> Statements:
    """All that a cell takes, but neither its own rights nor a way in for others."""
    own = [_any_account(role), _any_account(reading_role_name(role))]
    return (
        _allow("WhatItsPoliciesSay", ["*"], ["*"]),
        _deny(
            "NotItsOwnRights",
            [
                *("iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePolicy"),
                *("iam:DeleteRole*", "iam:UpdateRole*", "iam:UpdateAssumeRolePolicy"),
                *("iam:PutRolePermissionsBoundary", "iam:CreatePolicy*", "iam:DeletePolicy*"),
                "iam:SetDefaultPolicyVersion",
            ],
            [*own, f"arn:aws:iam::*:policy/{factory_policy_name('*')}"],
        ),
        {
            **_deny(
                "NoRoleWithoutItsBoundary",
                ["iam:CreateRole", "iam:PutRolePermissionsBoundary"],
                ["*"],
            ),
            "Condition": {"StringNotLike": {"iam:PermissionsBoundary": cell_boundary_arn("*")}},
        },
        _deny("NoRoleOutOfItsBoundary", ["iam:DeleteRolePermissionsBoundary"], ["*"]),
        _deny(
            "NoOtherWayIn",
            [
                *("iam:*User*", "iam:*AccessKey*", "iam:*LoginProfile*", "iam:*SAMLProvider*"),
                *("iam:*Group*", "organizations:*", "account:*", "sts:AssumeRole"),
            ],
            ["*"],
        ),
    )


def _cell_boundary(member: str, provisioning: str) -> Statements:
    """All that roles of services and jobs are given, but no rights to hand on, and no way out.

    A cluster's role makes the roles that are linked to services, which nobody can widen.
    """
    factory = [*_pair(member), *_pair(provisioning)]
    return (
        _allow("WhatTheirPoliciesSay", ["*"], ["*"]),
        _deny(
            "NoRightsToHandOn",
            [
                *("iam:Add*", "iam:Attach*", "iam:CreateAccessKey", "iam:CreateGroup"),
                *("iam:CreateInstanceProfile", "iam:CreateLoginProfile", "iam:CreateOpenID*"),
                *("iam:CreatePolicy*", "iam:CreateRole", "iam:CreateSAML*", "iam:CreateUser"),
                *("iam:CreateServiceSpecificCredential", "iam:CreateVirtualMFADevice"),
                *("iam:Deactivate*", "iam:Delete*", "iam:Detach*", "iam:Enable*", "iam:PassRole"),
                *("iam:Put*", "iam:Remove*", "iam:Reset*", "iam:Set*", "iam:Tag*", "iam:Untag*"),
                *("iam:Update*", "iam:Upload*", "organizations:*", "account:*"),
            ],
            ["*"],
        ),
        _deny("NotAsTheFactory", ["sts:AssumeRole"], factory),
    )


def _pair(role: str) -> tuple[str, str]:
    return _any_account(role), _any_account(reading_role_name(role))


def _any_account(role: str) -> str:
    return f"arn:aws:iam::*:role/{role}"


def _allow(sid: str, actions: Iterable[str], resources: Iterable[str]) -> dict[str, Any]:
    return {
        **{"Sid": sid, "Effect": "Allow"},
        **{"Action": list(actions), "Resource": list(resources)},
    }


def _deny(sid: str, actions: Iterable[str], resources: Iterable[str]) -> dict[str, Any]:
    return {**_allow(sid, actions, resources), "Effect": "Deny"}

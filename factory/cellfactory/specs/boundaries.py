"""What the roles that `bootstrap` makes may never do, whatever is attached to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cellfactory.layers import Layer
from cellfactory.layers.permissions import statements
from cellfactory.naming import cell_boundary_arn, factory_policy_name, reading_role_name
from cellfactory.specs.roles import Statements

CELL_BOUNDARY = cell_boundary_arn("*").rpartition("/")[2]
"""The name of the policy that bounds the roles of a cell."""


def provisioning_boundary(
    member: str, hubs: Sequence[str], gateways: Sequence[Layer]
) -> Statements:
    """All that accounts take, and nothing that takes an organization apart.

    Args:
        member: the role of accounts that it may go into.
        hubs: roles of hubs, likewise.
        gateways: layers of meshes that are applied in the management account itself.
    """
    members = [any_account(member), any_account(reading_role_name(member)), *hubs]
    return (
        allow(
            "AccountsAndLooking",
            ["organizations:*", "account:*", "iam:Get*", "iam:List*", "iam:Simulate*"],
            ["*"],
        ),
        allow("GoToMembers", ["sts:AssumeRole"], members),
        *_of_gateways(gateways),
        deny(
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


def _of_gateways(layers: Sequence[Layer]) -> Iterator[Mapping[str, Any]]:
    """Let through what layers of meshes take; of services that hold more, those actions alone."""
    granted = {a for layer in layers for one in statements(layer) for a in one.actions}
    whole = {"ec2", "ram"}
    actions = {f"{name}:*" if (name := a.partition(":")[0]) in whole else a for a in granted}
    if actions:
        yield allow("GatewaysOfMeshes", sorted(actions), ["*"])


def member_boundary(role: str) -> Statements:
    """All that a cell takes, but neither its own rights nor a way in for others."""
    own = [any_account(role), any_account(reading_role_name(role))]
    return (
        allow("WhatItsPoliciesSay", ["*"], ["*"]),
        deny(
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
            **deny(
                "NoRoleWithoutItsBoundary",
                ["iam:CreateRole", "iam:PutRolePermissionsBoundary"],
                ["*"],
            ),
            "Condition": {"StringNotLike": {"iam:PermissionsBoundary": cell_boundary_arn("*")}},
        },
        deny("NoRoleOutOfItsBoundary", ["iam:DeleteRolePermissionsBoundary"], ["*"]),
        deny(
            "NoOtherWayIn",
            [
                *("iam:*User*", "iam:*AccessKey*", "iam:*LoginProfile*", "iam:*SAMLProvider*"),
                *("iam:*Group*", "organizations:*", "account:*", "sts:AssumeRole"),
            ],
            ["*"],
        ),
    )


def cell_boundary(member: str, provisioning: str) -> Statements:
    """All that roles of services and jobs are given, but no rights to hand on, and no way out.

    A cluster's role makes the roles that are linked to services, which nobody can widen.
    """
    factory = [*_pair(member), *_pair(provisioning)]
    return (
        allow("WhatTheirPoliciesSay", ["*"], ["*"]),
        deny(
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
        deny("NotAsTheFactory", ["sts:AssumeRole"], factory),
    )


def _pair(role: str) -> tuple[str, str]:
    return any_account(role), any_account(reading_role_name(role))


def any_account(role: str) -> str:
    """The ARN of a role of a name, in whatever account."""
    return f"arn:aws:iam::*:role/{role}"


def allow(sid: str, actions: Iterable[str], resources: Iterable[str]) -> dict[str, Any]:
    """Write a statement that allows."""
    return {
        **{"Sid": sid, "Effect": "Allow"},
        **{"Action": list(actions), "Resource": list(resources)},
    }


def deny(sid: str, actions: Iterable[str], resources: Iterable[str]) -> dict[str, Any]:
    """Write a statement that denies."""
    return {**allow(sid, actions, resources), "Effect": "Deny"}

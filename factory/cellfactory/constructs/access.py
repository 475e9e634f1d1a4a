"""Roles that people and pipelines work by, each below a boundary; and who signs CI's tokens."""

from __future__ import annotations

from collections.abc import Sequence

from cellfactory.constructs.cdk import (
    IamOpenidConnectProvider,
    IamPolicy,
    IamRole,
    IamRolePoliciesExclusive,
    IamRolePolicyAttachment,
    IamRolePolicyAttachmentsExclusive,
    TerraformStack,
)
from cellfactory.constructs.policies import policy_document
from cellfactory.specs.roles import ProviderSpec, RoleSpec, RolesSpec

_HOUR = 3600  # seconds


def add_provider(stack: TerraformStack, spec: ProviderSpec) -> IamOpenidConnectProvider:
    """Add the OIDC provider of CI, without thumbprints.

    IAM holds the certificates of issuers against public authorities, and looks at thumbprints only
    where none of those has signed.

    Source:
        https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
    """
    return IamOpenidConnectProvider(stack, "ci", url=spec.url, client_id_list=[spec.audience])


def add_roles(stack: TerraformStack, spec: RolesSpec) -> None:
    """Add roles and their policies, none of which can do what their boundary does not allow."""
    boundary = IamPolicy(
        stack,
        "boundary",
        name=spec.boundary_name,
        description="The most that roles of the cell factory may do in this account",
        policy=policy_document(spec.boundary),
    )
    for name, statements in spec.others.items():
        IamPolicy(stack, f"policy-{name}", name=name, policy=policy_document(statements))
    for use, role in spec.roles.items():
        _add_role(stack, use, role, boundary)


def _add_role(stack: TerraformStack, use: str, spec: RoleSpec, boundary: IamPolicy) -> None:
    role = IamRole(
        stack,
        f"role-{use}",
        name=spec.name,
        description=spec.description,
        assume_role_policy=policy_document(spec.trust),
        permissions_boundary=boundary.arn,
        max_session_duration=spec.session_hours * _HOUR,
    )
    attached = []
    for name, statements in spec.policies.items():
        policy = IamPolicy(stack, f"policy-{name}", name=name, policy=policy_document(statements))
        attachment = IamRolePolicyAttachment(
            stack, f"attached-{name}", role=role.name, policy_arn=policy.arn
        )
        attached.append(attachment.policy_arn)
    _let_nothing_else_be(stack, use, role, attached)


def _let_nothing_else_be(
    stack: TerraformStack, use: str, role: IamRole, attached: Sequence[str]
) -> None:
    """Take away whatever else is attached to a role, as to one that was made by hand."""
    IamRolePolicyAttachmentsExclusive(
        stack, f"only-{use}", role_name=role.name, policy_arns=list(attached)
    )
    IamRolePoliciesExclusive(stack, f"inline-{use}", role_name=role.name, policy_names=[])

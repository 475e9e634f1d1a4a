"""IAM roles that AWS services take on for a cell."""

from __future__ import annotations

from collections.abc import Sequence

from cellfactory.constructs.cdk import IamRole, IamRolePolicyAttachment, TerraformStack
from cellfactory.constructs.policies import policy_document

POD_IDENTITY = "pods.eks.amazonaws.com"


def add_service_role(
    stack: TerraformStack,
    construct_id: str,
    *,
    name: str,
    service: str,
    boundary: str | None,
    policies: Sequence[str] = (),
) -> tuple[IamRole, list[IamRolePolicyAttachment]]:
    """Add a role that one AWS service may assume, with policies that AWS manages.

    Args:
        stack: where it goes.
        construct_id: what the role is for; a part of Terraform's names for it.
        name: its name in IAM, at most 64 characters.
        service: the service's principal, as `eks.amazonaws.com`.
        boundary: ARN of the policy that says what it may do at most; None for none.
        policies: names of AWS managed policies, with their paths.

    Returns:
        The role and its attachments, for whatever must wait for them.
    """
    actions = ["sts:AssumeRole"]
    if service == POD_IDENTITY:
        actions.append("sts:TagSession")  # the agent tags each session with its pod
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions}
    trust = policy_document([statement])
    role = IamRole(
        stack,
        f"role-{construct_id}",
        name=name,
        assume_role_policy=trust,
        permissions_boundary=boundary,
    )
    attachments = [
        IamRolePolicyAttachment(
            stack,
            f"policy-{construct_id}-{policy.rpartition('/')[2]}",
            role=role.name,
            policy_arn=f"arn:aws:iam::aws:policy/{policy}",
        )
        for policy in policies
    ]
    return role, attachments

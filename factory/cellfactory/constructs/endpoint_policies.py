"""Who may use the endpoints of a cell, and what for: its own account, and those that it trusts.

Without a policy, an endpoint lets anybody's credentials through to anything. A cell without egress
would still have a way out: a copy to a stranger's bucket, by S3's gateway endpoint. Here principals
are those of the cell's account and of the accounts that it trusts, and buckets those of its
organization and of these accounts. The layers of images in Amazon ECR and the packages of Amazon
Linux 2023 lie in buckets of AWS's own, which anybody may read.

Source:
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    https://docs.aws.amazon.com/linux/al2023/ug/deterministic-upgrades-usage.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cellfactory.constructs.policies import policy_document

CLOSED = frozenset({"ec2", "ecr.api", "ecr.dkr", "logs", "sts"})
"""Interface endpoints whose callers sign with credentials of an account that is known here.

Those that a cell type names besides stay open: not every service takes a policy.
"""

_SAME_ORGANIZATION = "$${aws:PrincipalOrgID}"  # IAM's variable, not Terraform's


def gateway_policy(service: str, region: str, accounts: Sequence[str]) -> str:
    """Write the policy of a gateway endpoint.

    Args:
        service: `s3` or another one that has gateway endpoints.
        region: of the cell.
        accounts: the cell's own, then those that it trusts.
    """
    principals = {"aws:PrincipalAccount": list(accounts)}
    statements = [
        _allow("Organization", {**principals, "aws:ResourceOrgID": _SAME_ORGANIZATION}),
        _allow("TrustedAccounts", {**principals, "aws:ResourceAccount": list(accounts)}),
    ]
    if service == "s3":
        statements.append(
            {
                "Sid": "LayersOfImagesAndPackages",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": [
                    f"arn:aws:s3:::prod-{region}-starport-layer-bucket/*",
                    f"arn:aws:s3:::al2023-repos-{region}-de612dc2/*",
                ],
            }
        )
    return policy_document(statements)


def interface_policy(service: str, accounts: Sequence[str]) -> str | None:
    """Write the policy of an interface endpoint; None for one that stays open."""
    if service not in CLOSED:
        return None
    statements = [_allow("TrustedAccounts", {"aws:PrincipalAccount": list(accounts)})]
    if service == "sts":  # who shows a token of an identity provider signs nothing
        statements.append(
            {
                "Sid": "RolesOfIdentityProviders",
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"],
                "Resource": [f"arn:aws:iam::{account}:role/*" for account in accounts],
            }
        )
    return policy_document(statements)


def _allow(sid: str, equal: dict[str, Any]) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": equal},
    }

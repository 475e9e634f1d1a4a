"""Who may do what: P3xx."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cellfactory.policy.model import policy, resources
from cellfactory.policy.statements import (
    DOCUMENT,
    IDENTITY,
    RESOURCE,
    Statement,
    identity_statements,
    matches,
    resource_statements,
    trust_statements,
)
from cellfactory.policy.subject import Subject

WHOLE = (
    *("ec2:Describe*", "eks:ListClusters", "ecr:GetAuthorizationToken", "sts:GetCallerIdentity"),
    *("s3:ListAllMyBuckets", "s3:GetAccountPublicAccessBlock", "logs:DescribeLogGroups"),
    *("cloudwatch:PutMetricData", "cloudwatch:ListMetrics", "cloudwatch:GetMetricData"),
    *("tag:GetResources", "servicequotas:List*", "servicequotas:Get*", "iam:ListRoles"),
    *("iam:ListPolicies", "organizations:List*", "organizations:Describe*", "kms:ListAliases"),
    *("autoscaling:Describe*", "elasticloadbalancing:Describe*", "ram:GetResourceShares"),
    *("ram:GetResourceShareAssociations", "ram:GetResourceShareInvitations", "ram:ListResources"),
    "ec2:GetTransitGatewayRouteTableAssociations",
    *("ec2:GetSubnetCidrReservations", "ec2:DeleteSubnetCidrReservation"),
    *("logs:CreateLogDelivery", "logs:DeleteLogDelivery"),
)
"""Actions that AWS lets nobody narrow to a resource, or that only list.

Source:
    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""
ADMINISTRATORS = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")
SOURCES = frozenset(
    {
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "kms:calleraccount",
    }
)
"""Condition keys that say for whom a service calls."""
CALLERS = SOURCES | {
    *("aws:principalorgid", "aws:principalaccount", "aws:principalarn", "aws:principalorgpaths"),
    *("aws:sourcevpc", "aws:sourcevpce", "s3:dataaccesspointaccount", "kms:viaservice"),
}
"""Condition keys that say who calls, or from where."""


def _text(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def _role_policy(**statement: Any) -> Any:
    body = {"name": "jobs", "role": "jobs", "policy": _text({"Effect": "Allow", **statement})}
    return resources(aws_iam_role_policy={"jobs": body})


def _trust(**principal: Any) -> Any:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return resources(aws_iam_role={"jobs": {"assume_role_policy": _text(statement)}})


def _bucket_policy(**statement: Any) -> Any:
    body = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::logs/*"}
    text = _text({**body, **statement})
    return resources(aws_s3_bucket_policy={"logs": {"bucket": "logs", "policy": text}})


_DELIVERY = {"Service": "delivery.logs.amazonaws.com"}
_BUCKET = "arn:aws:s3:::events"

CELL_BOUNDARY = "cellfactory-cell-boundary"
"""What bounds the roles of cells; written down here, since the rules are exported alone."""


def _is_boundary(found: Subject) -> bool:
    """Whether a policy is the boundary of roles, and allows nothing by itself.

    Of roles in its own stack, or of those that a cell makes in one of its other stacks.

    Source:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    if found.type != "aws_iam_policy":
        return False
    bounded = found.stack.attached(found, "aws_iam_role", "permissions_boundary")
    attached = found.stack.attached(found, "aws_iam_role_policy_attachment", "policy_arn")
    is_for_cells = found.get("name") == CELL_BOUNDARY
    return (bool(bounded) or is_for_cells) and not attached


@policy(
    "P301",
    "No policy allows every action of a service",
    types=" ".join(IDENTITY),
    reason="`*` and `s3:*` also allow what AWS adds next year, and what deletes or gives away.",
    remedy="name the actions that are used",
    controls=("FSBP IAM.1", "FSBP IAM.21", "CIS AWS 5.0.0 1.15"),
    bad=_role_policy(Action="s3:*", Resource=_BUCKET),
    good=_role_policy(Action=["s3:GetObject", "s3:ListBucket"], Resource=_BUCKET),
)
def wildcard_actions(found: Subject) -> Iterator[str]:
    """`s3:Get*` is a pattern of actions of one kind, and passes; a boundary allows nothing."""
    if _is_boundary(found):
        return
    for statement in identity_statements(found):
        for action in statement.actions if statement.allows else ():
            if action == "*" or action.endswith(":*"):
                yield f"{statement.name} allows {action}"


@policy(
    "P302",
    "No policy allows an action on everything that can be narrowed",
    types=" ".join(IDENTITY),
    reason="An action on `*` reaches what other teams keep in the account, keys included.",
    remedy="name the resources by ARN, or add a condition",
    controls=("FSBP KMS.1", "FSBP KMS.2"),
    bad=_role_policy(Action="s3:GetObject", Resource="*"),
    good=_role_policy(Action="ec2:DescribeInstances", Resource="*"),
)
def wildcard_resources(found: Subject) -> Iterator[str]:
    """A condition narrows; actions of `WHOLE` cannot be, and a boundary allows nothing."""
    if _is_boundary(found):
        return
    for statement in identity_statements(found):
        if not statement.allows or statement.condition or "*" not in statement.resources:
            continue
        wide = [action for action in statement.actions if not matches(action, WHOLE)]
        if wide:
            yield f"{statement.name} allows {', '.join(wide)} on every resource"


@policy(
    "P303",
    "No statement allows by leaving out",
    types=" ".join((*IDENTITY, *RESOURCE)),
    reason="NotAction, NotResource and NotPrincipal with Allow mean everything else, and grow "
    "with AWS.",
    remedy="name what is allowed",
    bad=_role_policy(NotAction="iam:*", Resource="*"),
    good=_role_policy(Action="s3:GetObject", Resource=f"{_BUCKET}/*"),
)
def allowed_by_leaving_out(found: Subject) -> Iterator[str]:
    """With Deny they are a usual guard."""
    read = resource_statements if found.type in RESOURCE else identity_statements
    for statement in _every(found) if found.type == DOCUMENT else read(found):
        for key in ("NotAction", "NotResource", "NotPrincipal"):
            if statement.allows and key in statement.body:
                yield f"{statement.name} allows by {key}"


def _every(document: Subject) -> Iterator[Statement]:
    for read in (identity_statements, resource_statements, trust_statements):
        yield from read(document)


@policy(
    "P304",
    "No role trusts everybody",
    types=f"aws_iam_role {DOCUMENT}",
    reason="Whoever may assume the role has all its rights; `*` is every AWS account.",
    remedy="name the service, the account or the role, or add a condition on the caller",
    bad=_trust(AWS="*"),
    good=_trust(Service="pods.eks.amazonaws.com"),
)
def trust_of_everybody(role: Subject) -> Iterator[str]:
    """A condition on the caller narrows it."""
    for statement in trust_statements(role):
        if not statement.allows or statement.condition_keys & CALLERS:
            continue
        if statement.speaks_of_everybody:
            yield f"{statement.name} of its trust policy lets every AWS account assume it"
        if statement.principals("Federated") and not statement.condition:
            yield f"{statement.name} of its trust policy admits everybody of an identity provider"


@policy(
    "P305",
    "A service acts for known accounts only",
    types=" ".join(RESOURCE),
    reason="A service writes for whoever asks it to. Without aws:SourceAccount or "
    "aws:SourceArn, another account can have it write here: the confused deputy.",
    remedy="add a condition on aws:SourceAccount, aws:SourceArn or aws:SourceOrgID",
    bad=_bucket_policy(Principal=_DELIVERY),
    good=_bucket_policy(
        Principal=_DELIVERY,
        Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}},
    ),
)
def confused_deputy(found: Subject) -> Iterator[str]:
    """Policies of resources; of roles, most services take no such condition."""
    for statement in resource_statements(found):
        services = statement.principals("Service")
        if statement.allows and services and not statement.condition_keys & SOURCES:
            yield f"{statement.name} lets {', '.join(services)} in for any account"


@policy(
    "P306",
    "No resource is open to everybody",
    types=" ".join(RESOURCE),
    reason="A policy that allows `*` without a condition on the caller is public.",
    remedy="name the accounts, or add a condition such as aws:PrincipalOrgID",
    controls=("FSBP S3.2", "FSBP S3.3", "FSBP KMS.5", "FSBP SNS.4"),
    bad=_bucket_policy(Principal="*"),
    good=_bucket_policy(
        Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-abcdefgh12"}}
    ),
)
def open_to_everybody(found: Subject) -> Iterator[str]:
    """A condition on anything but the caller, such as TLS, closes nothing."""
    for statement in resource_statements(found):
        is_public = statement.speaks_of_everybody and not statement.condition_keys & CALLERS
        if statement.allows and is_public:
            yield f"{statement.name} lets everybody in"


@policy(
    "P307",
    "No role of a cell is an administrator",
    types="aws_iam_role_policy_attachment aws_iam_policy_attachment aws_iam_role"
    " aws_iam_user_policy_attachment",
    reason="Nothing that runs in a cell needs to change the account it runs in.",
    remedy="attach a policy that allows what is used",
    controls=("FSBP IAM.1", "CIS AWS 5.0.0 1.15"),
    bad=resources(
        aws_iam_role_policy_attachment={
            "node": {"role": "node", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}
        }
    ),
    good=resources(
        aws_iam_role_policy_attachment={
            "node": {
                "role": "node",
                "policy_arn": "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
            }
        }
    ),
)
def administrators(found: Subject) -> Iterator[str]:
    """By the names of AWS's own policies."""
    arns = [found.get("policy_arn")]
    managed = found.get("managed_policy_arns")
    arns += managed if isinstance(managed, list) else []
    for arn in arns:
        if isinstance(arn, str) and arn.rpartition("/")[2] in ADMINISTRATORS:
            yield f"attaches {arn.rpartition('/')[2]}"


@policy(
    "P308",
    "Terraform makes no IAM users and no keys",
    types="aws_iam_user aws_iam_access_key aws_iam_user_login_profile aws_iam_user_policy",
    reason="A key of a user never ends and lies in the state; roles end by themselves.",
    remedy="use a role, assumed by OIDC, Pod Identity or another role",
    controls=("FSBP IAM.2",),
    bad=resources(aws_iam_access_key={"jobs": {"user": "jobs"}}),
    good=resources(aws_iam_role={"jobs": {"name": "jobs"}}),
)
def users(_: Subject) -> Iterator[str]:
    """Any of them is one too many."""
    yield "is a user of IAM, or a key of one"


RULES = (
    *(wildcard_actions, wildcard_resources, allowed_by_leaving_out, trust_of_everybody),
    *(confused_deputy, open_to_everybody, administrators, users),
)

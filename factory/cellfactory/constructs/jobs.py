"""Who the jobs of a cell are to AWS, namespace by namespace, and who hands them in.

A pod gets its role by EKS Pod Identity: by namespace and service account, with no key and no
annotation. The platform layer makes the service accounts, and the Roles that give the Kubernetes
groups of people their rights; an association or an entry may be there first.
"""

from __future__ import annotations

from collections.abc import Sequence

from cellfactory.constructs.cdk import (
    EksAccessEntry,
    EksPodIdentityAssociation,
    IamRolePolicyAttachment,
    TerraformLocal,
    TerraformStack,
)
from cellfactory.constructs.roles import POD_IDENTITY, add_service_role
from cellfactory.constructs.stack import for_each
from cellfactory.naming import JOB_ACCOUNT, SUBMITTERS, VIEWERS
from cellfactory.specs.layers import JobsSpec


def add_job_identities(
    stack: TerraformStack, jobs: JobsSpec, cluster_name: str, boundary: str | None
) -> None:
    """Add a role for the jobs of each namespace, its policies, and its association."""
    TerraformLocal(stack, "job_roles", {n: {"role": role} for n, role in jobs.roles.items()})
    role, _ = add_service_role(
        stack,
        "spark-job",
        name="${each.value.role}",
        service=POD_IDENTITY,
        boundary=boundary,
    )
    for_each(role, JOB_ROLES)
    _add_policies(stack, jobs)
    for namespace in jobs.roles:
        EksPodIdentityAssociation(
            stack,
            f"identity-job-{namespace}",
            cluster_name=cluster_name,
            namespace=namespace,
            service_account=JOB_ACCOUNT,
            role_arn=f'${{aws_iam_role.role-spark-job["{namespace}"].arn}}',
        )


def _add_policies(stack: TerraformStack, jobs: JobsSpec) -> None:
    if jobs.policies is not None:
        TerraformLocal(stack, "job_policies", jobs.policies)
        attachment = IamRolePolicyAttachment(
            stack,
            "policy-spark-job",
            role=job_role("each.value.namespace"),
            policy_arn="${each.value.policy}",
        )
        for_each(attachment, "${local.job_policies}")


def job_role(namespace: str) -> str:
    """Write the expression of a role's name, for an expression of its namespace."""
    return f"${{aws_iam_role.role-spark-job[{namespace}].name}}"


JOB_ROLES = "${local.job_roles}"
"""Rows of the roles of jobs, by namespace."""


def add_people(stack: TerraformStack, jobs: JobsSpec, cluster_name: str) -> None:
    """Let in those who hand in jobs and those who look at them, by Kubernetes group alone."""
    _add_group(stack, "submitter", jobs.submitters, SUBMITTERS, cluster_name)
    _add_group(stack, "viewer", jobs.viewers, VIEWERS, cluster_name)


def _add_group(
    stack: TerraformStack, name: str, principals: Sequence[str], group: str, cluster_name: str
) -> None:
    if not principals:
        return
    TerraformLocal(stack, f"{name}s", {arn: {"principal": arn} for arn in principals})
    entry = EksAccessEntry(
        stack,
        name,
        cluster_name=cluster_name,
        principal_arn="${each.value.principal}",
        kubernetes_groups=[group],
    )
    for_each(entry, f"${{local.{name}s}}")

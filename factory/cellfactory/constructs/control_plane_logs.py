"""The log group of a cell's control plane, which outlives the cluster."""

from __future__ import annotations

from cellfactory.constructs.cdk import CloudwatchLogGroup, TerraformStack, Vpc
from cellfactory.naming import control_plane_log_group

_LOG_DAYS = 90


def add_control_plane_logs(stack: TerraformStack, cell: str, vpc: Vpc) -> None:
    """Add the log group, and let it be the last to go, after the VPC.

    EKS writes the last lines of a control plane minutes after the cluster is gone, and makes the
    group anew where it is gone too. In the cluster's own state it would go with the cluster, and
    whoever builds the cell again would find a group that Terraform knows nothing of.

    Source: https://github.com/terraform-aws-modules/terraform-aws-eks/issues/920
    """
    group = CloudwatchLogGroup(
        stack,
        "control-plane-logs",
        name=control_plane_log_group(cell),
        retention_in_days=_LOG_DAYS,
    )
    address = f"{group.terraform_resource_type}.{group.friendly_unique_id}"
    vpc.depends_on = [*(vpc.depends_on or ()), address]

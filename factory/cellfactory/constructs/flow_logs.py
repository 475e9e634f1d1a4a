"""VPC flow logs, in a bucket of the cell's own account."""

from __future__ import annotations

from typing import Any, Protocol

from cellfactory.constructs.buckets import add_private_bucket, encrypted_transport_only
from cellfactory.constructs.cdk import FlowLog, S3BucketPolicy, TerraformStack
from cellfactory.constructs.policies import policy_document
from cellfactory.inventory.schema import FlowLogs
from cellfactory.naming import flow_log_bucket, name_tag


class Logged(Protocol):
    """A VPC whose flows are written: whose it is, where it lies, what is written of it."""

    @property
    def name(self) -> str:
        """Name of its owner."""

    @property
    def region(self) -> str:
        """Its Region."""

    @property
    def account_id(self) -> str:
        """Twelve digits, or the Terraform expression of the variable."""

    @property
    def flow_logs(self) -> FlowLogs:
        """Which flows, and for how long."""


_DELIVERY = {"Service": "delivery.logs.amazonaws.com"}


def add_flow_logs(stack: TerraformStack, cell: Logged, vpc_id: str) -> None:
    """Write the cell's flow logs to a private, encrypted bucket, and expire them.

    When a flow log is made, AWS itself writes to the policy of its bucket. Ours is put after that,
    with AWS's statements word for word: so AWS finds nothing to add later, and Terraform nothing
    to mend.
    """
    logs = cell.flow_logs
    bucket = add_private_bucket(
        stack,
        "flow-logs",
        name=flow_log_bucket(cell.name, cell.account_id),
        days=logs.retention_days,
        expire={"expire": ""},
    )
    log = FlowLog(
        stack,
        "flow-log",
        vpc_id=vpc_id,
        traffic_type=logs.traffic,
        log_destination=bucket.arn,
        log_destination_type="s3",
        max_aggregation_interval=600,
        tags=name_tag(cell.name),
    )
    S3BucketPolicy(
        stack,
        "flow-logs-delivery",
        bucket=bucket.id,
        policy=_delivery_policy(cell, bucket.arn),
        depends_on=[log],
    )


def _delivery_policy(cell: Logged, bucket_arn: str) -> str:
    """Let the log service write to the bucket on behalf of the cell's account, and TLS only.

    Source:
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-S3.html
    """
    statements = [*_as_aws_writes_them(cell, bucket_arn), encrypted_transport_only(bucket_arn)]
    return policy_document(statements)


def _as_aws_writes_them(cell: Logged, bucket_arn: str) -> list[dict[str, Any]]:
    ours = {"aws:SourceAccount": cell.account_id}
    source = {"aws:SourceArn": f"arn:aws:logs:{cell.region}:{cell.account_id}:*"}
    return [
        {
            "Sid": "AWSLogDeliveryWrite",
            "Effect": "Allow",
            "Principal": _DELIVERY,
            "Action": "s3:PutObject",
            "Resource": f"{bucket_arn}/AWSLogs/{cell.account_id}/*",
            "Condition": {
                "StringEquals": {**ours, "s3:x-amz-acl": "bucket-owner-full-control"},
                "ArnLike": source,
            },
        },
        {
            "Sid": "AWSLogDeliveryAclCheck",
            "Effect": "Allow",
            "Principal": _DELIVERY,
            "Action": "s3:GetBucketAcl",
            "Resource": bucket_arn,
            "Condition": {"StringEquals": ours, "ArnLike": source},
        },
    ]

"""VPC flow logs, in a bucket of the cell's own account."""

from __future__ import annotations

import json

from factory.constructs.buckets import add_private_bucket, encrypted_transport_only
from factory.constructs.cdk import FlowLog, S3BucketPolicy, TerraformStack
from factory.constructs.specs import NetworkSpec
from factory.naming import flow_log_bucket, name_tag

_DELIVERY = "delivery.logs.amazonaws.com"


def add_flow_logs(stack: TerraformStack, cell: NetworkSpec, vpc_id: str) -> None:
    """Write the cell's flow logs to a private, encrypted bucket, and expire them."""
    logs = cell.flow_logs
    bucket = add_private_bucket(
        stack,
        "flow-logs",
        name=flow_log_bucket(cell.name, cell.account_id),
        days=logs.retention_days,
        expire={"expire": ""},
    )
    policy = S3BucketPolicy(
        stack, "flow-logs-delivery", bucket=bucket.id, policy=_delivery_policy(cell, bucket.arn)
    )
    FlowLog(
        stack,
        "flow-log",
        vpc_id=vpc_id,
        traffic_type=logs.traffic,
        log_destination=bucket.arn,
        log_destination_type="s3",
        max_aggregation_interval=600,
        depends_on=[policy],
        tags=name_tag(cell.name),
    )


def _delivery_policy(cell: NetworkSpec, bucket_arn: str) -> str:
    """Let the log service write to the bucket on behalf of the cell's account, and TLS only.

    Source:
        https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
    """
    ours = {"StringEquals": {"aws:SourceAccount": cell.account_id}}
    statements = [
        {
            "Sid": "Write",
            "Effect": "Allow",
            "Principal": {"Service": _DELIVERY},
            "Action": "s3:PutObject",
            "Resource": f"{bucket_arn}/*",
            "Condition": ours,
        },
        {
            "Sid": "Check",
            "Effect": "Allow",
            "Principal": {"Service": _DELIVERY},
            "Action": ["s3:GetBucketAcl", "s3:ListBucket"],
            "Resource": bucket_arn,
            "Condition": ours,
        },
        encrypted_transport_only(bucket_arn),
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True)

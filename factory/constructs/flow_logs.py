"""VPC flow logs, in a bucket of the cell's own account."""

from __future__ import annotations

import json

from factory.constructs.cdk import (
    FlowLog,
    S3Bucket,
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketPolicy,
    S3BucketPublicAccessBlock,
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
    TerraformStack,
)
from factory.constructs.cell import CellSpec

_DELIVERY = "delivery.logs.amazonaws.com"


def add_flow_logs(stack: TerraformStack, cell: CellSpec, vpc_id: str) -> None:
    """Write the cell's flow logs to a private, encrypted bucket, and expire them."""
    logs = cell.cell_type.flow_logs
    bucket = S3Bucket(stack, "flow-logs", bucket=f"{cell.name}-flow-logs-{cell.account_id}")
    S3BucketPublicAccessBlock(
        stack,
        "flow-logs-private",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    _encrypt(stack, bucket.id)
    _expire(stack, bucket.id, logs.retention_days)
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
        tags={"Name": cell.name},
    )


def _encrypt(stack: TerraformStack, bucket: str) -> None:
    default = S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
        sse_algorithm="AES256"
    )
    rule = S3BucketServerSideEncryptionConfigurationRuleA(
        apply_server_side_encryption_by_default=default
    )
    S3BucketServerSideEncryptionConfigurationA(
        stack, "flow-logs-encrypted", bucket=bucket, rule=[rule]
    )


def _expire(stack: TerraformStack, bucket: str, days: int) -> None:
    rule = S3BucketLifecycleConfigurationRule(
        id="expire",
        status="Enabled",
        filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
        expiration=[S3BucketLifecycleConfigurationRuleExpiration(days=days)],
        abort_incomplete_multipart_upload=[
            S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(
                days_after_initiation=1
            )
        ],
    )
    S3BucketLifecycleConfiguration(stack, "flow-logs-expire", bucket=bucket, rule=[rule])


def _delivery_policy(cell: CellSpec, bucket_arn: str) -> str:
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
        {
            "Sid": "EncryptedTransportOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket_arn, f"{bucket_arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True)

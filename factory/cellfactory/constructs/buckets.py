"""Private buckets of a cell's own account: encrypted, closed to others, emptied by age."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cellfactory.constructs.cdk import (
    S3Bucket,
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketOwnershipControls,
    S3BucketOwnershipControlsRule,
    S3BucketPublicAccessBlock,
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
    TerraformStack,
)
from cellfactory.constructs.guards import kept


def add_private_bucket(
    stack: TerraformStack, construct_id: str, *, name: str, days: int, expire: Mapping[str, str]
) -> S3Bucket:
    """Add a bucket that nobody outside reads and that empties itself.

    Args:
        stack: where it goes.
        construct_id: what the bucket is for; a part of Terraform's names.
        name: its name, unique in all of AWS.
        days: how long objects are kept (days).
        expire: which objects: by the id of the rule, what their keys begin with.
    """
    bucket = S3Bucket(stack, construct_id, bucket=name, lifecycle=kept())
    close_to_the_public(stack, construct_id, bucket)
    default = S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
        sse_algorithm="AES256"
    )
    S3BucketServerSideEncryptionConfigurationA(
        stack,
        f"{construct_id}-encrypted",
        bucket=bucket.id,
        rule=[
            S3BucketServerSideEncryptionConfigurationRuleA(
                apply_server_side_encryption_by_default=default
            )
        ],
    )
    S3BucketLifecycleConfiguration(
        stack,
        f"{construct_id}-expire",
        bucket=bucket.id,
        rule=[_expire(rule, prefix, days) for rule, prefix in expire.items()],
    )
    return bucket


def close_to_the_public(stack: TerraformStack, construct_id: str, bucket: S3Bucket) -> None:
    """Let nothing open a bucket to the public, and have its owner own every object."""
    S3BucketPublicAccessBlock(
        stack,
        f"{construct_id}-private",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    S3BucketOwnershipControls(
        stack,
        f"{construct_id}-owned",
        bucket=bucket.id,
        rule=S3BucketOwnershipControlsRule(object_ownership="BucketOwnerEnforced"),
    )


def encrypted_transport_only(bucket_arn: str) -> dict[str, Any]:
    """The statement of a bucket's policy that refuses whatever does not come by TLS."""
    return {
        "Sid": "EncryptedTransportOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _expire(rule: str, prefix: str, days: int) -> S3BucketLifecycleConfigurationRule:
    abort = S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(
        days_after_initiation=1
    )
    return S3BucketLifecycleConfigurationRule(
        id=rule,
        status="Enabled",
        filter=[S3BucketLifecycleConfigurationRuleFilter(prefix=prefix)],
        expiration=[S3BucketLifecycleConfigurationRuleExpiration(days=days)],
        abort_incomplete_multipart_upload=[abort],
    )

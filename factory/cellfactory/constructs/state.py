"""The bucket of all states, and its key."""

from __future__ import annotations

from cellfactory.constructs.buckets import close_to_the_public
from cellfactory.constructs.cdk import (
    KmsAlias,
    KmsKey,
    S3Bucket,
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
    S3BucketPolicy,
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
    S3BucketVersioningA,
    S3BucketVersioningVersioningConfiguration,
    TerraformStack,
)
from cellfactory.constructs.guards import kept
from cellfactory.constructs.policies import policy_document
from cellfactory.specs.roles import BucketSpec, KeySpec

_STATES = "states"
_KEY_DELETION_DAYS = 30  # the longest that KMS lets it be


def add_state_key(stack: TerraformStack, spec: KeySpec) -> KmsKey:
    """Add the key that encrypts all states, and its alias."""
    key = KmsKey(
        stack,
        "state-key",
        description="States of cells",
        enable_key_rotation=True,
        deletion_window_in_days=_KEY_DELETION_DAYS,
        policy=policy_document(spec.policy),
        lifecycle=kept(),
    )
    KmsAlias(stack, "states-alias", name=spec.alias, target_key_id=key.key_id)
    return key


def add_state_bucket(stack: TerraformStack, spec: BucketSpec) -> S3Bucket:
    """Add the bucket of all states: every version of a state stays.

    Args:
        stack: where it goes.
        spec: what the bucket is like.
    """
    bucket = S3Bucket(stack, _STATES, bucket=spec.name, lifecycle=kept())
    S3BucketVersioningA(
        stack,
        f"{_STATES}-versions",
        bucket=bucket.id,
        versioning_configuration=S3BucketVersioningVersioningConfiguration(status="Enabled"),
    )
    close_to_the_public(stack, _STATES, bucket)
    _encrypt(stack, bucket, spec.key_arn)
    S3BucketPolicy(
        stack, f"{_STATES}-policy", bucket=bucket.id, policy=policy_document(spec.policy)
    )
    S3BucketLifecycleConfiguration(
        stack,
        f"{_STATES}-expire",
        bucket=bucket.id,
        rule=[_forget_registry(spec), _drop_abandoned()],
    )
    return bucket


def _encrypt(stack: TerraformStack, bucket: S3Bucket, key_arn: str) -> None:
    default = S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
        sse_algorithm="aws:kms", kms_master_key_id=key_arn
    )
    rule = S3BucketServerSideEncryptionConfigurationRuleA(
        apply_server_side_encryption_by_default=default, bucket_key_enabled=True
    )
    S3BucketServerSideEncryptionConfigurationA(
        stack, f"{_STATES}-encrypted", bucket=bucket.id, rule=[rule]
    )


def _forget_registry(spec: BucketSpec) -> S3BucketLifecycleConfigurationRule:
    """Older versions of what runs tell each other go; those of states never do."""
    return S3BucketLifecycleConfigurationRule(
        id="registry",
        status="Enabled",
        filter=[S3BucketLifecycleConfigurationRuleFilter(prefix=spec.registry_prefix)],
        noncurrent_version_expiration=[
            S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(
                noncurrent_days=spec.registry_days
            )
        ],
    )


def _drop_abandoned() -> S3BucketLifecycleConfigurationRule:
    abort = S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(
        days_after_initiation=1
    )
    return S3BucketLifecycleConfigurationRule(
        id="abandoned",
        status="Enabled",
        filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
        abort_incomplete_multipart_upload=[abort],
    )

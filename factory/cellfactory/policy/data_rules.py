"""Data at rest and who may read them: P2xx."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cellfactory.policy.model import policy, resources
from cellfactory.policy.statements import is_readable, statements_in
from cellfactory.policy.subject import Subject, dig, is_true, is_unknown, listed

_BUCKET = {"logs": {"bucket": "cell-logs"}}
_OF_BUCKET = {"bucket": "${aws_s3_bucket.logs.id}"}
_BLOCKS = (
    *("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"),
)
_ALGORITHMS = ("AES256", "aws:kms", "aws:kms:dsse")
_ENFORCED = "BucketOwnerEnforced"


def _with(**kinds: Any) -> Any:
    """Write the example of a bucket and what belongs to it."""
    made = {kind: {"logs": {**_OF_BUCKET, **body}} for kind, body in kinds.items()}
    return resources(aws_s3_bucket=_BUCKET, **made)


def _encrypted(algorithm: str) -> Any:
    rule = {"apply_server_side_encryption_by_default": {"sse_algorithm": algorithm}}
    return _with(aws_s3_bucket_server_side_encryption_configuration={"rule": [rule]})


def _tls(effect: str) -> Any:
    statement = {
        **{"Effect": effect, "Principal": "*", "Action": "s3:*"},
        "Resource": ["arn:aws:s3:::cell-logs", "arn:aws:s3:::cell-logs/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True)
    return _with(aws_s3_bucket_policy={"policy": text})


@policy(
    "P201",
    "Buckets say how they are encrypted",
    types="aws_s3_bucket",
    reason="S3 encrypts by itself since 2023; a bucket that says so keeps it where a default "
    "changes.",
    remedy="add aws_s3_bucket_server_side_encryption_configuration with AES256 or aws:kms",
    bad=resources(aws_s3_bucket=_BUCKET),
    good=_encrypted("aws:kms"),
)
def bucket_encryption(bucket: Subject) -> Iterator[str]:
    """With a key of S3's or of KMS."""
    type_ = "aws_s3_bucket_server_side_encryption_configuration"
    path = ("rule", "apply_server_side_encryption_by_default", "sse_algorithm")
    found = [one.get(*path) for one in bucket.stack.attached(bucket, type_, "bucket")]
    if not any(one in _ALGORITHMS or is_unknown(one) for one in found):
        yield "does not say how it is encrypted"


@policy(
    "P202",
    "Buckets block public access, all four ways",
    types="aws_s3_bucket",
    reason="One ACL or policy is enough to publish a bucket; the blocks outrank both.",
    remedy="add aws_s3_bucket_public_access_block with all four set to true",
    controls=("FSBP S3.8", "CIS AWS 5.0.0 2.1.4"),
    bad=_with(aws_s3_bucket_public_access_block=dict.fromkeys(_BLOCKS[:3], True)),
    good=_with(aws_s3_bucket_public_access_block=dict.fromkeys(_BLOCKS, True)),
)
def public_access(bucket: Subject) -> Iterator[str]:
    """Each of the four is needed."""
    blocks = bucket.stack.attached(bucket, "aws_s3_bucket_public_access_block", "bucket")
    open_ways = [key for key in _BLOCKS if not any(is_true(one.get(key)) for one in blocks)]
    if open_ways:
        yield f"does not block public access: {', '.join(open_ways)}"


@policy(
    "P203",
    "Buckets refuse whatever does not come by TLS",
    types="aws_s3_bucket",
    reason="S3 answers plain HTTP, too, and shows what it sends to whoever listens.",
    remedy="deny s3:* on the bucket and its objects where aws:SecureTransport is false",
    controls=("FSBP S3.5", "CIS AWS 5.0.0 2.1.1"),
    bad=_tls("Allow"),
    good=_tls("Deny"),
)
def tls_only(bucket: Subject) -> Iterator[str]:
    """A policy that cannot be read is not held against the bucket."""
    policies = [
        one.get("policy") for one in bucket.stack.attached(bucket, "aws_s3_bucket_policy", "bucket")
    ]
    if any(not is_readable(one) for one in policies):
        return
    if not any(_denies_http(one.body) for text in policies for one in statements_in(text)):
        yield "answers requests without TLS"


def _denies_http(body: Any) -> bool:
    flag = dig(body, "Condition", "Bool", "aws:SecureTransport")
    is_all = body.get("Effect") == "Deny" and "s3:*" in listed(body.get("Action"))
    return is_all and str(flag).lower() == "false" and len(listed(body.get("Resource"))) > 1


@policy(
    "P204",
    "Buckets own what is written to them",
    types="aws_s3_bucket",
    reason="With ACLs on, an object belongs to whoever wrote it, and its ACL can publish it.",
    remedy="add aws_s3_bucket_ownership_controls with BucketOwnerEnforced",
    controls=("FSBP S3.12",),
    bad=_with(aws_s3_bucket_ownership_controls={"rule": {"object_ownership": "ObjectWriter"}}),
    good=_with(aws_s3_bucket_ownership_controls={"rule": {"object_ownership": _ENFORCED}}),
)
def ownership(bucket: Subject) -> Iterator[str]:
    """It has to be said: the default depends on the day on which a bucket was made."""
    controls = bucket.stack.attached(bucket, "aws_s3_bucket_ownership_controls", "bucket")
    if not any(one.get("rule", "object_ownership") == _ENFORCED for one in controls):
        yield "does not enforce that its owner owns every object"


@policy(
    "P205",
    "Buckets keep older versions",
    types="aws_s3_bucket",
    severity="warning",
    reason="A wrong delete, or ransom, takes the only copy.",
    remedy="add aws_s3_bucket_versioning with status Enabled, and expire older versions",
    controls=("FSBP S3.14",),
    bad=_with(aws_s3_bucket_versioning={"versioning_configuration": {"status": "Suspended"}}),
    good=_with(aws_s3_bucket_versioning={"versioning_configuration": {"status": "Enabled"}}),
)
def versioning(bucket: Subject) -> Iterator[str]:
    """Logs that expire may be waived."""
    found = bucket.stack.attached(bucket, "aws_s3_bucket_versioning", "bucket")
    if not any(one.get("versioning_configuration", "status") == "Enabled" for one in found):
        yield "keeps no older versions"


@policy(
    "P206",
    "Buckets say how long they keep objects",
    types="aws_s3_bucket",
    reason="What nobody deletes is paid for, and found, for ever.",
    remedy="add aws_s3_bucket_lifecycle_configuration with an expiration",
    controls=("FSBP S3.13",),
    bad=resources(aws_s3_bucket=_BUCKET),
    good=_with(
        aws_s3_bucket_lifecycle_configuration={
            "rule": [{"id": "expire", "status": "Enabled", "expiration": {"days": 30}}]
        }
    ),
)
def expiry(bucket: Subject) -> Iterator[str]:
    """One enabled rule is enough."""
    found = bucket.stack.attached(bucket, "aws_s3_bucket_lifecycle_configuration", "bucket")
    rules = [rule for one in found for rule in one.blocks("rule")]
    if not any(rule.get("status") == "Enabled" for rule in rules):
        yield "keeps objects for ever"


@policy(
    "P207",
    "Volumes are encrypted",
    types="aws_launch_template aws_ebs_volume aws_instance",
    reason="Spark spills what it reads to disk; a snapshot of a volume is a copy of it.",
    remedy="set encrypted to true for every volume",
    controls=("FSBP EC2.3",),
    bad=resources(
        aws_launch_template={
            "nodes": {
                "block_device_mappings": [{"device_name": "/dev/xvda", "ebs": {"volume_size": 9}}]
            }
        }
    ),
    good=resources(
        aws_launch_template={
            "nodes": {
                "block_device_mappings": [
                    {"device_name": "/dev/xvda", "ebs": {"volume_size": 9, "encrypted": "true"}}
                ]
            }
        }
    ),
)
def volumes(found: Subject) -> Iterator[str]:
    """A template names the root volume as well: what it leaves out is as the account has it."""
    if found.type == "aws_launch_template":
        mappings = found.blocks("block_device_mappings")
        named = [(one.get("device_name"), one.get("ebs")) for one in mappings if "ebs" in one]
        if not named:
            yield "says nothing of its root volume"
    else:
        keys = ("root_block_device", "ebs_block_device")
        named = [(key, dict(block)) for key in keys for block in found.blocks(key)]
        named += [("it", dict(found.body))] if found.type == "aws_ebs_volume" else []
    for device, ebs in named:
        if not is_true(dig(ebs, "encrypted")):
            yield f"does not encrypt {device}"


@policy(
    "P208",
    "Keys of ours are rotated",
    types="aws_kms_key",
    reason="A key that never changes protects everything that was ever encrypted with it.",
    remedy="set enable_key_rotation to true",
    controls=("FSBP KMS.4", "CIS AWS 5.0.0 3.6"),
    bad=resources(aws_kms_key={"secrets": {"description": "Secrets"}}),
    good=resources(aws_kms_key={"secrets": {"enable_key_rotation": True}}),
)
def key_rotation(key: Subject) -> Iterator[str]:
    """AWS rotates symmetric keys alone."""
    is_symmetric = key.get("customer_master_key_spec") in (None, "SYMMETRIC_DEFAULT")
    if is_symmetric and not is_true(key.get("enable_key_rotation")):
        yield "is never rotated"


@policy(
    "P209",
    "Queues and topics are encrypted",
    types="aws_sqs_queue aws_sns_topic",
    reason="Messages rest on disks of AWS until they are read.",
    remedy="set kms_master_key_id, or sqs_managed_sse_enabled for a queue",
    controls=("FSBP SQS.1", "FSBP SNS.1"),
    bad=resources(aws_sns_topic={"alarms": {"name": "alarms"}}),
    good=resources(aws_sns_topic={"alarms": {"kms_master_key_id": "alias/aws/sns"}}),
)
def messages(found: Subject) -> Iterator[str]:
    """A queue may use SQS's own key."""
    is_managed = found.type == "aws_sqs_queue" and is_true(found.get("sqs_managed_sse_enabled"))
    if not is_managed and found.get("kms_master_key_id") is None:
        yield "is not encrypted"


@policy(
    "P210",
    "Log groups say how long they keep logs",
    types="aws_cloudwatch_log_group",
    reason="A group without retention keeps everything for ever, and one too short forgets "
    "what an investigation asks for.",
    remedy="set retention_in_days",
    bad=resources(aws_cloudwatch_log_group={"api": {"name": "/aws/eks/cell/cluster"}}),
    good=resources(aws_cloudwatch_log_group={"api": {"retention_in_days": 90}}),
)
def log_retention(group: Subject) -> Iterator[str]:
    """0 is for ever, as none is."""
    if group.get("retention_in_days") in (None, 0):
        yield "keeps logs for ever"


RULES = (
    *(bucket_encryption, public_access, tls_only, ownership, versioning, expiry, volumes),
    *(key_rotation, messages, log_retention),
)

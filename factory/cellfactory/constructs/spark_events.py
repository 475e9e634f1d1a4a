"""Where the jobs of a cell write their event logs, and who may read and write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cellfactory.constructs.buckets import add_private_bucket, encrypted_transport_only
from cellfactory.constructs.cdk import (
    EksPodIdentityAssociation,
    IamRolePolicy,
    S3Bucket,
    S3BucketPolicy,
    S3Object,
    TerraformStack,
)
from cellfactory.constructs.jobs import JOB_ROLES, job_role
from cellfactory.constructs.policies import policy_document
from cellfactory.constructs.roles import POD_IDENTITY, add_service_role
from cellfactory.constructs.stack import for_each
from cellfactory.naming import (
    EVENT_LOG_FOLDER,
    EVENT_LOG_POLICY,
    SYSTEM_NAMESPACE,
    event_log_bucket,
    role_name,
)
from cellfactory.specs.charts import HISTORY_SERVER
from cellfactory.specs.layers import EventLogsSpec

_LOG_NAMES = {"rolling": "eventlog_v2_", "single": "spark-", "local": "local-"}
"""How the logs of a job are named, by the id of the rule that expires them.

Source: https://spark.apache.org/docs/latest/monitoring.html
"""


def add_event_logs(
    stack: TerraformStack,
    cell: str,
    logs: EventLogsSpec,
    cluster_name: str,
    boundary: str | None,
) -> str:
    """Add the bucket, let jobs write to it, and add a role of the History Server that reads it.

    Returns:
        The expression of the bucket's name.
    """
    bucket = add_private_bucket(
        stack,
        "event-logs",
        name=event_log_bucket(cell, logs.account_id),
        days=logs.retention_days,
        expire={rule: f"{EVENT_LOG_FOLDER}/{start}" for rule, start in _LOG_NAMES.items()},
    )
    S3BucketPolicy(
        stack,
        "event-logs-encrypted-transport",
        bucket=bucket.id,
        policy=policy_document([encrypted_transport_only(bucket.arn)]),
    )
    # An empty folder does not exist in S3, and without it neither a job nor the server starts.
    S3Object(
        stack,
        "event-logs-folder",
        bucket=bucket.id,
        key=f"{EVENT_LOG_FOLDER}/.folder",
        content="It keeps this folder when no log is in it.\n",
        content_type="text/plain",
    )
    history, _ = add_service_role(
        stack,
        "spark-history",
        name=role_name(cell, "spark-history"),
        service=POD_IDENTITY,
        boundary=boundary,
    )
    EksPodIdentityAssociation(
        stack,
        f"identity-history-{SYSTEM_NAMESPACE}",
        cluster_name=cluster_name,
        namespace=SYSTEM_NAMESPACE,
        service_account=HISTORY_SERVER,
        role_arn=history.arn,
    )
    _allow_logs(stack, "history", history.name, bucket, _READ)
    for_each(_allow_logs(stack, "job", job_role("each.key"), bucket, _WRITE), JOB_ROLES)
    return bucket.id


_READ = ("s3:GetObject",)
_WRITE = (
    *("s3:GetObject", "s3:PutObject", "s3:DeleteObject"),  # S3A renames by copying and deleting
    *("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"),
)


def _allow_logs(
    stack: TerraformStack, use: str, role: str, bucket: S3Bucket, actions: Sequence[str]
) -> IamRolePolicy:
    """Let a role look into the bucket and work on its logs."""
    objects = f"{bucket.arn}/{EVENT_LOG_FOLDER}/*"
    statements = [
        _allow("Look", ["s3:GetBucketLocation", "s3:ListBucket"], bucket.arn),
        _allow("Logs", sorted(actions), objects),
    ]
    return IamRolePolicy(
        stack,
        f"event-logs-of-{use}",
        name=EVENT_LOG_POLICY,
        role=role,
        policy=policy_document(statements),
    )


def _allow(name: str, actions: Sequence[str], resource: str) -> dict[str, Any]:
    return {"Sid": name, "Effect": "Allow", "Action": list(actions), "Resource": resource}

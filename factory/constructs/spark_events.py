"""Where the jobs of a cell write their event logs, and who may read and write them.

A pod gets its role by EKS Pod Identity: by namespace and service account, with no key and no
annotation. The platform layer makes the service accounts; an association may be there first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factory.constructs.buckets import add_private_bucket, encrypted_transport_only
from factory.constructs.cdk import (
    EksPodIdentityAssociation,
    IamRolePolicy,
    S3Bucket,
    S3BucketPolicy,
    S3Object,
    TerraformStack,
)
from factory.constructs.policies import policy_document
from factory.constructs.roles import POD_IDENTITY, add_service_role
from factory.constructs.spark_history import HISTORY_SERVER
from factory.constructs.specs import EventLogsSpec
from factory.naming import (
    EVENT_LOG_FOLDER,
    EVENT_LOG_POLICY,
    JOB_ACCOUNT,
    SYSTEM_NAMESPACE,
    event_log_bucket,
    role_name,
)

_LOG_NAMES = {"rolling": "eventlog_v2_", "single": "spark-", "local": "local-"}
"""How the logs of a job are named, by the id of the rule that expires them.

Source: https://spark.apache.org/docs/latest/monitoring.html
"""


def add_event_logs(stack: TerraformStack, cell: str, logs: EventLogsSpec, cluster_name: str) -> str:
    """Add the bucket, a role that reads it and a role that writes to it, for each its pods.

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
    readers = {SYSTEM_NAMESPACE: HISTORY_SERVER}
    writers = dict.fromkeys(logs.namespaces, JOB_ACCOUNT)
    _add_role(stack, cell, "history", bucket, _READ, cluster_name, readers)
    _add_role(stack, cell, "job", bucket, _WRITE, cluster_name, writers)
    return bucket.id


_READ = ("s3:GetObject",)
_WRITE = (
    *("s3:GetObject", "s3:PutObject", "s3:DeleteObject"),  # S3A renames by copying and deleting
    *("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"),
)


def _add_role(
    stack: TerraformStack,
    cell: str,
    use: str,
    bucket: S3Bucket,
    actions: Sequence[str],
    cluster_name: str,
    accounts: dict[str, str],
) -> None:
    """Add a role for service accounts, one in each namespace."""
    role, _ = add_service_role(
        stack, f"spark-{use}", name=role_name(cell, f"spark-{use}"), service=POD_IDENTITY
    )
    objects = f"{bucket.arn}/{EVENT_LOG_FOLDER}/*"
    statements = [
        _allow("Look", ["s3:GetBucketLocation", "s3:ListBucket"], bucket.arn),
        _allow("Logs", sorted(actions), objects),
    ]
    IamRolePolicy(
        stack,
        f"event-logs-of-{use}",
        name=EVENT_LOG_POLICY,
        role=role.name,
        policy=policy_document(statements),
    )
    for namespace, account in accounts.items():
        EksPodIdentityAssociation(
            stack,
            f"identity-{use}-{namespace}",
            cluster_name=cluster_name,
            namespace=namespace,
            service_account=account,
            role_arn=role.arn,
        )


def _allow(name: str, actions: Sequence[str], resource: str) -> dict[str, Any]:
    return {"Sid": name, "Effect": "Allow", "Action": list(actions), "Resource": resource}

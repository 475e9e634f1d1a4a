"""Buckets whose policy asks for TLS are reached on loopback; other denials hold."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.emulators import REGION, Emulator

pytestmark = pytest.mark.sandbox


def deny(bucket: str, **more: object) -> dict[str, object]:
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        **more,
    }


def test_only_the_statement_on_tls_is_passed_over(emulator: Emulator, account: str) -> None:
    s3 = emulator.client("s3", account, REGION)
    bucket = f"logs-{account}"
    s3.create_bucket(Bucket=bucket)
    plain = deny(bucket, Condition={"Bool": {"aws:SecureTransport": "false"}})
    for statements in ([plain], plain):
        policy = {"Version": "2012-10-17", "Statement": statements}
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
        s3.put_object(Bucket=bucket, Key="folder/log", Body=b"x")
        assert s3.get_object(Bucket=bucket, Key="folder/log")["Body"].read() == b"x"
    policy = {"Version": "2012-10-17", "Statement": [plain, deny(bucket)]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    with pytest.raises(ClientError, match="403"):
        s3.get_object(Bucket=bucket, Key="folder/log")

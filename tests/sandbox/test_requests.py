"""Requests that are not as the API's model says."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from cellfactory.sandbox.client import session_for
from tests.sandbox.emulators import REGION, Emulator

pytestmark = pytest.mark.sandbox

UNCHECKED = Config(parameter_validation=False)  # as a client that knows no model
MALFORMED: list[tuple[str, str, dict[str, Any], str]] = [
    ("ec2", "create_vpc_endpoint", {"VpcId": "vpc-1", "VpcEndpointType": "Road"}, "not one of"),
    ("ec2", "create_subnet", {"CidrBlock": "10.0.0.0/24"}, "VpcId: is required"),
    ("iam", "create_role", {"RoleName": "a b", "AssumeRolePolicyDocument": "{}"}, "match"),
    ("iam", "create_role", {"RoleName": "a" * 65, "AssumeRolePolicyDocument": "{}"}, "at most 64"),
    ("sts", "assume_role", {"RoleArn": "arn:aws:iam::1:role/a", "RoleSessionName": "a?"}, "match"),
    ("organizations", "create_account", {"Email": "nobody", "AccountName": "a"}, "Email"),
    ("organizations", "create_account", {"Email": "a@example.com"}, "AccountName: is required"),
    ("kms", "schedule_key_deletion", {"KeyId": "a", "PendingWindowInDays": 400}, "at most 365"),
    ("logs", "create_log_group", {"logGroupName": "a?"}, "match"),
    ("elbv2", "create_target_group", {"Name": "a", "Protocol": "MAIL"}, "not one of"),
    ("eks", "create_cluster", {"name": "a-", "roleArn": "arn"}, "resourcesVpcConfig: is required"),
    ("eks", "create_nodegroup", {"clusterName": "a", "nodegroupName": "b", "subnets": []}, "nodeR"),
]


@pytest.mark.parametrize(("service", "operation", "request_", "says"), MALFORMED)
def test_a_request_is_held_against_the_model_of_its_service(
    emulator: Emulator,
    account: str,
    service: str,
    operation: str,
    request_: dict[str, Any],
    says: str,
) -> None:
    session = session_for(emulator.endpoint, account, REGION)
    client = session.client(service, endpoint_url=emulator.endpoint, config=UNCHECKED)
    with pytest.raises(ClientError, match=says) as refused:
        getattr(client, operation)(**request_)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400

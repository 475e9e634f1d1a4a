"""A launch template that is deleted twice: the second answer is the one EC2 gives."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.emulators import REGION, Emulator

pytestmark = pytest.mark.sandbox


def test_an_unknown_id_is_told_as_an_id(emulator: Emulator, account: str) -> None:
    ec2 = emulator.client("ec2", account, REGION)
    made = ec2.create_launch_template(
        LaunchTemplateName="nodes", LaunchTemplateData={"InstanceType": "r6i.4xlarge"}
    )["LaunchTemplate"]["LaunchTemplateId"]
    ec2.delete_launch_template(LaunchTemplateId=made)
    with pytest.raises(ClientError) as refused:
        ec2.delete_launch_template(LaunchTemplateId=made)
    assert refused.value.response["Error"]["Code"] == "InvalidLaunchTemplateId.NotFound"

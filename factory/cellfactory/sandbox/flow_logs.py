"""Flow logs to S3: AWS writes to the bucket's policy what the delivery of logs needs.

Where the policy lacks a statement of AWS's, it is appended; what stands there stays. (One page says
that the whole policy is overwritten, a newer one that statements are appended.)

Source:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-S3.html
    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
"""

from __future__ import annotations

import json
from typing import Any

from moto.ec2.models import EC2Backend
from moto.s3.models import s3_backends

SERVICE = {"Service": "delivery.logs.amazonaws.com"}


def delivery_statements(bucket: str, account: str, region: str) -> list[dict[str, Any]]:
    """Write the two statements of AWS's."""
    arn = f"arn:aws:s3:::{bucket}"
    source = {"ArnLike": {"aws:SourceArn": f"arn:aws:logs:{region}:{account}:*"}}
    ours = {"aws:SourceAccount": account}
    write = {**ours, "s3:x-amz-acl": "bucket-owner-full-control"}
    return [
        {
            "Sid": "AWSLogDeliveryWrite",
            "Effect": "Allow",
            "Principal": SERVICE,
            "Action": "s3:PutObject",
            "Resource": f"{arn}/AWSLogs/{account}/*",
            "Condition": {"StringEquals": write, **source},
        },
        {
            "Sid": "AWSLogDeliveryAclCheck",
            "Effect": "Allow",
            "Principal": SERVICE,
            "Action": "s3:GetBucketAcl",
            "Resource": arn,
            "Condition": {"StringEquals": ours, **source},
        },
    ]


class FlowLogBackend(EC2Backend):
    """EC2 whose flow logs see to it that they can be delivered."""

    def create_flow_logs(self, *arguments: Any, **named: Any) -> Any:
        answer = super().create_flow_logs(*arguments, **named)
        if named["log_destination_type"] == "s3" and answer[0]:
            self._open(named["log_destination"].partition(":::")[2].partition("/")[0])
        return answer

    def _open(self, name: str) -> None:
        bucket = s3_backends[self.account_id][self.partition].get_bucket(name)
        policy: Any = json.loads(bucket.policy) if bucket.policy else {"Version": "2012-10-17"}
        told: list[dict[str, Any]] = policy.get("Statement", [])
        known = [_canonical(statement) for statement in told]
        wanted = delivery_statements(name, self.account_id, self.region_name)
        lacking = [one for one in wanted if _canonical(one) not in known]
        if lacking:
            bucket.policy = json.dumps({**policy, "Statement": [*told, *lacking]}).encode()


def _canonical(statement: dict[str, Any]) -> str:
    """Write a statement so that equal ones are equal texts, whatever their order of keys."""
    return json.dumps(statement, sort_keys=True)

"""Buckets that refuse what does not come by TLS, on a server that has none.

moto reads no conditions, so a statement that denies plain HTTP would deny everything. Every request
to the emulated AWS counts as one that came by TLS: such a statement then never applies.

Source:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
"""

from __future__ import annotations

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket

PLAIN_HTTP = {"Bool": {"aws:SecureTransport": "false"}}


class Bucket(FakeBucket):
    """A bucket whose policy is asked as if by TLS."""

    def get_permission(self, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        policy = json.loads(self.policy)
        statements = policy["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        policy["Statement"] = [each for each in listed if each.get("Condition") != PLAIN_HTTP]
        return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)

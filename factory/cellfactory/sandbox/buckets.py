"""Buckets whose policies deny what they deny on their conditions, on a server that has no TLS.

moto reads no conditions, so a statement that denies plain HTTP, or other accounts, would deny
everything. Every request to the emulated AWS counts as one that came by TLS.

Source:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
"""

from __future__ import annotations

import json
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from cellfactory.sandbox.asking import Question
from cellfactory.sandbox.callers import caller, denied


class Bucket(FakeBucket):
    """A bucket whose policy is asked with who calls."""

    def get_permission(self, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        question = Question(action=action, resource=resource, context=caller().context)
        if denied(json.loads(self.policy), question):
            return PermissionResult.DENIED
        return PermissionResult.NEUTRAL

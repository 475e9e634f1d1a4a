"""IAM with the AWS managed policies, each made when somebody first asks for it.

moto carries the text of all of them, but loading it gives every account a copy of
every policy, about 1 GB in all. Here one policy is read out of that text on demand.

Source:
    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/about-managed-policy-reference.html
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy


@cache
def managed_policy(name: str) -> dict[str, Any] | None:
    """Read one AWS managed policy; None when AWS has none of that name."""
    start = aws_managed_policies_data.find(f'\n "{name}":')
    if start < 0:
        return None
    brace = aws_managed_policies_data.index("{", start)
    document: dict[str, Any] = json.JSONDecoder().raw_decode(aws_managed_policies_data, brace)[0]
    return document


class IdentityBackend(IAMBackend):
    """IAM of one account."""

    @property
    def _url_module(self) -> Any:
        import moto.iam.urls

        return moto.iam.urls

    def attach_role_policy(self, policy_arn: str, role_name: str) -> None:
        self._learn(policy_arn)
        super().attach_role_policy(policy_arn, role_name)

    def get_policy(self, policy_arn: str) -> ManagedPolicy:
        self._learn(policy_arn)
        return super().get_policy(policy_arn)

    def _learn(self, arn: str) -> None:
        prefix, _, path = arn.partition(":policy/")
        if not prefix.endswith(":iam::aws") or arn in self.managed_policies:
            return
        name = path.rpartition("/")[2]
        data = managed_policy(name)
        if data is None:
            return
        policy = AWSManagedPolicy.from_data(name, self.account_id, self.region_name, data)
        if policy.arn == arn:
            self.managed_policies[arn] = policy
            self.aws_managed_policies.append(policy)

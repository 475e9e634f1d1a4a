"""IAM with the AWS managed policies on demand, and roles that only the trusted may take.

moto carries the text of all of them, but loading it gives every account a copy of
every policy, about 1 GB in all. Here one policy is read out of that text on demand.
moto also lets anybody take any role, whether it exists or not. Here a member account of an
organization is entered by the roles it has, and they trust its management account alone. An account
that the world does not know belongs to the first organization whose management account enters it.
The roles of management accounts are not known, nor who may take them: that is the pipeline's.

Source:
    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/about-managed-policy-reference.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar

from flask import request
from moto.core.exceptions import ServiceException
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import NotFoundException
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy, iam_backends
from moto.organizations.models import organizations_backends
from moto.sts.models import AssumedRole, STSBackend

from cellfactory.sandbox import readiness
from cellfactory.sandbox.authorization import add_entrance, is_enforced
from cellfactory.sandbox.callers import Caller, admits, caller, claims_of, federated_context

_NOBODY = Caller(account="")
_ASSUME, _FEDERATED = "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"
VISITOR = "SandboxVisitor"  # a role that may be taken by anybody, in every account


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


class AccessDenied(ServiceException):
    """The answer to somebody who may not."""

    code = "AccessDenied"


class TokenBackend(STSBackend):
    """STS as one account calls it."""

    owners: ClassVar[dict[str, str]] = {}  # the management account that first entered an account

    @property
    def _url_module(self) -> Any:
        import moto.sts.urls

        return moto.sts.urls

    def assume_role(self, *arguments: Any, **named: Any) -> AssumedRole:
        arn = named["role_arn"]
        if not self._may_take(arn):
            message = (
                f"Account {self.account_id} is not authorized to perform: "
                f"sts:AssumeRole on resource: {arn}"
            )
            raise AccessDenied(message)
        if is_enforced():
            self._make_entrance(arn)
        return super().assume_role(*arguments, **named)

    def _make_entrance(self, arn: str) -> None:
        """Have a role that nobody made, so that it has policies to be held against."""
        account, name = arn.split(":")[4], arn.rpartition("/")[2]
        if all(role.name != name for role in iam_backends[account][self.partition].roles.values()):
            add_entrance(account, name, trusted=self.account_id)

    def assume_role_with_web_identity(self, **named: Any) -> AssumedRole:
        """Let a token in where the trust policy of the role says so; its signature is not read."""
        arn = named["role_arn"]
        try:
            is_let_in = self._lets_in(arn, claims_of(request.form["WebIdentityToken"]))
        except (ValueError, TypeError, KeyError, NotFoundException):
            is_let_in = False
        if not is_let_in:
            message = f"Not authorized to perform {_FEDERATED}"
            raise AccessDenied(message)
        return super().assume_role(**named)

    def _lets_in(self, arn: str, claims: Mapping[str, Any]) -> bool:
        account, name = arn.split(":")[4], arn.rpartition("/")[2]
        backend: Any = iam_backends[account][self.partition]
        context = federated_context(claims, account)
        policy = json.loads(backend.get_role(name).assume_role_policy_document)
        known = {one.arn for one in backend.open_id_providers.values()}
        return context["provider"][0] in known and admits(policy, _NOBODY, _FEDERATED, context)

    def _may_take(self, arn: str) -> bool:
        account, name = arn.split(":")[4], arn.rpartition("/")[2]
        if name == VISITOR:
            return True
        if not readiness.is_entered(account):
            return False
        try:
            role = iam_backends[account][self.partition].get_role(name)
        except NotFoundException:
            return self._may_found(account)
        who = caller()
        if who.is_outside and _is_management(account):
            return True  # whoever holds no key of the emulator's stands for the pipeline
        policy = json.loads(role.assume_role_policy_document)
        return admits(policy, replace(who, account=self.account_id), _ASSUME, who.context)

    def _may_found(self, account: str) -> bool:
        """Whether a role that nobody has made may be taken in an account."""
        if account in organizations_backends.master_accounts:
            return False
        if _is_management(account) or account == self.account_id:
            return True
        if not _is_management(self.account_id):
            return False
        return self.owners.setdefault(account, self.account_id) == self.account_id


def _is_management(account: str) -> bool:
    return organizations_backends[account]["aws"].org is not None

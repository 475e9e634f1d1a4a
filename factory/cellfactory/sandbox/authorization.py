"""IAM, when a world enforces it: each call is held against the policies of who makes it.

moto reads actions of identity policies, and of S3 resources; it knows no conditions, no boundaries
and no policies of organizations. The way in has to be there all the same: who holds no key of the
emulator's is a user that may do anything, and a role that nobody made, such as the provisioning
role of a management account, is made as an administrator's when it is first taken.

Source:
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
"""

from __future__ import annotations

import json
from typing import Any

from moto import settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import AccessKey, iam_backends
from moto.sts.models import sts_backends

from cellfactory.sandbox.accounts import trust_of
from cellfactory.sandbox.recording import Recorder, parameters_of

OUTSIDE = "sandbox"  # the key and the secret of who is in no account of the world
ANYTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)


def enforce_iam() -> None:
    """Hold every call from now on against policies; for the life of the process."""
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    backend: Any = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    user = backend.create_user("us-east-1", OUTSIDE)
    backend.put_user_policy(OUTSIDE, "anything", ANYTHING)
    make: Any = AccessKey  # abstract to the type checker only
    key = make(OUTSIDE, prefix="AKIA", account_id=DEFAULT_ACCOUNT_ID)
    key.access_key_id = key.secret_access_key = OUTSIDE
    user.access_keys.append(key)


def watch_calls(recorder: Recorder) -> None:
    """Have every call noted before it is answered; for the life of the process."""
    usual = ActionAuthenticatorMixin._authenticate_and_authorize_action

    def authorize(self: Any, iam_request_cls: type, resource: str = "*") -> None:
        recorder.note(_row(self))
        usual(self, iam_request_cls, resource)

    mixin: Any = ActionAuthenticatorMixin
    mixin._authenticate_and_authorize_action = authorize


def _row(response: Any) -> dict[str, Any]:
    operation, parameters = parameters_of(response)
    scope = response.headers.get("Authorization", "").partition("Credential=")[2].split("/")
    key = scope[0]
    role, session = "", ""
    for assumed in sts_backends[response.current_account]["aws"].assumed_roles:
        if assumed.access_key_id == key:
            role, session = assumed.role_arn, assumed.session_name
    return {
        "account": response.current_account,
        "region": response.region,
        "role": role,
        "session": session,
        "service": scope[3] if len(scope) > 3 else "",
        "operation": operation,
        "parameters": parameters,
    }


def is_enforced() -> bool:
    """Whether this world enforces IAM."""
    return settings.INITIAL_NO_AUTH_ACTION_COUNT == 0


def add_entrance(account: str, role: str, *, trusted: str) -> None:
    """Make a role that may do anything in an account, for another account to take.

    Args:
        account: where the role is.
        role: its name.
        trusted: the account that it trusts.
    """
    backend: Any = iam_backends[account]["aws"]
    backend.create_role(
        role_name=role,
        assume_role_policy_document=trust_of(trusted),
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )
    open_entrance(account, role)


def open_entrance(account: str, role: str) -> None:
    """Let a role do anything in its account, as the one that CreateAccount makes may."""
    backend: Any = iam_backends[account]["aws"]
    backend.put_role_policy(role, "AdministratorAccess", ANYTHING)

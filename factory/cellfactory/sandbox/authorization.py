"""IAM, when a world enforces it: each call is held against the policies of who makes it.

What is asked for a call says `asking`, whether policies allow that `judging`. The way in has to be
there all the same: who holds no key of the emulator's is a user that may do anything, and a role
that nobody made, such as the provisioning role of a management account, is made when it is first
taken: with the rights that the world gives to roles of that name, or else as an administrator's.

Source:
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask import request
from moto import settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.responses import BaseResponse
from moto.iam.access_control import IAMPolicy, create_access_key
from moto.iam.models import AccessKey, iam_backends
from werkzeug.exceptions import HTTPException

from cellfactory.sandbox.accounts import trust_of
from cellfactory.sandbox.asking import Call, questions
from cellfactory.sandbox.calls import call_of, scope_of
from cellfactory.sandbox.judging import allows
from cellfactory.sandbox.recording import Recorder, row_of
from cellfactory.sandbox.refusals import in_own_words
from cellfactory.sandbox.world import RoleRights

OUTSIDE = "sandbox"  # the key and the secret of who is in no account of the world
ANYTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)
_ANSWERED = "sts:GetCallerIdentity"  # whatever a policy says
_BY_TOKEN = "AssumeRoleWithWebIdentity"
_RIGHTS = "rights"


class Gate:
    """What stands before every operation; the emulator's state belongs to the process."""

    recorder: ClassVar[Recorder | None] = None
    rights: ClassVar[Mapping[tuple[str, str], RoleRights]] = {}  # by account, or none, and role


def enforce_iam(rights: Sequence[RoleRights] = ()) -> None:
    """Hold every call from now on against policies; for the life of the process.

    Args:
        rights: what roles of a name may, in one account or all, once somebody takes or makes them.
    """
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    Gate.rights = {(one.account, one.role): one for one in rights}
    _stand_before()
    backend: Any = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    user = backend.create_user("us-east-1", OUTSIDE)
    backend.put_user_policy(OUTSIDE, "anything", ANYTHING)
    make: Any = AccessKey  # abstract to the type checker only
    key = make(OUTSIDE, prefix="AKIA", account_id=DEFAULT_ACCOUNT_ID)
    key.access_key_id = key.secret_access_key = OUTSIDE
    user.access_keys.append(key)


def watch_calls(recorder: Recorder) -> None:
    """Have every call noted before it is answered; for the life of the process."""
    Gate.recorder = recorder
    _stand_before()


def is_enforced() -> bool:
    """Whether this world enforces IAM."""
    return settings.INITIAL_NO_AUTH_ACTION_COUNT == 0


def refuses(response: BaseResponse) -> bool:
    """Note a call, and say whether the caller may not make it."""
    call = call_of(response)
    if Gate.recorder is not None:
        Gate.recorder.note(row_of(call, scope_of(response)[0]))
    return is_enforced() and not _may(response, call)


def add_entrance(account: str, role: str, *, trusted: str) -> None:
    """Make a role for another account to take, with what the world gives to roles of its name.

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
    """Let a role do what the world gives to its name; anything, where that gives nothing.

    The role that CreateAccount makes may do anything, too.
    """
    backend: Any = iam_backends[account]["aws"]
    given = Gate.rights.get((account, role)) or Gate.rights.get(("", role))
    if given is None:
        backend.put_role_policy(role, "AdministratorAccess", ANYTHING)
        return
    for number, document in enumerate(given.policies):
        backend.put_role_policy(role, f"{_RIGHTS}-{number}", document)
    if given.boundary:
        backend.get_role(role).permissions_boundary_arn = given.boundary


def _may(response: Any, call: Call) -> bool:
    """Whether the policies of a caller allow all that a call asks."""
    if f"{call.service}:{call.operation}" == _ANSWERED:
        return True
    key = create_access_key(
        account_id=response.current_account,
        partition="aws",
        access_key_id=scope_of(response)[0],
        headers=response.headers,
    )
    policies = [IAMPolicy(one)._policy_json for one in key.collect_policies()]
    boundary = _boundary(response.current_account, key)
    return all(allows(policies, question, boundary) for question in questions(call))


def _boundary(account: str, key: Any) -> Mapping[str, Any] | None:
    """The permissions boundary of the role that a key is of: a document, or a policy's ARN."""
    backend: Any = iam_backends[account]["aws"]
    name = getattr(key, "_owner_role_name", None)
    told = backend.get_role(name).permissions_boundary_arn if name else None
    if not told:
        return None
    if told.startswith("{"):
        found: Mapping[str, Any] = json.loads(told)
        return found
    document: Mapping[str, Any] = IAMPolicy(backend.get_policy(told))._policy_json
    return document


def _stand_before() -> None:
    """Put ourselves before every operation of moto's."""
    mixin: Any = ActionAuthenticatorMixin
    if mixin._authenticate_and_authorize_action is _authorize:
        return
    mixin._authenticate_and_authorize_action = _authorize


def _authorize(response: Any, iam_request_cls: Any, resource: str = "*") -> None:
    """Refuse as each service does; the signature is held against the key first."""
    del resource  # moto's; ours are the things that a call names
    if not is_enforced():
        refuses(response)
        return
    if response._get_action() == _BY_TOKEN:  # nobody signs it: what the token says is asked there
        return
    query = request.query_string.decode()  # as it was signed: an address has it unquoted
    asked = iam_request_cls(
        account_id=response.current_account,
        method=response.method,
        path=response.raw_path + (f"?{query}" if query else ""),
        data=response.data if response.raw_body or not query else {},  # else it is the query's
        body=response.raw_body,
        headers=response.headers,
        action=response._get_action(),
    )
    try:
        asked.check_signature()
        if refuses(response):
            asked._raise_access_denied()
    except HTTPException as fault:
        raise in_own_words(response, fault) from fault

"""Sessions in the account of a stack: by its roles, on real AWS and on the emulated one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from cellfactory.credentials import Connect, Session, open_session
from cellfactory.layers import Access, Stack
from cellfactory.layers.access import ACCOUNT_VARIABLE, reading
from cellfactory.terraform.messages import Value
from cellfactory.terraform.target import Target

SessionOf = Callable[[Access], Session]
"""Goes into the account of an access; raises a `TerraformError` where the way is closed (F622)."""


def sessions(target: Target, name: str) -> SessionOf:
    """Make what goes into accounts of a target.

    Args:
        target: real AWS, or the emulated one.
        name: what CloudTrail shows of each session.
    """
    connect = connection(target)

    def enter(access: Access) -> Session:
        access = reading(access) if target.reads else access
        return open_session(
            access.roles,
            name=name,
            region=access.region,
            sts_region=access.sts_region,
            connect=connect,
        )

    return enter


def connection(target: Target) -> Connect | None:
    """Say how an emulated AWS is reached; None for the real one, which boto3 finds by itself."""
    return _to_sandbox(target.endpoint) if target.mode == "sandbox" else None


def full_access(stack: Stack, inputs: Mapping[str, Value]) -> Access:
    """The way into the account of a stack, with the id of one that another stack makes."""
    value = inputs.get(ACCOUNT_VARIABLE)
    return filled(stack.access, value) if isinstance(value, str) else stack.access


def filled(access: Access, account: str) -> Access:
    """Put the id of an account where the expression of its variable stands."""
    expression = f"${{var.{ACCOUNT_VARIABLE}}}"
    return Access(
        account=access.account.replace(expression, account),
        roles=tuple(role.replace(expression, account) for role in access.roles),
        region=access.region,
        sts_region=access.sts_region,
    )


def _to_sandbox(endpoint: str | None) -> Connect:
    """Connect to the emulated AWS, whatever the user's profiles and settings say."""
    import boto3
    from botocore.session import Session as Core

    nowhere = (None, None, os.devnull, None)
    unset = {"config_file": nowhere, "credentials_file": nowhere, "profile": (None,) * 4}

    class ToSandbox:
        def __init__(self, keys: Mapping[str, str]) -> None:
            own = {"aws_access_key_id": "sandbox", "aws_secret_access_key": "sandbox"}
            named = {name: value for name, value in keys.items() if name != "expires"}
            core = Core(session_vars=unset)
            self._session: Any = boto3.Session(botocore_session=core, **(named or own))

        def client(self, service: str, **options: Any) -> Any:
            return self._session.client(service, endpoint_url=endpoint, **options)

    return ToSandbox

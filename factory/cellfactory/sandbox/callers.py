"""Who makes the request that is being answered, and whether a policy of a thing lets them.

Source:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import has_request_context, request
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sts.models import sts_backends

from cellfactory.sandbox.asking import Context, Question
from cellfactory.sandbox.judging import allows

_KEY = re.compile(r"Credential=([A-Za-z0-9]+)/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls: an account, and the role whose session it is where it is one."""

    account: str
    role: str = ""  # ARN

    @property
    def context(self) -> Context:
        """What conditions can ask of a caller; every request counts as one that came by TLS."""
        return {
            "aws:PrincipalAccount": (self.account,),
            "aws:PrincipalArn": (self.role or f"arn:aws:iam::{self.account}:root",),
            "aws:PrincipalIsAWSService": ("false",),
            "aws:SecureTransport": ("true",),
        }

    @property
    def is_outside(self) -> bool:
        """Whether it is whoever holds no key of the emulator's."""
        return self.account == DEFAULT_ACCOUNT_ID


def caller() -> Caller:
    """Tell who makes the present request, by the key that it is signed with."""
    header = request.headers.get("Authorization", "") if has_request_context() else ""
    found = _KEY.search(header)
    for role in _sessions() if found else ():
        if found is not None and role.access_key_id == found[1]:
            return Caller(account=role.role_arn.split(":")[4], role=role.role_arn)
    return Caller(account=DEFAULT_ACCOUNT_ID)


def _sessions() -> Iterator[Any]:
    for partitions in list(sts_backends.values()):
        backends: Any = partitions
        for backend in list(backends.values()):
            yield from list(backend.assumed_roles)


def denied(policy: Mapping[str, Any], question: Question) -> bool:
    """Whether a policy of a thing denies something, whoever may do it otherwise."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return not allows([policy, {"Statement": [everything]}], question)


def admits(policy: Mapping[str, Any], who: Caller, action: str, context: Context) -> bool:
    """Whether a trust policy lets a caller take its role.

    Args:
        policy: of trust, which names principals and no resources.
        who: the caller; of a federated one only the context counts.
        action: of STS.
        context: what its conditions ask.
    """
    named = [
        {**statement, "Resource": "*"}
        for statement in _listed(policy["Statement"])
        if _names(statement.get("Principal", {}), who, context)
    ]
    return allows([{"Statement": named}], Question(action=action, resource="*", context=context))


def _names(principal: Any, who: Caller, context: Context) -> bool:
    if principal == "*":
        return True
    for kind, value in principal.items():
        for one in _listed(value):
            if kind == "AWS" and one in (
                *("*", who.account, f"arn:aws:iam::{who.account}:root"),
                *((who.role,) if who.role else ()),
            ):
                return True
            if kind == "Federated" and (one,) == context.get("provider"):
                return True
    return False


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def claims_of(token: str) -> Mapping[str, Any]:
    """Read the claims of a token; nobody's signature is looked at.

    Raises:
        ValueError: when it is none.
    """
    _, body, _ = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    if not isinstance(claims, dict):
        msg = "the claims of a token are an object"
        raise TypeError(msg)
    return claims


def federated_context(claims: Mapping[str, Any], account: str) -> Context:
    """Say what conditions can ask of a token: its audience and its subject."""
    issuer = str(claims["iss"]).removeprefix("https://")
    return {
        "provider": (f"arn:aws:iam::{account}:oidc-provider/{issuer}",),
        f"{issuer}:aud": (str(claims["aud"]),),
        f"{issuer}:sub": (str(claims["sub"]),),
    }

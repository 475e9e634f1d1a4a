"""Where states are kept, and who the pipeline is: P8xx.

The state bucket is the one that a stack both makes and keeps its own state in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cellfactory.policy.model import Body, policy
from cellfactory.policy.statements import is_readable, statements_in, trust_statements
from cellfactory.policy.subject import Subject, dig, is_true, is_unknown, listed
from cellfactory.tree.values import Value

_NAME = "cells-tfstate"
_KEY = "arn:aws:kms:us-east-1:777777777777:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_NOT_STATES = ("registry/",)
"""What keys of the state bucket begin with that are no states."""
_OTHERS = frozenset({"AWS", "Federated"})
"""Kinds of principals that are no services of AWS."""
_OF_TOKENS = "sts:assumerolewithwebidentity"


def _with(**kinds: Body) -> Body:
    """Write the example of a state bucket and what belongs to it."""
    bucket = "${aws_s3_bucket.states.id}"
    made = {kind: {"states": {"bucket": bucket, **body}} for kind, body in kinds.items()}
    return {
        "terraform": {"backend": {"s3": {"bucket": _NAME, "key": "k", "region": "us-east-1"}}},
        "resource": {"aws_s3_bucket": {"states": {"bucket": _NAME}}, **made},
    }


def _versions(status: str) -> Body:
    return _with(aws_s3_bucket_versioning={"versioning_configuration": {"status": status}})


def _encrypted(key: str) -> Body:
    default = {"sse_algorithm": "aws:kms", "kms_master_key_id": key}
    rule = {"apply_server_side_encryption_by_default": default, "bucket_key_enabled": True}
    return _with(aws_s3_bucket_server_side_encryption_configuration={"rule": [rule]})


def _expiring(prefix: str) -> Body:
    rule = {
        **{"id": "old", "status": "Enabled", "filter": [{"prefix": prefix}]},
        "noncurrent_version_expiration": [{"noncurrent_days": 90}],
    }
    return _with(aws_s3_bucket_lifecycle_configuration={"rule": [rule]})


def _closed(key: str) -> Body:
    statement = {
        **{"Effect": "Deny", "Principal": "*", "Action": "s3:*"},
        "Resource": [f"arn:aws:s3:::{_NAME}", f"arn:aws:s3:::{_NAME}/*"],
        "Condition": {"StringNotEquals": {key: "777777777777"}},
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True)
    return _with(aws_s3_bucket_policy={"policy": text})


def _trusting(operator: str, subject: str) -> Body:
    host = "token.actions.githubusercontent.com"
    statement = {
        **{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity"},
        "Principal": {"Federated": f"arn:aws:iam::777777777777:oidc-provider/{host}"},
        "Condition": {
            "StringEquals": {f"{host}:aud": "sts.amazonaws.com"},
            operator: {f"{host}:sub": subject},
        },
    }
    if operator == "StringEquals":
        statement["Condition"] = {
            operator: {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": subject}
        }
    return _role(statement)


def _role(statement: Body, **settings: Any) -> Body:
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True)
    return {"resource": {"aws_iam_role": {"apply": {"assume_role_policy": text, **settings}}}}


def _of_account(**settings: Any) -> Body:
    principal = {"AWS": "arn:aws:iam::111111111111:role/CellFactory"}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return _role(statement, **settings)


def _is_state_bucket(bucket: Subject) -> bool:
    backend = bucket.stack.document.backend
    kept = backend.settings.get("bucket") if backend is not None else None
    return kept is not None and bucket.get("bucket") == kept


@policy(
    "P801",
    "The state bucket keeps every version",
    types="aws_s3_bucket",
    reason="A state that is broken or lost is brought back from its version before; without one, "
    "everything would be made a second time.",
    remedy="add aws_s3_bucket_versioning with status Enabled",
    controls=("FSBP S3.14",),
    bad=_versions("Suspended"),
    good=_versions("Enabled"),
)
def state_versions(bucket: Subject) -> Iterator[str]:
    """P205 warns of any bucket; of this one it is an error."""
    found = bucket.stack.attached(bucket, "aws_s3_bucket_versioning", "bucket")
    is_kept = any(one.get("versioning_configuration", "status") == "Enabled" for one in found)
    if _is_state_bucket(bucket) and not is_kept:
        yield "keeps states, and no versions of them"


@policy(
    "P802",
    "States are encrypted with a key of ours, named by its ARN",
    types="aws_s3_bucket",
    reason="States hold what Terraform knows, secrets included. An alias is looked up in the "
    "account of who asks, so it can be another key, or none.",
    remedy="set sse_algorithm to aws:kms, kms_master_key_id to the ARN of a key, and "
    "bucket_key_enabled",
    bad=_encrypted("alias/tfstate"),
    good=_encrypted(_KEY),
)
def state_key(bucket: Subject) -> Iterator[str]:
    """A key that the stack itself makes is named by an expression of its ARN."""
    if not _is_state_bucket(bucket):
        return
    type_ = "aws_s3_bucket_server_side_encryption_configuration"
    found = bucket.stack.attached(bucket, type_, "bucket")
    rules = [rule for one in found for rule in one.blocks("rule")]
    if not any(_is_by_arn(rule) for rule in rules):
        yield "keeps states, and does not encrypt them with a key that is named by its ARN"
    elif not any(is_true(rule.get("bucket_key_enabled")) for rule in rules):
        yield "keeps states, and asks KMS for each of them: it has no bucket key"


def _is_by_arn(rule: Any) -> bool:
    default = "apply_server_side_encryption_by_default"
    key = dig(rule, default, "kms_master_key_id")
    is_named = is_unknown(key) or (isinstance(key, str) and ":key/" in key)
    return dig(rule, default, "sse_algorithm") in ("aws:kms", "aws:kms:dsse") and is_named


@policy(
    "P803",
    "Nothing expires states or their versions",
    types="aws_s3_bucket",
    reason="A lifecycle rule that reaches states deletes what brings them back, and nobody notices "
    "until it is needed.",
    remedy="filter each rule that expires anything to a prefix without states, such as registry/",
    bad=_expiring(""),
    good=_expiring("registry/"),
)
def states_stay(bucket: Subject) -> Iterator[str]:
    """A rule that ends unfinished uploads expires nothing."""
    if not _is_state_bucket(bucket):
        return
    type_ = "aws_s3_bucket_lifecycle_configuration"
    for one in bucket.stack.attached(bucket, type_, "bucket"):
        for rule in one.blocks("rule"):
            expires = rule.get("expiration") or rule.get("noncurrent_version_expiration")
            if expires and not _prefix(rule).startswith(_NOT_STATES):
                named = repr(_prefix(rule)) if _prefix(rule) else "its root"
                yield f"keeps states, and rule {rule.get('id')} expires what is below {named}"


def _prefix(rule: Any) -> str:
    found: Value = dig(rule, "filter", "prefix") or dig(rule, "filter", "and", "prefix")
    return found if isinstance(found, str) else ""


@policy(
    "P804",
    "The state bucket refuses other accounts",
    types="aws_s3_bucket",
    reason="A policy that is opened by mistake, or a role of another account, would read every "
    "secret of every cell.",
    remedy="deny s3:* where aws:PrincipalAccount, or aws:PrincipalOrgID, is not yours",
    bad=_closed("aws:username"),
    good=_closed("aws:PrincipalAccount"),
)
def own_account(bucket: Subject) -> Iterator[str]:
    """A policy that cannot be read is not held against the bucket."""
    if not _is_state_bucket(bucket):
        return
    policies = [
        one.get("policy") for one in bucket.stack.attached(bucket, "aws_s3_bucket_policy", "bucket")
    ]
    if any(not is_readable(one) for one in policies):
        return
    if not any(_denies_others(one.body) for text in policies for one in statements_in(text)):
        yield "keeps states, and lets other accounts in where a policy does"


def _denies_others(body: Any) -> bool:
    keys = dig(body, "Condition", "StringNotEquals")
    named = {str(key).lower() for key in keys} if isinstance(keys, dict) else set()
    is_all = body.get("Effect") == "Deny" and "s3:*" in listed(body.get("Action"))
    return is_all and bool(named & {"aws:principalaccount", "aws:principalorgid"})


@policy(
    "P805",
    "Tokens of CI are bound to one repository and environment, letter by letter",
    types="aws_iam_role",
    reason="A pattern such as repo:org/* lets every repository in that somebody makes, and a "
    "subject without a condition lets in everybody who has an account there.",
    remedy="compare aud and sub with StringEquals, and write neither * nor ? into them",
    bad=_trusting("StringLike", "repo:example-org/*"),
    good=_trusting("StringEquals", "repo:example-org/cells:environment:apply-canary"),
)
def bound_tokens(role: Subject) -> Iterator[str]:
    """Of every statement that takes tokens."""
    for statement in trust_statements(role):
        if not statement.allows or _OF_TOKENS not in [a.lower() for a in statement.actions]:
            continue
        bound = {
            key.rpartition(":")[2]: listed(value)
            for key, value in statement.condition.items()
            if key.startswith("StringEquals ")
        }
        for claim in ("aud", "sub"):
            values = bound.get(claim, [])
            if not values:
                yield f"{statement.name} does not bind {claim} by StringEquals"
            elif any(isinstance(v, str) and ("*" in v or "?" in v) for v in values):
                yield f"{statement.name} has a pattern in {claim}"


@policy(
    "P806",
    "Roles that others come in by have a boundary",
    types="aws_iam_role",
    reason="What is attached to such a role later, by mistake or by itself, is worth no more than "
    "its boundary lets it.",
    remedy="set permissions_boundary",
    bad=_of_account(),
    good=_of_account(permissions_boundary="arn:aws:iam::222222222222:policy/boundary"),
)
def bounded(role: Subject) -> Iterator[str]:
    """Of those that services of AWS alone take on, nothing is asked."""
    principals = [one.body.get("Principal") for one in trust_statements(role) if one.allows]
    others = [p for p in principals if p == "*" or (isinstance(p, dict) and _OTHERS & p.keys())]
    if others and not role.has("permissions_boundary"):
        yield "has no boundary, and lets in more than services of AWS"


RULES = (state_versions, state_key, states_stay, own_account, bound_tokens, bounded)

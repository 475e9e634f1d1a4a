"""Policies of IAM and of resources, statement by statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from cellfactory.policy.subject import Subject, is_unknown, listed
from cellfactory.tree.values import Value, decode_json

DOCUMENT = "data.aws_iam_policy_document"
"""A policy that is written in blocks, whatever it is for."""

_WORDS = {
    **{"sid": "Sid", "effect": "Effect", "actions": "Action", "not_actions": "NotAction"},
    **{"resources": "Resource", "not_resources": "NotResource"},
}

IDENTITY = (
    DOCUMENT,
    *("aws_iam_policy", "aws_iam_role_policy", "aws_iam_group_policy", "aws_iam_user_policy"),
    "aws_iam_role",
)
"""Types with policies of what somebody may do; a role has them in `inline_policy`."""

RESOURCE = (
    DOCUMENT,
    *("aws_s3_bucket_policy", "aws_sqs_queue_policy", "aws_sns_topic_policy", "aws_kms_key"),
    *("aws_ecr_repository_policy", "aws_secretsmanager_secret_policy", "aws_sqs_queue"),
    *("aws_sns_topic", "aws_kms_key_policy"),
)
"""Types with policies of who may use a resource."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; what it does not say is an empty list."""

    body: Mapping[str, Value]
    number: int

    @property
    def name(self) -> str:
        """How a sentence calls it."""
        sid = self.body.get("Sid")
        return f"statement {sid}" if isinstance(sid, str) and sid else f"statement {self.number}"

    @property
    def allows(self) -> bool:
        """Whether it gives and does not take."""
        return self.body.get("Effect") == "Allow"

    @property
    def actions(self) -> list[str]:
        """What it lets do, as far as that is known."""
        return _words(self.body.get("Action"))

    @property
    def resources(self) -> list[str]:
        """With what."""
        return _words(self.body.get("Resource"))

    @property
    def condition(self) -> Mapping[str, Value]:
        """Every condition key with its operator before it, such as `Bool aws:SecureTransport`."""
        found = self.body.get("Condition")
        if not isinstance(found, dict):
            return {}
        return {
            f"{operator} {key}": value
            for operator, keys in found.items()
            if isinstance(keys, dict)
            for key, value in keys.items()
        }

    @property
    def condition_keys(self) -> frozenset[str]:
        """The keys alone, in small letters, as AWS compares them."""
        return frozenset(key.partition(" ")[2].lower() for key in self.condition)

    def principals(self, kind: str) -> list[str]:
        """Whom it speaks of: `AWS`, `Service` or `Federated`; a bare `*` is all of `AWS`."""
        found = self.body.get("Principal")
        if isinstance(found, dict):
            return _words(found.get(kind))
        return _words(found) if kind == "AWS" else []

    @property
    def is_of_trust(self) -> bool:
        """Whether it lets somebody take a role."""
        return "Principal" in self.body and any("assumerole" in a.lower() for a in self.actions)

    @property
    def is_of_resource(self) -> bool:
        """Whether it lets somebody use a resource."""
        return "Principal" in self.body and not self.is_of_trust

    @property
    def speaks_of_everybody(self) -> bool:
        """Whether its principals are all of AWS."""
        return "*" in self.principals("AWS") or "*" in self.principals("*")


def _words(value: Value) -> list[str]:
    return [word for word in listed(value) if isinstance(word, str)]


def statements_in(policy: Value) -> Iterator[Statement]:
    """Read the statements of a policy that is JSON in a text; none of one that nobody knows."""
    document = decode_json(policy)
    if not isinstance(document, dict):
        return
    for number, body in enumerate(listed(document.get("Statement")), start=1):
        if isinstance(body, dict):
            yield Statement(body, number)


def identity_statements(subject: Subject) -> Iterator[Statement]:
    """Statements of what somebody may do."""
    if subject.type == DOCUMENT:
        yield from (one for one in _written_out(subject) if "Principal" not in one.body)
    elif subject.type == "aws_iam_role":
        for block in subject.blocks("inline_policy"):
            yield from statements_in(block.get("policy"))
    else:
        yield from statements_in(subject.get("policy"))


def resource_statements(subject: Subject) -> Iterator[Statement]:
    """Statements of who may use a resource."""
    if subject.type == DOCUMENT:
        yield from (one for one in _written_out(subject) if one.is_of_resource)
    else:
        yield from statements_in(subject.get("policy"))


def trust_statements(subject: Subject) -> Iterator[Statement]:
    """Statements of who may take a role."""
    if subject.type == DOCUMENT:
        yield from (one for one in _written_out(subject) if one.is_of_trust)
    else:
        yield from statements_in(subject.get("assume_role_policy"))


def _written_out(document: Subject) -> Iterator[Statement]:
    """Read the blocks of a policy document, which Terraform makes JSON of."""
    for number, block in enumerate(document.blocks("statement"), start=1):
        body = {name: block[key] for key, name in _WORDS.items() if block.get(key) is not None}
        body.setdefault("Effect", "Allow")
        for key, name in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
            if block.get(key):
                body[name] = _by(block.get(key), "type", "identifiers")
        if block.get("condition"):
            body["Condition"] = _by(block.get("condition"), "test", "variable", "values")
        yield Statement(body, number)


def _by(blocks: Value, *keys: str) -> dict[str, Value]:
    """Put blocks together under the values of their keys; the last key holds what is kept."""
    made: dict[str, Any] = {}
    for block in listed(blocks):
        if not isinstance(block, dict):
            continue
        *names, last = keys
        inner = made
        for name in names[:-1]:
            inner = inner.setdefault(str(block.get(name)), {})
        inner.setdefault(str(block.get(names[-1])), []).extend(listed(block.get(last)))
    return made


def is_readable(policy: Value) -> bool:
    """Whether the statements of a policy can be read."""
    return not is_unknown(decode_json(policy))


def matches(word: str, patterns: tuple[str, ...]) -> bool:
    """Whether an action is one of some, `*` for any letters; AWS knows no upper and lower case."""
    return any(fnmatchcase(word.lower(), pattern.lower()) for pattern in patterns)

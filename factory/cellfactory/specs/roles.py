"""What `bootstrap` makes: the state bucket, the way in for CI, and roles with their policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Statements = tuple[Mapping[str, Any], ...]
"""Statements of a policy as IAM writes them; Terraform expressions may stand in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSpec:
    """A role that may do what its policies say, and never more than its boundary."""

    name: str
    description: str
    trust: Statements
    policies: Mapping[str, Statements]  # by the name of the managed policy
    session_hours: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RolesSpec:
    """Roles of one account that have one boundary."""

    boundary_name: str
    boundary: Statements
    roles: Mapping[str, RoleSpec]  # by what each is for, such as `plan`
    others: Mapping[str, Statements] = field(default_factory=dict)  # policies of no role here


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSpec:
    """The bucket of all states."""

    name: str
    key_arn: str  # or the expression of it
    policy: Statements
    registry_prefix: str  # of what runs tell each other, whose older versions go
    registry_days: int  # after which they do (days)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySpec:
    """The key that encrypts the states."""

    alias: str
    policy: Statements


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSpec:
    """Who signs the tokens of CI."""

    url: str
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSpec:
    """What the account of the pipeline holds; what somebody else made is None."""

    bucket: BucketSpec | None
    key: KeySpec | None
    provider: ProviderSpec | None
    access: RolesSpec

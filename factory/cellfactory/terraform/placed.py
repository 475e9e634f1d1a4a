"""How the stacks of `bootstrap` are reached: by whose keys, and where each state lies for now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellfactory.credentials import Connect, Session, asking_aws, open_session
from cellfactory.layers import Access, StackId

SESSION = "cellfactory-bootstrap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How somebody gets into an account: by roles, from a profile or from what is at hand."""

    roles: tuple[str, ...] = ()  # ARNs, each assumed from the one before
    profile: str | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What Terraform's provider is told beside the synthesized file."""
        return {
            **({"profile": self.profile} if self.profile else {}),
            **({"assume_role": [_assumed(role) for role in self.roles]} if self.roles else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What Terraform is told of a stack beside its synthesized file, which stays as it is."""

    backend: Mapping[str, Any] | None = None  # in the place of the synthesized one
    provider: Mapping[str, Any] = field(default_factory=dict)  # settings on top

    def merged(self, base: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Put it over what an override says anyway; None where there is nothing to override."""
        made = dict(base or {})
        if self.backend is not None:
            made["terraform"] = {"backend": self.backend}
        if self.provider:
            old = made.get("provider", {}).get("aws", {})
            made["provider"] = {"aws": {**old, **self.provider}}
        return made or None


def in_file(way: Way, file: Path) -> Placed:
    """Keep a state in a file of this machine."""
    return Placed(backend={"local": {"path": str(file)}}, provider=way.settings)


def in_bucket(
    way: Way, to_bucket: Way, settings: Mapping[str, Any], endpoint: str | None
) -> Placed:
    """Keep a state in the bucket.

    Args:
        way: into the account of the stack.
        to_bucket: into the account of the bucket.
        settings: of the synthesized backend `s3`.
        endpoint: URL of the emulated AWS; None for the real one.
    """
    # An override replaces a backend whole, so that all of it stands here again.
    known = {key: value for key, value in settings.items() if value is not None}
    roles = to_bucket.roles
    there = {
        **({"profile": to_bucket.profile} if to_bucket.profile else {}),
        **({"assume_role": _assumed(roles[-1])} if roles else {}),
    }
    emulated = {} if endpoint is None else _emulated(endpoint)
    backend = {"s3": {**known, **there, **emulated}} if there or emulated else None
    return Placed(backend=backend, provider=way.settings)


def _assumed(role: str) -> dict[str, str]:
    return {"role_arn": role, "session_name": SESSION}


def _emulated(endpoint: str) -> dict[str, Any]:
    return {
        "access_key": "sandbox",
        "secret_key": "sandbox",
        "endpoints": {"s3": endpoint, "sts": endpoint, "iam": endpoint},
        "use_path_style": True,
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "skip_requesting_account_id": True,
    }


def enter(way: Way, access: Access, connect: Connect | None) -> Session:
    """Go into the account of a stack.

    Args:
        way: how.
        access: of the stack.
        connect: to the emulated AWS; None for the real one.

    Raises:
        TerraformError: where the way is closed (F622).
    """
    return open_session(
        way.roles,
        name=SESSION,
        region=access.region,
        sts_region=access.sts_region,
        connect=connect or (_by_profile(way.profile) if way.profile else None),
    )


def _by_profile(profile: str) -> Connect:
    def connect(keys: Mapping[str, str]) -> Session:
        import boto3

        named = {name: value for name, value in keys.items() if name != "expires"}
        with asking_aws("F622", f"profile {profile} cannot be used"):
            if named:
                return boto3.Session(**named)  # type: ignore[no-any-return]
            return boto3.Session(profile_name=profile)  # type: ignore[no-any-return]

    return connect


Places = Mapping[StackId, Placed]

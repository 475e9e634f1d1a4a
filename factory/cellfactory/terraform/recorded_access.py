"""The way into the account of a recorded stack, as its own provider goes it."""

from __future__ import annotations

import json
from typing import Any

from cellfactory.layers import Access
from cellfactory.terraform.record import Record
from cellfactory.terraform.sessions import filled
from cellfactory.terraform.workspace import CONFIGURATION


def recorded_access(record: Record) -> Access | None:
    """Read the way into an account from the configuration that a stack was last applied with.

    Returns:
        None where it configures no provider of AWS.
    """
    document: dict[str, Any] = json.loads(record.sources.get(CONFIGURATION, "{}"))
    provider = _first(document.get("provider", {}).get("aws"))
    if not provider:
        return None
    roles = provider.get("assume_role") or ()
    access = Access(
        account=record.account,
        roles=tuple(one["role_arn"] for one in ([roles] if isinstance(roles, dict) else roles)),
        region=record.region,
        sts_region=str(provider.get("sts_region") or record.region),
    )
    return filled(access, record.account)


def _first(given: Any) -> dict[str, Any]:
    """The one configuration of a provider, which Terraform takes as a block or a list of one."""
    found = given[0] if isinstance(given, list) and given else given
    return found if isinstance(found, dict) else {}

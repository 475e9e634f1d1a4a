"""By whose keys `bootstrap` gets into each account: an administrator's, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cellfactory.errors import Finding, TerraformError, UsageError
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import Stack, StackId
from cellfactory.layers.bootstrap import AWS_MADE_ROLE
from cellfactory.naming import role_arn
from cellfactory.terraform.placed import Way

SANDBOX_ROLE = "SandboxVisitor"
"""The role that the sandbox lets everybody take in every account: its administrator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What somebody said of the keys that they hold."""

    via: str | None = None  # role that leads into each account, from what is at hand
    member_via: str | None = AWS_MADE_ROLE  # leads on from a management account into members
    profiles: Mapping[str, str] = field(default_factory=dict)  # by account


def parse_profiles(words: Sequence[str]) -> dict[str, str]:
    """Read which profile is for which account.

    >>> parse_profiles(["111111111111=org-admin"])
    {'111111111111': 'org-admin'}

    Raises:
        UsageError: when a word does not say that.
    """
    found = {}
    for word in words:
        account, _, profile = word.partition("=")
        if not (len(account) == 12 and account.isascii() and account.isdigit() and profile):
            msg = f"--profile {word}: write ACCOUNT=PROFILE, such as 111111111111=org-admin"
            raise UsageError(msg)
        found[account] = profile
    return found


def find_ways(
    inventory: Inventory, stacks: Sequence[Stack], keys: Keys, here: str
) -> dict[StackId, Way]:
    """Say how each stack's account is reached.

    Args:
        inventory: whose stacks they are.
        stacks: those of `bootstrap`.
        keys: what somebody said.
        here: account of the credentials at hand.

    Raises:
        TerraformError: with every account that there is no way into (F719).
    """
    found = {stack.id: _way(inventory, stack, keys, here) for stack in stacks}
    closed = [stack for stack in stacks if found[stack.id] is None]
    if closed:
        accounts = dict.fromkeys(stack.access.account for stack in closed)
        raise TerraformError.of([_closed(account, here) for account in accounts])
    return {stack: way for stack, way in found.items() if way is not None}


def _way(inventory: Inventory, stack: Stack, keys: Keys, here: str) -> Way | None:
    account = stack.access.account
    way = _direct(account, keys, here)
    role = keys.member_via
    management = _management_of(inventory, stack.id)
    if management is None or role is None or (way is not None and not way.roles):
        return way
    first = _direct(management, keys, here)
    if first is None:
        return None
    return Way(
        roles=(*first.roles, role_arn(account, role)),
        profile=first.profile,
    )


def _management_of(inventory: Inventory, stack: StackId) -> str | None:
    """The management account that leads into the account of a member; None for what is none."""
    if stack.cell is not None:
        return inventory.organization_of(stack.cell).management_account
    gateway = inventory.meshes[stack.owner].gateway if stack.kind == "mesh" else None
    return inventory.organizations[gateway.organization].management_account if gateway else None


def _direct(account: str, keys: Keys, here: str) -> Way | None:
    if account in keys.profiles:
        return Way(profile=keys.profiles[account])
    if account == here:
        return Way()
    return None if keys.via is None else Way(roles=(role_arn(account, keys.via),))


def _closed(account: str, here: str) -> Finding:
    return Finding(
        rule="F719",
        message=f"nothing leads into account {account}: the credentials at hand are of {here}",
        hint=f"--profile {account}=NAME of ~/.aws/config, or --via ROLE, a role that is in every "
        "account and that these credentials may take; an administrator's, once",
    )


__all__ = ["SANDBOX_ROLE", "Keys", "find_ways", "parse_profiles"]

"""What becomes of the account of a cell that left: it stays, moves into quarantine, or is closed.

The account that pays is asked, and what it says of an account decides what is still to do: an
account that is in the quarantine unit, or closed, is left as it is.

Source:
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_MoveAccount.html
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CloseAccount.html
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_close.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cellfactory.credentials import Session, asking_aws
from cellfactory.words import counted

AccountFate = Literal["keep", "quarantine", "close"]
"""What becomes of an account: nothing, MoveAccount, or CloseAccount."""

GONE = ("SUSPENDED", "PENDING_CLOSURE")
"""How Organizations calls an account that is closed, or on its way there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How many accounts AWS closes for an organization, and how long one can be had back."""

    fewest: int  # accounts that may be closed in the window, however small the organization
    most: int
    share: float  # of the members
    window_days: int
    back_days: int  # in which AWS Support reopens a closed one


def quarantine(session: Session, region: str, account: str, unit: str) -> str:
    """Move an account into an organizational unit; one that is there stays.

    Returns:
        What was done, as a sentence without its subject.

    Raises:
        TerraformError: F646, when Organizations refuses.
    """
    with asking_aws("F646", f"account {account} cannot be moved into {unit}"):
        client = session.client("organizations", region_name=region)
        (parent,) = client.list_parents(ChildId=account)["Parents"]
        if parent["Id"] == unit:
            return f"is in {unit} already"
        client.move_account(
            AccountId=account, SourceParentId=parent["Id"], DestinationParentId=unit
        )
        return f"moved from {parent['Id']} to {unit}"


def close(session: Session, region: str, account: str, closing: Closing) -> str:
    """Close an account; one that is closed, or being closed, stays so.

    Returns:
        What was done, as a sentence without its subject.

    Raises:
        TerraformError: F646, when Organizations refuses, as beyond its quota.
    """
    hint = (
        f"AWS closes {closing.share:.0%} of the members, {closing.fewest} to {closing.most:,}, in "
        f"any {closing.window_days} days; until then: --account quarantine"
    )
    with asking_aws("F646", f"account {account} cannot be closed", hint):
        client = session.client("organizations", region_name=region)
        status = client.describe_account(AccountId=account)["Account"]["Status"]
        if status in GONE:
            return f"is closed already ({status})"
        client.close_account(AccountId=account)
        return f"is being closed; AWS Support reopens it for {counted(closing.back_days, 'day')}"

"""The account of a cell: one that exists, or one that the factory makes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from cellfactory.inventory import patterns
from cellfactory.inventory.values import AccountId, Model


class NewAccount(Model):
    """An account that the factory creates."""

    email: str = Field(
        pattern=patterns.EMAIL, min_length=6, max_length=64, description="Root user's e-mail."
    )
    ou: str = Field(
        pattern=patterns.UNIT,
        description="Organizational unit, or root, that it is placed in.",
    )


class ExistingAccount(Model):
    """An account that exists already and is adopted by its id."""

    id: AccountId = Field(description="Account id.")


def _kind_of_account(value: Any) -> str | None:
    if isinstance(value, ExistingAccount) or (isinstance(value, dict) and "id" in value):
        return EXISTING_ACCOUNT
    return NEW_ACCOUNT if isinstance(value, NewAccount | dict) else None


EXISTING_ACCOUNT, NEW_ACCOUNT = "existing-account", "new-account"
Account = Annotated[
    Annotated[NewAccount, Tag(NEW_ACCOUNT)] | Annotated[ExistingAccount, Tag(EXISTING_ACCOUNT)],
    Discriminator(_kind_of_account),
]

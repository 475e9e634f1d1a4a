"""The AWS account of a cell."""

from __future__ import annotations

from factory.constructs.cdk import (
    AccountRegion,
    AccountRegionTimeouts,
    OrganizationsAccount,
    TerraformStack,
)
from factory.inventory.schema import NewAccount

_SEVERAL_HOURS = "6h"


def add_account(
    stack: TerraformStack,
    cell: str,
    declared: NewAccount,
    *,
    member_role: str,
    opt_in_region: str | None,
) -> str:
    """Create the account in its organization; never close it, whatever happens to the cell.

    Args:
        stack: one that works in the management account.
        cell: name of the cell, and of its account.
        declared: what the inventory says of it.
        member_role: role in the new account that the provisioning role may assume.
        opt_in_region: the cell's Region where a new account has to enable it first. It takes
            minutes, and may take hours; the Region stays enabled when the state goes.

    Returns:
        The expression of the new account's id, known once the account can work in its Region.

    Source:
        https://docs.aws.amazon.com/accounts/latest/reference/API_EnableRegion.html
    """
    account = OrganizationsAccount(
        stack,
        "cell",
        name=cell,
        email=declared.email,
        parent_id=declared.ou,
        role_name=member_role,
        close_on_deletion=False,
    )
    if opt_in_region is None:
        return account.id
    region = AccountRegion(
        stack,
        "region",
        account_id=account.id,
        region_name=opt_in_region,
        enabled=True,
        timeouts=AccountRegionTimeouts(create=_SEVERAL_HOURS, update=_SEVERAL_HOURS),
    )
    return region.account_id

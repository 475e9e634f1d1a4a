"""The AWS account of a cell."""

from __future__ import annotations

from cellfactory.constructs.cdk import (
    AccountRegion,
    AccountRegionTimeouts,
    OrganizationsAccount,
    TerraformStack,
)
from cellfactory.constructs.guards import kept
from cellfactory.naming import account_name
from cellfactory.specs.layers import AccountSpec

_SEVERAL_HOURS = "6h"


def add_account(stack: TerraformStack, spec: AccountSpec) -> str:
    """Create the account in its organization; never close it, whatever happens to the cell.

    Where the cell's Region has to be enabled first, that takes minutes, and may take hours; the
    Region stays enabled when the state goes.

    Returns:
        The expression of the new account's id, known once the account can work in its Region.

    Source:
        https://docs.aws.amazon.com/accounts/latest/reference/API_EnableRegion.html
    """
    account = OrganizationsAccount(
        stack,
        "cell",
        name=account_name(spec.cell),
        email=spec.email,
        parent_id=spec.unit,
        role_name=spec.member_role,
        close_on_deletion=False,
        lifecycle=kept(ignore=["role_name", "iam_user_access_to_billing"]),
    )
    if spec.opt_in_region is None:
        return account.id
    region = AccountRegion(
        stack,
        "region",
        account_id=account.id,
        region_name=spec.opt_in_region,
        enabled=True,
        timeouts=AccountRegionTimeouts(create=_SEVERAL_HOURS, update=_SEVERAL_HOURS),
    )
    return region.account_id

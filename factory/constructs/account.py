"""The AWS account of a cell."""

from __future__ import annotations

from factory.constructs.cdk import OrganizationsAccount, TerraformStack


def add_account(
    stack: TerraformStack, cell: str, *, email: str, parent_id: str, member_role: str
) -> str:
    """Create the account in its organization; never close it, whatever happens to the cell.

    Returns:
        The expression of the new account's id.
    """
    account = OrganizationsAccount(
        stack,
        "cell",
        name=cell,
        email=email,
        parent_id=parent_id,
        role_name=member_role,
        close_on_deletion=False,
    )
    return account.id

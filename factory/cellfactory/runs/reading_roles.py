"""Which stacks can be looked at by roles that may only read, and which cannot."""

from __future__ import annotations

from cellfactory.inventory.schema import ExistingAccount, Inventory
from cellfactory.layers import StackId
from cellfactory.layers.bootstrap import has_own_role

NO_ROLE = "its account has no role that only reads: bootstrap makes it in accounts that exist"
NO_CLUSTER = "its cluster admits the member role alone"


def cannot_read(inventory: Inventory, stack: StackId) -> str:
    """Say why nobody can look at a stack by roles that only read; empty where it can be.

    Args:
        inventory: whose stack it is, or was.
        stack: the stack.
    """
    if stack.row.needs_kubernetes:
        return NO_CLUSTER
    if stack.kind == "mesh":
        return _of_gateway(inventory, stack.owner)
    if stack.cell is None or stack.row.makes_account:
        return ""
    cell = inventory.cells.get(stack.cell)
    if cell is not None and has_own_role(inventory.organization_of(stack.cell)):
        return "" if isinstance(cell.account, ExistingAccount) else NO_ROLE
    return NO_ROLE


def _of_gateway(inventory: Inventory, mesh: str) -> str:
    declared = inventory.meshes.get(mesh)
    if declared is None or declared.gateway is None:
        return NO_ROLE
    organization = inventory.organizations[declared.gateway.organization]
    by_itself = declared.gateway.account == organization.management_account
    return "" if by_itself or has_own_role(organization) else NO_ROLE

"""The layer `account`: the account of a cell, where it is made."""

from __future__ import annotations

from cellfactory.constructs.account import add_account
from cellfactory.constructs.cdk import TerraformStack
from cellfactory.specs.layers import AccountSpec
from cellfactory.stacks.frame import Outputs


def build(terraform: TerraformStack, spec: AccountSpec) -> Outputs:
    """Add the account."""
    return {"account_id": add_account(terraform, spec)}

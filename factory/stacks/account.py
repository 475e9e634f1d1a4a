"""The layer `account`: the account of a cell, where it is made."""

from __future__ import annotations

from factory.constructs.account import add_account
from factory.constructs.cdk import TerraformStack
from factory.specs.layers import AccountSpec
from factory.stacks.frame import Outputs


def build(terraform: TerraformStack, spec: AccountSpec) -> Outputs:
    """Add the account."""
    return {"account_id": add_account(terraform, spec)}

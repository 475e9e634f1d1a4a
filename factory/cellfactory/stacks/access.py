"""The layers `bootstrap` and `member`: roles that the pipeline comes to work by."""

from __future__ import annotations

from cellfactory.constructs.access import add_roles
from cellfactory.constructs.cdk import TerraformStack
from cellfactory.specs.roles import RolesSpec
from cellfactory.stacks.frame import Outputs


def build(terraform: TerraformStack, spec: RolesSpec) -> Outputs:
    """Add the roles with their policies and their boundary."""
    add_roles(terraform, spec)
    return {}

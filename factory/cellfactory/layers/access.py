"""The one way to credentials: which account a stack works in, and the roles that lead there."""

from __future__ import annotations

from dataclasses import replace

from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import ExistingAccount, HubRole, Inventory, Organization
from cellfactory.layers.stack import Access
from cellfactory.naming import (
    PLAN,
    apply_environment,
    pipeline_role_name,
    reading_role_name,
    role_arn,
)

ACCOUNT_VARIABLE = "account_id"
"""The variable that holds the id of an account which is made by its own stack."""


def account_id(inventory: Inventory, cell: str) -> str:
    """The account of a cell: its id where it was given, the variable's expression where not."""
    account = inventory.cells[cell].account
    return account.id if isinstance(account, ExistingAccount) else f"${{var.{ACCOUNT_VARIABLE}}}"


def is_new_account(inventory: Inventory, cell: str) -> bool:
    """Whether a stack of the cell makes its account."""
    return not isinstance(inventory.cells[cell].account, ExistingAccount)


def account_of(inventory: Inventory, cell: str, made: str) -> str:
    """The account of another cell, as a stack has it that takes the ids of made ones by name.

    Args:
        made: name of the variable that holds them.
    """
    if is_new_account(inventory, cell):
        return f'${{var.{made}["{cell}"]}}'
    return account_id(inventory, cell)


def deployer_role(inventory: Inventory, cell: str) -> str:
    """The role that works in the account of a cell, as an ARN."""
    return role_arn(account_id(inventory, cell), inventory.organization_of(cell).member_role)


def member_access(inventory: Inventory, facts: Facts, cell: str) -> Access:
    """Work in the account of a cell: through its organization's provisioning role, as a member."""
    region = inventory.region_of(cell)
    organization = inventory.organization_of(cell)
    return Access(
        account=account_id(inventory, cell),
        roles=(_provisioning_role(organization), deployer_role(inventory, cell)),
        region=region,
        sts_region=facts.role_region(region),
    )


def management_access(inventory: Inventory, facts: Facts, cell: str) -> Access:
    """Work in the management account of a cell's organization, from a Region that it has."""
    organization = inventory.organization_of(cell)
    region = facts.role_region(inventory.region_of(cell))
    return Access(
        account=organization.management_account,
        roles=(_provisioning_role(organization),),
        region=region,
        sts_region=region,
    )


def network_access(inventory: Inventory, facts: Facts, mesh: str) -> Access:
    """Work in the network account of a mesh that has a gateway, as a member of its organization.

    A management account is worked in by the provisioning role itself.
    """
    declared = inventory.meshes[mesh]
    assert declared.gateway is not None  # F760 has said so
    account, region = declared.gateway.account, declared.region
    organization = inventory.organizations[declared.gateway.organization]
    roles = [_provisioning_role(organization)]
    if account != organization.management_account:
        roles.append(role_arn(account, organization.member_role))
    return Access(
        account=account, roles=tuple(roles), region=region, sts_region=facts.role_region(region)
    )


def hub_access(inventory: Inventory, facts: Facts, name: str, role: HubRole) -> Access:
    """Work in the account of a hub by a role of it, straight or by way of an organization."""
    hub = inventory.hubs[name]
    via = () if role.via is None else (_provisioning_role(inventory.organizations[role.via]),)
    return Access(
        account=hub.account,
        roles=(*via, role.role),
        region=hub.region,
        sts_region=facts.role_region(hub.region),
    )


def _provisioning_role(organization: Organization) -> str:
    return role_arn(organization.management_account, organization.provisioning_role)


def reading(access: Access) -> Access:
    """Work by the roles beside those of an access that may look and change nothing."""
    return replace(access, roles=tuple(map(reading_role_name, access.roles)))


def ring_roles(inventory: Inventory) -> dict[str, str]:
    """The ARN of the role that applies each ring, by the ring's name, in order of rollout.

    Args:
        inventory: one that names a pipeline.
    """
    pipeline = inventory.pipeline
    if pipeline is None:
        return {}
    names = {ring: pipeline_role_name(apply_environment(ring)) for ring in inventory.ring_names}
    return {ring: role_arn(pipeline.account, name) for ring, name in names.items()}


def plan_role(account: str) -> str:
    """The ARN of the role that plans, in the account of the pipeline."""
    return role_arn(account, pipeline_role_name(PLAN))

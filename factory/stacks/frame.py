"""What every stack has, whatever it holds: state, versions, provider, variables, outputs."""

from __future__ import annotations

from collections.abc import Mapping

from factory.constructs.cdk import (
    App,
    AwsProvider,
    AwsProviderAssumeRole,
    AwsProviderDefaultTags,
    S3State,
    TerraformOutput,
    TerraformStack,
    TerraformVariable,
    new_stack,
)
from factory.inventory.schema import ExistingAccount, Inventory, Organization
from factory.layers import Stack
from factory.naming import stack_tags, state_key


def open_stack(app: App, inventory: Inventory, stack: Stack) -> TerraformStack:
    """Begin a stack: its state in the shared bucket, and its typed variables without defaults."""
    state = S3State(
        bucket=inventory.state.bucket,
        key=state_key(stack.id.cell, stack.id.layer),
        region=inventory.state.region,
        kms_key=inventory.state.kms_key,
    )
    provider = "helm" if stack.id.layer == "platform" else "aws"
    terraform = new_stack(app, stack.id.name, state=state, providers=[provider])
    for name, given in stack.inputs.items():
        TerraformVariable(terraform, name, type=given.type, nullable=False)
    return terraform


def close_stack(terraform: TerraformStack, stack: Stack, outputs: Mapping[str, object]) -> None:
    """Hand on what the layer promised; a promise that is not kept is our own bug."""
    if set(outputs) != set(stack.outputs):
        msg = f"{stack.id} hands on {sorted(outputs)}, but promised {sorted(stack.outputs)}"
        raise AssertionError(msg)
    for name, value in outputs.items():
        TerraformOutput(terraform, name, value=value)


def account_id(inventory: Inventory, cell: str) -> str:
    """The cell's account: its id where it was given, the variable's expression where not."""
    account = inventory.cells[cell].account
    return account.id if isinstance(account, ExistingAccount) else "${var.account_id}"


def add_member_provider(
    terraform: TerraformStack, inventory: Inventory, stack: Stack, *, sts_region: str
) -> None:
    """Work in the cell's account: through the organization's provisioning role, as its member.

    There is one provider configuration in a stack, so that no resource can land elsewhere.

    Args:
        terraform: the stack's resources.
        inventory: the whole of it.
        stack: what the layer is.
        sts_region: Region at whose STS endpoint the roles are assumed.
    """
    organization = inventory.organization_of(stack.id.cell)
    account = account_id(inventory, stack.id.cell)
    member = _role(account, organization.member_role)
    _add_aws_provider(
        terraform,
        stack,
        account=account,
        roles=[_provisioning_role(organization), member],
        region=stack.region,
        sts_region=sts_region,
    )


def add_management_provider(
    terraform: TerraformStack, inventory: Inventory, stack: Stack, *, region: str
) -> None:
    """Work in the management account of the cell's organization, from a Region that it has."""
    organization = inventory.organization_of(stack.id.cell)
    _add_aws_provider(
        terraform,
        stack,
        account=organization.management_account,
        roles=[_provisioning_role(organization)],
        region=region,
        sts_region=region,
    )


def _add_aws_provider(
    terraform: TerraformStack,
    stack: Stack,
    *,
    account: str,
    roles: list[str],
    region: str,
    sts_region: str,
) -> None:
    AwsProvider(
        terraform,
        "aws",
        region=region,
        sts_region=None if sts_region == region else sts_region,
        allowed_account_ids=[account],
        assume_role=[
            AwsProviderAssumeRole(role_arn=role, session_name="cellfactory") for role in roles
        ],
        default_tags=[AwsProviderDefaultTags(tags=stack_tags(stack.id.cell, stack.id.layer))],
    )


def _provisioning_role(organization: Organization) -> str:
    return _role(organization.management_account, organization.provisioning_role)


def _role(account: str, name: str) -> str:
    return f"arn:aws:iam::{account}:role/{name}"

"""What every stack has, whatever it holds: state, versions, provider, variables, outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from factory.constructs.cdk import (
    App,
    AwsProvider,
    AwsProviderAssumeRole,
    AwsProviderDefaultTags,
    TerraformOutput,
    TerraformStack,
    TerraformVariable,
)
from factory.constructs.stack import S3State, new_stack
from factory.inventory.schema import State
from factory.layers import Access, Provider, Stack, VariableType
from factory.naming import stack_tags, state_key

Outputs = Mapping[str, object]
"""What a stack hands on: value or Terraform expression by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The part of a stack's spec that all layers share."""

    name: str
    state: S3State
    provider: Provider
    access: Access
    tags: Mapping[str, str]  # of every resource
    variables: Mapping[str, VariableType]
    outputs: frozenset[str]


def describe_frame(state: State, stack: Stack) -> Frame:
    """Collect what a stack has by its owner, its layer and what it takes and hands on."""
    owner = (stack.id.kind, stack.id.owner, stack.id.layer)
    return Frame(
        name=stack.id.name,
        state=S3State(
            bucket=state.bucket,
            key=state_key(*owner),
            region=state.region,
            kms_key=state.kms_key,
        ),
        provider=stack.id.row.provider,
        access=stack.access,
        tags=stack_tags(*owner),
        variables={name: given.type for name, given in stack.inputs.items()},
        outputs=frozenset(stack.outputs),
    )


def open_stack(app: App, frame: Frame) -> TerraformStack:
    """Begin a stack: its state, its typed variables without defaults, its one AWS provider.

    There is one provider configuration in a stack, so that no resource can land elsewhere.
    """
    terraform = new_stack(app, frame.name, state=frame.state, providers=[frame.provider])
    for name, kind in frame.variables.items():
        TerraformVariable(terraform, name, type=kind, nullable=False)
    if frame.provider == "aws":
        _add_aws_provider(terraform, frame)
    return terraform


def close_stack(terraform: TerraformStack, frame: Frame, outputs: Outputs) -> None:
    """Hand on what the layer promised; a promise that is not kept is our own bug."""
    if set(outputs) != frame.outputs:
        msg = f"{frame.name} hands on {sorted(outputs)}, but promised {sorted(frame.outputs)}"
        raise AssertionError(msg)
    for name, value in outputs.items():
        TerraformOutput(terraform, name, value=value)


def _add_aws_provider(terraform: TerraformStack, frame: Frame) -> None:
    access = frame.access
    AwsProvider(
        terraform,
        "aws",
        region=access.region,
        sts_region=None if access.sts_region == access.region else access.sts_region,
        allowed_account_ids=[access.account],
        assume_role=[
            AwsProviderAssumeRole(role_arn=role, session_name=frame.name) for role in access.roles
        ],
        default_tags=[AwsProviderDefaultTags(tags=dict(frame.tags))],
    )

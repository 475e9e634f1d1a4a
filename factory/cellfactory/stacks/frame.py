"""What every stack has, whatever it holds: state, versions, provider, variables, outputs."""

from __future__ import annotations

from collections.abc import Mapping

from cellfactory.constructs.cdk import (
    App,
    AwsProvider,
    AwsProviderAssumeRole,
    AwsProviderDefaultTags,
    TerraformOutput,
    TerraformStack,
    TerraformVariable,
)
from cellfactory.constructs.stack import new_stack
from cellfactory.specs.frame import Frame

Outputs = Mapping[str, object]
"""What a stack hands on: value or Terraform expression by name."""


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
        ]
        or None,
        default_tags=[AwsProviderDefaultTags(tags=dict(frame.tags))],
    )

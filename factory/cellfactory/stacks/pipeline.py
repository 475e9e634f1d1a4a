"""The layer `pipeline`: the state bucket, its key, the way in for CI and the roles behind it."""

from __future__ import annotations

from cellfactory.constructs.access import add_provider, add_roles
from cellfactory.constructs.cdk import TerraformStack
from cellfactory.constructs.state import add_state_bucket, add_state_key
from cellfactory.layers.bootstrap import KEY_OUTPUT
from cellfactory.specs.roles import PipelineSpec
from cellfactory.stacks.frame import Outputs


def build(terraform: TerraformStack, spec: PipelineSpec) -> Outputs:
    """Add all of it."""
    key = None if spec.key is None else add_state_key(terraform, spec.key)
    if spec.bucket is not None:
        add_state_bucket(terraform, spec.bucket)
    if spec.provider is not None:
        add_provider(terraform, spec.provider)
    add_roles(terraform, spec.access)
    return {KEY_OUTPUT: key.arn} if key is not None else {}

"""What every stack has, whatever it holds: state, versions, provider, variables, outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cellfactory.inventory.schema import State
from cellfactory.layers import Access, Provider, Stack, VariableType
from cellfactory.layers.leaf import Leaf
from cellfactory.naming import bootstrap_state_key, stack_tags, state_key


@dataclass(frozen=True, slots=True, kw_only=True)
class S3State:
    """State in a bucket, locked by a file beside it and encrypted with our key."""

    bucket: str
    key: Leaf  # such as "moka-use1-a/network.tfstate"
    region: str
    kms_key: str | None = None  # ARN or alias; the bucket's own encryption when unset


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The part of a stack's spec that all layers share."""

    name: Leaf
    state: S3State
    provider: Provider
    access: Access
    tags: Mapping[str, Leaf]  # of every resource
    variables: Mapping[str, VariableType]
    outputs: frozenset[str]


def describe_frame(state: State, stack: Stack) -> Frame:
    """Collect what a stack has by its owner, its layer and what it takes and hands on."""
    owner = (stack.id.kind, stack.id.owner, stack.id.layer)
    key = bootstrap_state_key if stack.id.row.by_bootstrap else state_key
    return Frame(
        name=stack.id.name,
        state=S3State(
            bucket=state.bucket,
            key=key(*owner),
            region=state.region,
            kms_key=state.kms_key,
        ),
        provider=stack.id.row.provider,
        access=stack.access,
        tags=stack_tags(*owner),
        variables={name: given.type for name, given in stack.inputs.items()},
        outputs=frozenset(stack.outputs),
    )

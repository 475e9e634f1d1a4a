"""Small stacks that tests of the tree follow references through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from cellfactory.layers import LAYERS, Access, Input, Source, Stack, StackId

HERE = Access(account="444444444444", roles=(), region="us-east-1", sts_region="us-east-1")


def stack_id(owner: str) -> StackId:
    """A stack of an owner; which layer it is does not matter here."""
    return StackId(owner, LAYERS[-1])


def name(owner: str) -> str:
    """The name of that stack."""
    return stack_id(owner).name


def source(owner: str, output: str, key: str | None = None) -> Source:
    return Source(stack=stack_id(owner), output=output, key=key)


def stack(owner: str, **inputs: Source | Mapping[str, Source]) -> Stack:
    """A stack and where its variables come from."""
    made = {
        variable: Input(
            type="string" if isinstance(given, Source) else "map(string)", sources=given
        )
        for variable, given in inputs.items()
    }
    return Stack(id=stack_id(owner), access=HERE, inputs=made)


def document(
    outputs: Mapping[str, Any] | None = None,
    locals_: Mapping[str, Any] | None = None,
    **resources: Any,
) -> dict[str, Any]:
    """A document; each resource is called `kind__name`."""
    made: dict[str, Any] = {}
    for label, body in resources.items():
        kind, _, called = label.partition("__")
        made.setdefault(kind, {})[called] = body
    return cast(
        "dict[str, Any]",
        {
            "output": {key: {"value": value} for key, value in (outputs or {}).items()},
            "locals": locals_ or {},
            "resource": made,
        },
    )

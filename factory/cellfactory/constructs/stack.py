"""How every stack begins and ends: state, versions, `for_each`, synthesis.

A stack's resources are its direct children, so that a construct's id is its Terraform name: a
child of a child would get a hash of its path.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellfactory.constructs._document import normalise
from cellfactory.constructs.cdk import (
    App,
    LocalBackend,
    S3Backend,
    TerraformElement,
    TerraformStack,
)
from cellfactory.constructs.synthesized import Synthesized
from cellfactory.errors import Finding, SynthError
from cellfactory.layers import Provider
from cellfactory.layers.providers import PROVIDERS
from cellfactory.specs.frame import S3State

_LONGEST_REASON = 500  # characters; some of the bindings' errors print a whole tree


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalState:
    """State in a file; a relative path starts where Terraform runs."""

    path: str = "terraform.tfstate"


def new_stack(
    app: App,
    name: str,
    *,
    state: S3State | LocalState,
    providers: Sequence[Provider] = ("aws",),
) -> TerraformStack:
    """Begin a stack that keeps its state where `state` says.

    There is no default: without a backend the bindings write the working directory of the
    synthesis into the document.

    Args:
        app: the app of `synth_app`.
        name: the stack's name and output folder, such as "moka-use1-a-network".
        state: where Terraform keeps the stack's state.
        providers: local names out of PROVIDERS, one for each provider the stack configures.
    """
    stack = TerraformStack(app, name)
    if isinstance(state, S3State):
        S3Backend(
            stack,
            bucket=state.bucket,
            key=state.key,
            region=state.region,
            kms_key_id=state.kms_key,
            encrypt=True,
        )
        stack.add_override("terraform.backend.s3.use_lockfile", True)  # newer than the bindings
    else:
        LocalBackend(stack, path=state.path)
    for provider in providers:
        stack.add_override(f"terraform.required_providers.{provider}", PROVIDERS[provider])
    return stack


def for_each(element: TerraformElement, expression: str) -> None:
    """Make one instance of `element` for each row of a map, such as `"${local.edges}"`."""
    element.add_override("for_each", expression)


def synth_app(build: Callable[[App], None]) -> Synthesized:
    """Let `build` add its stacks to an app and return the Terraform they make.

    Nothing is written but a temporary folder, which is gone afterwards.

    Raises:
        SynthError: F401 for a handle in the output, F402 when the bindings refuse the stacks.
    """
    with tempfile.TemporaryDirectory(prefix="cellfactory-") as folder:
        try:
            app = App(outdir=folder, stack_traces=False)
            build(app)
            app.synth()
        except RuntimeError as error:
            msg = f"the stacks cannot be synthesized: {str(error)[:_LONGEST_REASON]}"
            raise SynthError(Finding(rule="F402", message=msg)) from error
        paths = sorted(Path(folder, "stacks").glob("*/cdk.tf.json"))
        stacks = {path.parent.name: normalise(path.read_text("utf-8")) for path in paths}
        manifest = normalise(Path(folder, "manifest.json").read_text("utf-8"))
    return Synthesized(stacks=stacks, manifest=manifest)

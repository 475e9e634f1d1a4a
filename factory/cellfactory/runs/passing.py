"""`terraform`: Terraform itself for one stack, with what that was last applied with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cellfactory.errors import UsageError
from cellfactory.layers import LAYERS, ROWS, StackId, list_stacks
from cellfactory.processes import forwarding_signals
from cellfactory.runs.context import open_context
from cellfactory.runs.meeting import joined, pace_of, run_id
from cellfactory.runs.reading import read_design, read_state
from cellfactory.runs.request import Request
from cellfactory.runs.watcher import Watcher
from cellfactory.terraform.passing import Passed, check_words, pass_through, writes
from cellfactory.terraform.record import resolve_inputs
from cellfactory.terraform.results import Result
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.selection import select_stacks
from cellfactory.terraform.workspace import read_sources


def run_terraform_itself(
    inventory_file: Path, request: Request, words: Sequence[str], watcher: Watcher
) -> int | Result:
    """Run Terraform for one stack with our own standard streams.

    The registry's record says with which configuration and inputs; for a stack that was never
    applied it is what `synth` wrote, and the inputs that exist.

    Args:
        inventory_file: of which `state` is read, and all else only where nothing is recorded.
        request: names one owner and one layer.
        words: what Terraform is asked, after its own name.
        watcher: is told when the sandbox began anew.

    Returns:
        Terraform's exit code, or what became of an init that failed.

    Raises:
        UsageError: when it names no stack, or the words are not passed through.
        TerraformError: when Terraform, the registry or the emulator cannot be had, or another
            process works on the stack.
        InventoryError: where an inventory is needed and not sound.
    """
    stack = _named(request)
    check_words(stack, words)
    context = open_context(read_state(inventory_file), request, watcher)
    record = context.registry.read(stack)
    if record is None:
        passed = _synthesized(inventory_file, request, stack, context)
    else:
        passed = Passed(stack=stack, sources=record.sources, inputs=record.inputs)
    if not writes(words):
        with forwarding_signals(context.children):
            return pass_through(context, passed, words)
    return _write(context, passed, words, request, watcher)


def _write(
    context: RunContext, passed: Passed, words: Sequence[str], request: Request, watcher: Watcher
) -> int | Result:
    """Run what changes a state while no other run works on the stack."""
    journal = context.target.runs_folder / f"{run_id()}.terraform"
    said, stack = f"terraform {' '.join(words[:2])}", passed.stack
    with joined(context, journal, said, pace_of(request.patience_seconds)) as met:
        assert met.context.meeting is not None
        with (
            forwarding_signals(context.children),
            met.context.meeting.hold(
                stack,
                (),
                lambda why: watcher.waiting(stack, why),
                lambda: context.children.stopping,
            ),
        ):
            return pass_through(met.context, passed, words)


def _named(request: Request) -> StackId:
    """Make the stack that a request names.

    Raises:
        UsageError: when no owner of that kind has that layer.
    """
    chosen = request.selection
    (kind, owner), *_ = ((k, n) for k, names in chosen.owners.items() for n in names)
    for layer in LAYERS:
        if layer in chosen.layers and ROWS[layer].owner == kind:
            return StackId(owner, layer)
    known = ", ".join(layer for layer in LAYERS if ROWS[layer].owner == kind)
    msg = f"a {kind} has no layer {chosen.layers[0]!r}\n    known: {known}"
    raise UsageError(msg)


def _synthesized(
    inventory_file: Path, request: Request, stack: StackId, context: RunContext
) -> Passed:
    design = read_design(inventory_file)
    stacks = {known.id: known for known in list_stacks(design.inventory, design.facts)}
    select_stacks(stacks, request.selection)
    if stack not in stacks:
        msg = f"there is no {stack} here: it is neither in the registry nor in the inventory"
        raise UsageError(msg)
    found = {producer: context.registry.read(producer) for producer in stacks[stack].waits_for}
    resolved = resolve_inputs(stacks[stack], {i: r for i, r in found.items() if r is not None})
    return Passed(
        stack=stack,
        sources=read_sources(request.output, stack),
        inputs=resolved if isinstance(resolved, dict) else None,
    )
